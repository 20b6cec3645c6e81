"""An answer shown while it grows is the answer shown at once."""

import random
import re
from itertools import pairwise

import pytest
from markdown_it.rules_block import StateBlock

from arena.ui.markup import GrowingMarkup, Markup, whole
from arena.ui.untrusted import escaped

ANSWER = """# Tips

Here are *some* tips, with `code` and a table:

| name | size |
|:-----|-----:|
| one  | **1** |

1. First **point**,
   with a second line.

   ```python
   if a < b:
       pass
   ```
2. Second point:
   - [ ] one
   - [x] two
3. Third.

> A quote
> - with a list

Title below
-----------

$$
\\frac{a}{b}
- c
$$

A formula \\(a_1*b*c_2\\) and https://a.example/x_(y).
***
    indented code

Last words\
"""
_FRAGMENTS = (
    *("# ", "- > ", "`", "```\n", "$$", "\\[", "\\]", "\\(", "\\)", "*", "**", "[a]", "[a]: http://e.example\n", "(b)"),
    *(
        "\n",
        "\n\n",
        "    ",
        "\t",
        "1. ",
        "2) ",
        "- ",
        "+ ",
        "- [x] ",
        "<b>",
        "words ",
        "\r\n",
        "\r",
        "http://a.example",
    ),
    *("| a | b |\n|---|---|\n", "\n---\n", "![p](http://e.example/p.png)"),
)


def _merged(html: str) -> str:
    """With the pieces of a list, and so its numbers, put together."""
    pieces = re.sub(r'<(ul|ol) class="goes-on"', r"<\1", html)
    return re.sub(r'</([uo]l)>\n\n<\1(?: start="\d+")? dir="auto">', "", pieces)


def _grown(text: str, cuts: list[int]) -> list[Markup]:
    answer = GrowingMarkup()
    shown = [answer.show(text[:cut]) for cut in cuts]
    return [*shown, answer.show(text, is_whole=True)]


def test_an_answer_that_came_letter_by_letter_ends_as_if_it_had_come_at_once() -> None:
    shown = _grown(ANSWER, list(range(len(ANSWER) + 1)))
    assert shown[-1].rest == ""
    assert _merged(shown[-1].done) == _merged(whole(ANSWER))
    assert sum(1 for one in shown[:-1] if one.done) > len(ANSWER) // 2, "most of it is done long before"


def test_what_is_done_only_grows() -> None:
    shown = _grown(ANSWER, list(range(len(ANSWER) + 1)))
    for before, after in pairwise(shown):
        assert after.done.startswith(before.done)


def test_any_mixture_cut_anywhere_ends_as_if_it_had_come_at_once() -> None:
    rng = random.Random(0)
    for _ in range(500):
        text = "".join(rng.choices(_FRAGMENTS, k=rng.randint(1, 25)))
        cuts = sorted(rng.choices(range(len(text) + 1), k=8))
        assert _merged(_grown(text, cuts)[-1].done) == _merged(whole(text)), (text, cuts)


def test_every_letter_is_on_the_page_as_soon_as_it_came() -> None:
    text = "word " * 2000
    answer = GrowingMarkup()
    for end in range(100, len(text), 37):
        shown = answer.show(text[:end])
        assert len(re.sub("<[^>]+>", "", shown.done + shown.rest).strip()) >= len(text[:end].strip())


def test_a_long_answer_is_read_about_once_not_once_for_every_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    from arena.ui.markup import growing

    n_read = 0
    parse = growing._reader.parse

    def counted(text: str, environment: object) -> object:
        nonlocal n_read
        n_read += len(text)
        return parse(text, environment)  # type: ignore[arg-type]

    monkeypatch.setattr(growing._reader, "parse", counted)
    for text in (ANSWER * 30, "one long paragraph " * 1000, "- a list item with words\n" * 800):
        n_read = 0
        _grown(text, list(range(0, len(text), 20)))
        assert n_read < 40 * len(text), f"{n_read / len(text):.0f} times"


def test_only_what_is_new_has_to_be_sent_while_code_or_plain_words_come() -> None:
    for text in ("```python\n" + "x = 1\n" * 50, "plain words " * 50, "- a\n" * 3):
        answer = GrowingMarkup()
        before = answer.show(text[:12])
        for end in range(13, len(text)):
            after = answer.show(text[:end])
            if after.done == before.done:
                assert after.rest.startswith(before.rest) or after.rest.rstrip() == before.rest, (
                    before.rest,
                    after.rest,
                )
            before = after


def test_another_attempt_begins_anew_and_an_older_view_shows_what_is_shown() -> None:
    answer = GrowingMarkup()
    answer.show("first attempt\n\nand more")
    assert answer.show("first attempt\n\nand") == answer.show("first attempt\n\nand more")
    assert answer.show("second").rest == '<p dir="auto">second'
    assert answer.show("", is_whole=True) == Markup("", "")
    assert answer.show("third").rest == '<p dir="auto">third'


def test_a_link_by_reference_works_wherever_its_address_stands() -> None:
    text = "See [the page][1].\n\nMore words.\n\nAnd more.\n\n[1]: http://e.example/x\n"
    shown = _grown(text, list(range(len(text))))
    assert 'href="http://e.example/x"' in shown[-1].done
    half = GrowingMarkup().show("[a]\n\n[a]: http://e.exam")
    assert "http://e.exam" in half.rest


def test_an_address_of_a_reference_is_the_whole_one() -> None:
    text = "[1]: http://e.example/long\n\nfirst\n\nsecond [x][1]\n"
    assert 'href="http://e.example/long"' in _grown(text, list(range(len(text))))[-1].done


def test_an_open_formula_takes_nothing_that_stands_behind_it() -> None:
    text = "$$\na\n- b\n\n# title"
    assert "<h3" in _grown(text, list(range(len(text))))[-1].done
    assert escaped("$$") in whole(text)


def test_formulas_that_would_be_drawn_again_and_again_wait_until_their_block_is_done() -> None:
    text = "a \\(x\\) " * 100
    answer = GrowingMarkup()
    assert answer.show(text).rest.count('class="formula"') == 20
    assert answer.show(text, is_whole=True).done.count('class="formula"') == 100


@pytest.mark.parametrize("line", ["- a\n", "a\n", "|a|b|\n|-|-|\n", "\\[ x\n", "> \\[ x\n", "$$ y \\\\\n"])
def test_a_text_of_thousands_of_lines_is_read_in_a_number_of_looks_that_grows_with_the_text(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_looks = 0
    is_empty = StateBlock.isEmpty

    def counted(state: StateBlock, at: int) -> bool:
        nonlocal n_looks
        n_looks += 1
        return is_empty(state, at)

    monkeypatch.setattr(StateBlock, "isEmpty", counted)
    n_lines = 3000
    whole(line * n_lines)
    assert n_looks < 20 * n_lines * line.count("\n")


def test_a_formula_is_found_behind_openings_that_never_close() -> None:
    assert "\ue000a\ue001" in whole("\\[ x\n\\[ y \\] z\n\n- \\[ x\n\n\\[\na\n\\]\n")
