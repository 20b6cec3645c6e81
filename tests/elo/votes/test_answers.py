import json
import math
from dataclasses import dataclass
from typing import Any

import pytest

from db.style import StyleCounts
from elo.votes import answers
from elo.votes.style import Features
from elo.votes.values import ValueProblem

A, B = "## Yes\n- one\n- **two**", "No."


@dataclass
class Told:
    text: str | None = None
    tokens: int | None = None
    duration_ms: float | None = None

    @property
    def style(self) -> StyleCounts | None:
        return None if self.text is None else StyleCounts.of(self.text)


def same(found: Features, **expected: float) -> bool:
    """Whether these features are known, and no others."""
    return {name: value for name, value in found._asdict().items() if not math.isnan(value)} == expected


def test_what_is_not_known_of_one_answer_is_not_known_of_the_side() -> None:
    whole = Told("# Hi", 3, 1500.0)
    assert same(answers.of_answers([]))
    assert same(answers.of_answers([whole]), tokens=3, characters=4, headers=1, lists=0, bold=0, seconds=1.5)
    both = answers.of_answers([whole, Told("you", 2, 250.0)])
    assert same(both, tokens=5, characters=7, headers=1, lists=0, bold=0, seconds=1.75)
    assert same(answers.of_answers([whole, Told("you", 2)]), tokens=5, characters=7, headers=1, lists=0, bold=0)
    assert same(answers.of_answers([whole, Told(None, 2, 500.0)]), tokens=5, seconds=2)
    assert same(answers.of_answers([whole, Told("you")]), characters=7, headers=1, lists=0, bold=0)


def export(side: str, attempt: int, text: str, tokens: int | None, ms: object) -> dict[str, object]:
    return {"side": side, "attempt": attempt, "text": text, "completion_tokens": tokens, "duration_ms": ms}


def test_our_export_has_the_answers_that_were_shown() -> None:
    turns = [
        {"n": 1, "answers": [export("a", 1, "cut", 1, "9.0"), export("a", 2, A, 9, "100.5"), export("b", 1, B, 2, 7)]},
        {"n": 2, "answers": [export("a", 1, "Bye", 1, "1.5"), export("b", 1, "Bye", None, 1)]},
    ]
    a, b = answers.of_row({"turns": turns, "deck_answers": []}, "x", "y")
    assert same(a, tokens=10, characters=len(A) + 3, headers=1, lists=2, bold=1, seconds=0.102)
    assert same(b, characters=6, headers=0, lists=0, bold=0, seconds=0.008)
    deck = [{"model": "y", "text": B, "completion_tokens": 2}, {"model": "x", "text": A, "completion_tokens": 9}]
    a, b = answers.of_row({"turns": [], "deck_answers": deck}, "x", "y")
    assert same(a, tokens=9, characters=len(A), headers=1, lists=2, bold=1)
    assert same(b, tokens=2, characters=3, headers=0, lists=0, bold=0)
    assert same(answers.of_row({"deck_answers": deck}, "z", "y")[0])


def test_an_answer_whose_text_is_gone_has_the_counts_of_its_line() -> None:
    counts = {"n_chars": 7, "n_headings": 1, "n_list_items": 2, "n_bold": 3}
    gone = {"side": "a", "text": None, "completion_tokens": 5}
    (a, b) = answers.of_row({"turns": [{"prompt": None, "answers": [{**gone, **counts}]}]}, "x", "y")
    assert same(a, tokens=5, characters=7, headers=1, lists=2, bold=3)
    assert same(b)
    a, _ = answers.of_row({"turns": [{"prompt": None, "answers": [{**gone, **counts, "n_bold": None}]}]}, "x", "y")
    assert same(a, tokens=5)


STYLED = {"characters": float(len(A)), "headers": 1.0, "lists": 2.0, "bold": 1.0}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"conv_metadata": {"sum_assistant_a_tokens": "9.0", "header_count_a": {"h1": 0, "h2": 1}}}, (9, 1)),
        ({"conv_metadata": json.dumps({"sum_assistant_a_tokens": 9, "header_count_a": 1})}, (9, 1)),
        ({"sum_assistant_a_tokens": "9", "header_count_a": "1", "conv_metadata": None}, (9, 1)),
    ],
)
def test_public_counts_are_read(row: dict[str, object], expected: tuple[float, float]) -> None:
    a, b = answers.of_row(row, "x", "y")
    assert same(a, tokens=expected[0], headers=expected[1])
    assert same(b)


MESSAGES_A = [{"role": "user", "content": "- hi"}, {"role": "assistant", "content": A}]
MESSAGES_B = [{"role": "assistant", "content": [{"type": "text", "text": "N"}, {"type": "image"}, {"text": "o."}]}]


@pytest.mark.parametrize(
    "row",
    [
        {"conversation_a": MESSAGES_A, "conversation_b": MESSAGES_B},
        {"conversation_a": json.dumps(MESSAGES_A), "conversation_b": json.dumps(MESSAGES_B)},
        {"response_a": A, "response_b": B},
        {"response_a": json.dumps([A]), "response_b": json.dumps(["N", "o."])},
        {"response_a": [A], "response_b": [B, None]},
    ],
)
def test_public_texts_are_counted(row: dict[str, object]) -> None:
    a, b = answers.of_row(row, "x", "y")
    assert same(a, **STYLED)
    assert same(b, characters=3, headers=0, lists=0, bold=0)


def test_a_row_without_answers_has_no_features() -> None:
    rows: list[dict[str, object]] = [
        {},
        {"turns": [], "deck_answers": []},
        {"response_a": A, "response_b": None},
        {"conv_metadata": ""},
    ]
    for row in rows:
        assert all(same(side) for side in answers.of_row(row, "x", "y"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"turns": "none"}, "turns is 'none'; expected a list of objects"),
        ({"turns": {"n": 1}}, "turns is {'n': 1}; expected a list of objects"),
        ({"turns": [3]}, "turns contains 3; expected objects"),
        ({"turns": [{"answers": 5}]}, "answers is 5; expected a list of objects"),
        ({"deck_answers": ["x"]}, "deck_answers contains 'x'; expected objects"),
        ({"conv_metadata": 5}, "conv_metadata 5 is not an object"),
        ({"sum_assistant_a_tokens": "many"}, "sum_assistant_a_tokens 'many' is not a count"),
        ({"response_a": 5, "response_b": "x"}, "response_a is 5; expected a text, or a list of texts or messages"),
    ],
)
def test_answers_in_another_form_are_refused(row: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        answers.of_row(row, "x", "y")
    assert message in str(caught.value)
