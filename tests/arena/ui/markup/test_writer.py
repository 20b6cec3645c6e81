"""Everything that an answer can put on the page, and a check that nothing else is produced."""

import random
from html.parser import HTMLParser

import pytest

from arena.ui.markup import whole
from arena.ui.markup.colours import CLASSES

_A = 'target="_blank" rel="noopener noreferrer nofollow"'


def _code(line: str) -> str:
    return f'<div class="code"><span class="language"></span><pre><code>{line}&#10;</code></pre></div>'


_CONSTRUCTS = [
    ("plain words", '<p dir="auto">plain words</p>'),
    (
        "a *b* **c** ~~d~~ `e < f`",
        '<p dir="auto">a <em>b</em> <strong>c</strong> <s>d</s> <code>e &lt; f</code></p>',
    ),
    ("one\ntwo  \nthree", '<p dir="auto">one<br>two<br>three</p>'),
    ("# a\n## b", '<h3 dir="auto">a</h3>\n\n<h4 dir="auto">b</h4>'),
    ("### c\n###### f", '<h5 dir="auto">c</h5>\n\n<h6 dir="auto">f</h6>'),
    ("Title\n===", '<h3 dir="auto">Title</h3>'),
    ("***", "<hr>"),
    (
        "- a\n- b\n  - c",
        '<ul dir="auto"><li><p>a</p></li><li><p>b</p><ul dir="auto"><li><p>c</p></li></ul></li></ul>',
    ),
    ("3. a\n4. b", '<ol start="3" dir="auto"><li><p>a</p></li><li><p>b</p></li></ol>'),
    (
        "- [ ] a\n- [x] **b**",
        '<ul dir="auto"><li><p><label><input type="checkbox" disabled> a</label></p></li>'
        '<li><p><label><input type="checkbox" disabled checked> <strong>b</strong></label></p></li></ul>',
    ),
    ("> a\n> - b", '<blockquote dir="auto"><p>a</p><ul dir="auto"><li><p>b</p></li></ul></blockquote>'),
    (
        "```python\nif a < b:\n\n\tpass\n```",
        '<div class="code"><span class="language">python</span><pre><code><span class="k">if</span> a &lt; b:&#10;'
        '&#10;&#9;<span class="k">pass</span>&#10;</code></pre></div>',
    ),
    (
        "```mermaid\ngraph TD\n```",
        '<div class="code"><span class="language">mermaid</span><pre><code>graph TD&#10;</code></pre></div>',
    ),
    ('~~~"><script>\nx\n~~~', _code("x")),
    ("    code\n", _code("code")),
    (
        "| a | b | c |\n|---|:-:|--:|\n| 1 | `2` | 3 |",
        '<div class="table"><table><thead><tr><th dir="auto">a</th><th dir="auto" class="is-center">b</th>'
        '<th dir="auto" class="is-right">c</th></tr></thead><tbody><tr><td dir="auto">1</td>'
        '<td dir="auto" class="is-center"><code>2</code></td><td dir="auto" class="is-right">3</td></tr></tbody>'
        "</table></div>",
    ),
    ('[a](http://h/p?q=1&r "t")', f'<p dir="auto"><a href="http://h/p?q=1&amp;r" {_A}>a</a></p>'),
    ("<https://h/p>", f'<p dir="auto"><a href="https://h/p" {_A}>https://h/p</a></p>'),
    (
        "see https://h/p_(q). Or (http://h:80/), yes",
        f'<p dir="auto">see <a href="https://h/p_(q)" {_A}>https://h/p_(q)</a>. '
        f'Or (<a href="http://h:80/" {_A}>http://h:80/</a>), yes</p>',
    ),
    ("[a][r]\n\n[r]: http://h", f'<p dir="auto"><a href="http://h" {_A}>a</a></p>'),
    ("![p](http://h/p.png)", f'<p dir="auto"><a href="http://h/p.png" {_A}>p</a></p>'),
    ("![](http://h/p.png)", f'<p dir="auto"><a href="http://h/p.png" {_A}>http://h/p.png</a></p>'),
    ("[![p](http://h/p.png)](http://h)", f'<p dir="auto"><a href="http://h" {_A}>p</a></p>'),
    ("$$x^2$$", '<p><span class="formula">\ue000x^2\ue001</span></p>'),
    (r"a \(x<y\) b", '<p dir="auto">a <span class="formula">\ue002x&lt;y\ue003</span> b</p>'),
    ("\\[\nx\n\\]", '<p><span class="formula">\ue000x\ue001</span></p>'),
    (
        "- a\n\n  $$\n  x\n  $$",
        '<ul dir="auto"><li><p>a</p><p><span class="formula">\ue000x\ue001</span></p></li></ul>',
    ),
    (r"a $$x$$ \[y\]", None),
    ("&copy; a&nbsp;b \\*c\\*", '<p dir="auto">© a\xa0b *c*</p>'),
    ("a<br>b<BR/>c<br />\nd", '<p dir="auto">a<br>b<br>c<br>d</p>'),
    ("H<sub>2</sub>O, x<SUP>*n* + 1</sup>", '<p dir="auto">H<sub>2</sub>O, x<sup><em>n</em> + 1</sup></p>'),
    (
        "| a |\n|---|\n| b<br>- c<sup>2</sup> |",
        '<div class="table"><table><thead><tr><th dir="auto">a</th></tr></thead><tbody><tr>'
        '<td dir="auto">b<br>- c<sup>2</sup></td></tr></tbody></table></div>',
    ),
    ("*a<sub>b*c</sub>*", '<p dir="auto"><em>a<sub>b*c</sub></em></p>'),
    ("`<br>` \\<br> <sub>`a`</sub>", '<p dir="auto"><code>&lt;br&gt;</code> &lt;br&gt; <sub><code>a</code></sub></p>'),
    ("<sub>`</sub> `c`", '<p dir="auto"><sub>`</sub> <code>c</code></p>'),
    ("[a<br>b<sub>c</sub>](http://h)", f'<p dir="auto"><a href="http://h" {_A}>a<br>b<sub>c</sub></a></p>'),
    ("costs $5 or $6 at 100 %", '<p dir="auto">costs $5 or $6 at 100 &#37;</p>'),
]
_AS_TEXT = [
    "<b>bold</b>",
    "<script>window.x=1</script>",
    "<details open ontoggle=x>more</details>",
    "<div id=vote-a class=toast>",
    "<!-- note -->",
    "<br onclick=x>",
    "<br\tid=x>",
    "<br/ class=toast>",
    "</br>",
    "<br",
    "< br>",
    "<brx>",
    "<sub id=vote-a>x</sub>",
    "<sub>x",
    "x</sub>",
    "<sub>x</sup>",
    "<sub></sub>",
    "<sup/>",
    "<sup ><b onclick=x>y</b></sup>",
    "<sub>" + "x" * 201 + "</sub>",
    "<![CDATA[x]]>",
    "[j](javascript:alert)",
    "[j](JaVaScRiPt:alert)",
    "[d](data:text/html,x)",
    "[f](file:///etc/passwd)",
    "[v](vbscript:x)",
    "[m](mailto:a@b)",
    "[r](/vote)",
    "[r](//evil.example)",
    "[i](#vote-a)",
    "![j](javascript:x)",
    "<javascript:x>",
    "<a@b.example>",
    "[^1]: note",
    ":::warning\nx\n:::",
]
_ALLOWED = {
    **{tag: {"dir", "class"} for tag in ("p", "th", "td")},
    **{tag: {"dir"} for tag in ("h3", "h4", "h5", "h6", "blockquote", "ul")},
    **{
        tag: set()
        for tag in (
            "li",
            "hr",
            "br",
            "sub",
            "sup",
            "strong",
            "em",
            "s",
            "code",
            "label",
            "table",
            "thead",
            "tbody",
            "tr",
        )
    },
    **{tag: {"class"} for tag in ("div", "span")},
    "ol": {"dir", "start"},
    "a": {"href", "target", "rel"},
    "pre": set(),
    "input": {"type", "disabled", "checked"},
}
_CLASSES = {"source", "table", "code", "language", "formula", "is-right", "is-center", "is-long", "is-longer", *CLASSES}
_FRAGMENTS = [
    *_AS_TEXT,
    *(text for text, _ in _CONSTRUCTS),
    *(
        "`",
        "``",
        "\\`",
        "```",
        "~~~",
        "\n",
        "\n\n",
        "    ",
        "\t",
        "- ",
        "1. ",
        "> ",
        "# ",
        "[a](",
        ")",
        "\\",
        "|",
        "$$",
    ),
    *("<img src=http://evil.example/x onerror=x>", "![x][r]", "[r]: http://h/ 'a\"b'", "[", "]", "<", ">", '"', "'"),
    *("\ue000\\href{http://h}{x}\ue001", "&#57344;x&#57345;", "%%%LATEX_BLOCK_0%%%", "\x1b[31m", "&#27;", "\u202e"),
]


