"""What models and visitors wrote can show nothing but text: checked with another Markdown reader, markdown-it with all
HTML allowed."""

import random
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from arena.ui.untrusted import plain, safe_markdown

_FRAGMENTS = (
    "<img src=http://evil.example/x.png>",
    "![x](http://evil.example/x.png)",
    "![x][ref]",
    "<div style=position:fixed>",
    "</div>",
    "<form><input type=password>",
    "<script>alert(1)</script>",
    "<!-- note -->",
    "<http://evil.example>",
    "`",
    "``",
    "\\`",
    "```",
    "```` <b>",
    "~~~",
    "\n",
    "\n\n",
    "    ",
    "- ",
    "> ",
    "# ",
    "| a | b |\n|---|---|\n",
    "plain words",
    "a < b",
    "$$x$$",
)


def _kinds(text: str) -> set[str]:
    def walk(tokens: list[Token]) -> set[str]:
        return {token.type for token in tokens} | {kind for token in tokens for kind in walk(token.children or [])}

    return walk(MarkdownIt("commonmark").enable("table").parse(text))


@pytest.mark.parametrize("fragment", _FRAGMENTS)
def test_one_fragment_makes_no_html_and_no_picture(fragment: str) -> None:
    assert not _kinds(safe_markdown(fragment)) & {"html_inline", "html_block", "image"}


@pytest.mark.parametrize(
    "text",
    [
        "```\nx\n```\u00a0\n```\n<img src=x>",  # no-break space behind a fence: it does not close
        "```\nx\r```\r<img src=x>",  # a bare carriage return ends a line
        "```\r\nx\r\n```\r\n<img src=x>",
    ],
)
def test_a_fence_ends_where_markdown_ends_it(text: str) -> None:
    assert not _kinds(safe_markdown(text)) & {"html_inline", "html_block", "image"}


def test_no_mixture_of_fragments_makes_a_picture_and_hardly_any_makes_html() -> None:
    """Where this reader and Markdown differ on what is code (a fence inside a list), a tag may stay a tag; the
    sanitizer, the policy and the panes' cage stand behind. It must stay rare."""
    rng = random.Random(0)
    slips = 0
    for _ in range(3000):
        kinds = _kinds(safe_markdown("".join(rng.choices(_FRAGMENTS, k=rng.randint(1, 8)))))
        slips += bool(kinds & {"html_inline", "html_block", "image"})
    assert slips <= 30


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<b>bold</b>", "&lt;b>bold&lt;/b>"),
        ("![cat](http://h/c.png)", "[cat](http://h/c.png)"),
        ("`<b>` and <b>", "`<b>` and &lt;b>"),
        ("``a ` <b>`` <i>", "``a ` <b>`` &lt;i>"),
        ("```html\n<b>![x](y)\n```\n<i>", "```html\n<b>![x](y)\n```\n&lt;i>"),
        ("~~~\n<b>\n```\n<b>\n~~~\n<i>", "~~~\n<b>\n```\n<b>\n~~~\n&lt;i>"),
        ("``` <img src=x>\ncode", "``` img src=x>\ncode"),
        ("\\`<b>`", "\\`&lt;b>`"),
        ("`one\n\n<b>`", "`one\n\n&lt;b>`"),
        ("`one\ntwo` <b> `", "`one\ntwo` &lt;b> `"),
    ],
)
def test_code_stays_as_it_is_and_all_else_is_disarmed(text: str, safe: str) -> None:
    assert safe_markdown(text) == safe


def test_an_open_fence_is_closed_on_demand_so_that_it_swallows_nothing_after_it() -> None:
    assert safe_markdown("````\nx = 1", close=True) == "````\nx = 1\n````"
    assert safe_markdown("```\nx\n```", close=True) == "```\nx\n```"


def test_text_that_grows_keeps_its_beginning() -> None:
    whole = "Two words, then code:\n\n```python\nif a < b:\n    pass\n```\nand **more**."
    for end in range(len(whole)):
        assert safe_markdown(whole).startswith(safe_markdown(whole[:end]).rstrip("`~"))


def test_plain_text_is_one_line_of_html_that_reads_back_the_same() -> None:
    text = "a <b> & \"quoted\"\r\n\n  # not a heading\n'x'"
    line = plain(text)
    assert "\n" not in line

    class Reader(HTMLParser):
        read = ""

        def handle_data(self, data: str) -> None:
            self.read += data

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag == "br"
            self.read += "\n"

    reader = Reader()
    reader.feed(line)
    reader.close()
    assert reader.read == text.replace("\r\n", "\n")
