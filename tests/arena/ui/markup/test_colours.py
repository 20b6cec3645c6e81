"""Code in colours: which words stand out, and that reading takes time in proportion to the code."""

import html
import random
import re
import time

import pytest

from arena.ui.markup.colours import coloured
from arena.ui.markup.languages import KNOWN
from arena.ui.untrusted import escaped

_UNITS = (
    *(
        '"',
        "'",
        "`",
        "\\",
        "(",
        "{",
        "[",
        "<",
        "</",
        "<a ",
        "/*",
        "//",
        "#",
        "--",
        "{-",
        "--[[",
        "<#",
        "'''",
        '"""',
        "$",
    ),
    *(
        "${",
        "$(",
        "a",
        "a.",
        "a(",
        "a=",
        "a-",
        "a: ",
        "A",
        "A-A",
        "1",
        "1.",
        "0x",
        "@",
        ":",
        "\n",
        " ",
        "\t",
        "<!--",
        "\\'",
    ),
    *("-", "+", "@@", "[a", "f'", "a<b,", "ㄱ", "😀", "\n\n#", "!", "a!", '="', "='"),
)


@pytest.mark.parametrize(
    ("label", "code", "html"),
    [
        (
            "py",
            "return 1  # one",
            '<span class="k">return</span> <span class="n">1</span>  <span class="c"># one</span>',
        ),
        ("python", "f'a' + g(x)", '<span class="s">f&#x27;a&#x27;</span> + <span class="f">g</span>(x)'),
        ("TypeScript", "const a = `b`", '<span class="k">const</span> a = <span class="s">`b`</span>'),
        ("sql", "select 'it''s'", '<span class="k">select</span> <span class="s">&#x27;it&#x27;&#x27;s&#x27;</span>'),
        (
            "bash",
            'echo "$A" # b',
            '<span class="k">echo</span> <span class="s">&quot;$A&quot;</span> <span class="c"># b</span>',
        ),
        ("json", '{"a": true}', '{<span class="f">&quot;a&quot;</span>: <span class="n">true</span>}'),
        (
            "html",
            '<a b="c">',
            '<span class="k">&lt;a</span> <span class="f">b</span>=<span class="s">&quot;c&quot;</span>'
            '<span class="k">&gt;</span>',
        ),
        ("diff", "+a\n-b\n c", '<span class="i">+a</span>&#10;<span class="d">-b</span>&#10; c'),
        ("nothing-known", "return 1", "return 1"),
    ],
)
def test_words_stand_out(label: str, code: str, html: str) -> None:
    assert coloured(code, label) == html


def test_colours_change_no_letter() -> None:
    rng = random.Random(0)
    for label in KNOWN:
        for _ in range(20):
            code = "".join(rng.choices(_UNITS, k=60))
            assert html.unescape(re.sub("<[^>]+>", "", coloured(code, label))) == html.unescape(escaped(code))


def test_no_code_takes_long() -> None:
    """8,000 characters take some 10 ms; a pattern that reads them again from each of their places takes a second."""
    rng = random.Random(0)
    for label in KNOWN:
        for a, b in (rng.choices(_UNITS, k=2) for _ in range(12)):
            code = (a + b) * (8000 // len(a + b))
            start = time.process_time()
            coloured(code, label)
            assert time.process_time() - start < 0.3, (label, a, b)
