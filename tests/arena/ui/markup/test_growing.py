"""An answer that was shown while it grew ends like one shown at once."""

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
        "<br>",
        "<sub>",
        "</sub>",
        "words ",
        "\r\n",
        "\r",
        "http://a.example",
    ),
    *("| a | b |\n|---|---|\n", "\n---\n", "![p](http://e.example/p.png)"),
)


def _merged(html: str) -> str:
    """Return the HTML with the pieces of each list joined, and its numbers with them."""
    pieces = re.sub(r'<(ul|ol) class="goes-on"', r"<\1", html)
    return re.sub(r'</([uo]l)>\n\n<\1(?: start="\d+")? dir="auto">', "", pieces)


def _grown(text: str, cuts: list[int]) -> list[Markup]:
    answer = GrowingMarkup()
    shown = [answer.show(text[:cut]) for cut in cuts]
    return [*shown, answer.show(text, is_whole=True)]


def test_an_answer_read_letter_by_letter_ends_like_one_read_at_once() -> None:
    shown = _grown(ANSWER, list(range(len(ANSWER) + 1)))
    assert shown[-1].rest == ""
    assert _merged(shown[-1].done) == _merged(whole(ANSWER))
    assert sum(1 for one in shown[:-1] if one.done) > len(ANSWER) // 2, "most of it is done long before"


def test_the_finished_part_only_grows() -> None:
    shown = _grown(ANSWER, list(range(len(ANSWER) + 1)))
    for before, after in pairwise(shown):
        assert after.done.startswith(before.done)


def test_any_mixture_cut_anywhere_ends_like_one_read_at_once() -> None:
    rng = random.Random(0)
    for _ in range(500):
        text = "".join(rng.choices(_FRAGMENTS, k=rng.randint(1, 25)))
        cuts = sorted(rng.choices(range(len(text) + 1), k=8))
        assert _merged(_grown(text, cuts)[-1].done) == _merged(whole(text)), (text, cuts)


def test_every_letter_is_on_the_page_at_once() -> None:
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


def test_only_new_text_is_sent_while_code_or_plain_words_arrive() -> None:
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


def test_another_attempt_starts_again_and_an_older_view_changes_nothing() -> None:
    answer = GrowingMarkup()
    answer.show("first attempt\n\nand more")
    assert answer.show("first attempt\n\nand") == answer.show("first attempt\n\nand more")
    assert answer.show("second").rest == '<p dir="auto">second'
    assert answer.show("", is_whole=True) == Markup("", "")
    assert answer.show("third").rest == '<p dir="auto">third'


def test_a_link_by_reference_works_wherever_its_address_is() -> None:
    text = "See [the page][1].\n\nMore words.\n\nAnd more.\n\n[1]: http://e.example/x\n"
    shown = _grown(text, list(range(len(text))))
    assert 'href="http://e.example/x"' in shown[-1].done
    half = GrowingMarkup().show("[a]\n\n[a]: http://e.exam")
    assert "http://e.exam" in half.rest


def test_the_address_of_a_reference_is_complete() -> None:
    text = "[1]: http://e.example/long\n\nfirst\n\nsecond [x][1]\n"
    assert 'href="http://e.example/long"' in _grown(text, list(range(len(text))))[-1].done


def test_an_open_formula_takes_nothing_of_the_text_after_it() -> None:
    text = "$$\na\n- b\n\n# title"
    assert "<h3" in _grown(text, list(range(len(text))))[-1].done
    assert escaped("$$") in whole(text)


def test_formulas_that_would_be_drawn_repeatedly_wait_until_their_block_is_finished() -> None:
    text = "a \\(x\\) " * 100
    answer = GrowingMarkup()
    assert answer.show(text).rest.count('class="formula"') == 20
    assert answer.show(text, is_whole=True).done.count('class="formula"') == 100


@pytest.mark.parametrize("line", ["- a\n", "a\n", "|a|b|\n|-|-|\n", "\\[ x\n", "> \\[ x\n", "$$ y \\\\\n"])
def test_the_time_to_read_thousands_of_lines_is_linear_in_the_text(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_formula_is_found_after_openings_that_never_close() -> None:
    assert "\ue000a\ue001" in whole("\\[ x\n\\[ y \\] z\n\n- \\[ x\n\n\\[\na\n\\]\n")