class _Reader(HTMLParser):
    """Fails at the first tag or attribute that is not allowed; `text` is the visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.n_formulas = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert {name for name, _ in attrs} <= _ALLOWED[tag], (tag, attrs)
        values = dict(attrs)
        assert set((values.get("class") or "source").split()) <= _CLASSES
        assert values.get("href", "http://").lower().startswith(("http://", "https://"))  # type: ignore[union-attr]
        assert tag != "a" or (values["target"], values["rel"]) == ("_blank", "noopener noreferrer nofollow")
        self.n_formulas += values.get("class") == "formula"
        self.text += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    for mark in "\ue000\ue001\ue002\ue003":
        assert reader.text.count(mark) <= reader.n_formulas
    assert sum(map(reader.text.count, "\ue000\ue002")) == reader.n_formulas
    assert "\x1b" not in reader.text
    assert "%" not in html
    return reader


@pytest.mark.parametrize(("text", "html"), _CONSTRUCTS)
def test_each_markdown_construct_becomes_this_html(text: str, html: str | None) -> None:
    written = whole(text).rstrip("\n")
    assert html is None or written == html
    _read(written)


@pytest.mark.parametrize("text", _AS_TEXT)
def test_text_that_is_not_markdown_is_shown_as_it_was_written(text: str) -> None:
    assert _read(whole(text)).text.strip() == text.strip()


def test_each_block_is_one_line_so_that_the_pages_reader_takes_it_as_html() -> None:
    for text, _ in _CONSTRUCTS:
        for line in whole(text).split("\n\n"):
            assert "\n" not in line
            assert not line or line.startswith("<")


def test_no_mixture_of_fragments_produces_other_html() -> None:
    rng = random.Random(0)
    for _ in range(1500):
        text = "".join(rng.choices(_FRAGMENTS, k=rng.randint(1, 12)))
        _read(whole(text))


@pytest.mark.parametrize(
    "text",
    [
        "> " * 300 + "deep",
        "- " * 100 + "deep",
        "1. " * 100 + "deep",
        "- > " * 50 + "deep",
        "*" * 200 + "deep",
        "[" * 200,
    ],
)
def test_text_that_is_nested_too_deep_is_shown_as_it_was_written(text: str) -> None:
    html = whole(text)
    assert html.count("<") < 120
    assert _read(html).text.strip().endswith(text[-4:])


@pytest.mark.parametrize(
    "text",
    ["|a" * 3000 + "\n" + "|-" * 3000 + "\n" + "|a\n" * 3000, "|a" * 200 + "\n" + "|-" * 200 + "\n" + "a\n" * 300],
)
def test_a_huge_table_stays_text(text: str) -> None:
    html = whole(text)
    assert "<table" not in html
    assert len(html) < 6 * len(text)


def test_a_very_long_paragraph_stays_complete_plain_text() -> None:
    text = "[*a* " * 5000
    assert _read(whole(text)).text.strip() == text.strip()
