"""What models and visitors wrote can show nothing but text: checked with another Markdown reader, markdown-it with all
HTML allowed."""

import inspect
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
    "  ",
    "    ",
    "\t",
    "- ",
    "1. ",
    "\n```\n",
    "\n  ```\n",
    "\n   ```\n",
    "\n    ```\n",
    "\n- x\n  ```\n",
    "\n  <img>",
    "\n```cpp\n",
    "[a](",
    ")",
    "\\",
    "` <img> `",
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


@pytest.mark.parametrize(
    "text",
    [
        "`\n- <img> `",  # a list item ends the paragraph, and the span with it
        "`\n# h\n<img> `",
        "- x\n  ```\n<img>",  # the fence ends with its list
        "1. x\n   ```\n<img>",
        "[a](`) <img> `",  # the address takes the first backtick
        "[a\n](`) <img> `",
        "\\` x ` <img> `",
        "a | `x | <img> `\n---|---\n`<img> | `",  # cells end before spans do
        "   ```\n```\n<img>",  # the second fence closes the first
        "````\n  ````\n```\n<img>",
        "> ```\n```\n```\n<img>",
        "- x\n  ```\ny\n  ```\n```\n<img>",  # the list ends between two fences alike
        "    ```\nx\n```\n<img>",
        "~~~ | <img> |\n|---|---|\n<img>",  # heads a table
        "- ````\n```cpp\n```\n<img>",
    ],
)
def test_no_tag_hides_in_what_only_looks_like_code(text: str) -> None:
    assert not _kinds(safe_markdown(text)) & {"html_inline", "html_block", "image"}


@pytest.mark.parametrize(
    "text",
    [
        "http://a.example/`<img>`",  # Gradio makes the address a link, with the backtick in it
        "`<img> $$`\n$$",  # a formula may begin and end within code
        "$$\n```$$\n<img>\n```",
        "$$\n\n  ```\n  $$\n  ```\n```\n<img>",
        "$$\n```\n$$ <img>\n<img>\n```\n<img>",
    ],
)
def test_no_tag_stays_where_only_gradios_own_reader_sees_one(text: str) -> None:
    assert "<" not in safe_markdown(text)


def test_no_mixture_of_fragments_makes_html_or_a_picture() -> None:
    rng = random.Random(0)
    for _ in range(3000):
        text = "".join(rng.choices(_FRAGMENTS, k=rng.randint(1, 10)))
        for shifted in (safe_markdown(text), inspect.cleandoc(safe_markdown(text))):  # Gradio shows the second
            assert not _kinds(shifted) & {"html_inline", "html_block", "image"}, text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<b>bold</b>", "&lt;b>bold&lt;/b>"),
        ("![cat](http://h/c.png)", "[cat](http://h/c.png)"),
        ("`<b>` and <b>", "`<b>` and &lt;b>"),
        ("(`a<b`), **`<c>`**\n- `<d>`", "(`a<b`), **`<c>`**\n- `<d>`"),
        ("[a](b) `<b>`\n\n`<b>`", "[a](b) `&lt;b>`\n\n`<b>`"),
        ("``a ` <b>`` <i>", "``a ` &lt;b>`` &lt;i>"),
        (
            "1. x\n   ```c\n   <b>\n   ```\n\n```c\n<b>\n```\n`<b>`",
            "1. x\n   ```c\n   &lt;b>\n   ```\n\n```c\n<b>\n```\n`<b>`",
        ),
        ("1. x\n   ```\n   y\n   ```\n```\n<b>\n```\n<i>", "1. x\n   ```\n   y\n   ```\n```\n<b>\n```\n&lt;i>"),
        ("$$x$$\n```\n<b>\n```", "$$x$$\n```\n<b>\n```"),
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
    assert safe_markdown("1. a\n   ```c\n   x", close=True) == "1. a\n   ```c\n   x\n   ```"
    for whole in ("```\nx\n```", "1. a\n   ```c\n   x\n   ```"):
        assert safe_markdown(whole, close=True) == whole


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
