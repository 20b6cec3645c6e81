import subprocess
import sys

import pytest

from db.outcome import Outcome


def test_codes_are_those_in_every_database() -> None:
    assert {outcome.name: int(outcome) for outcome in Outcome} == {"A": 0, "B": 1, "TIE": 2, "BOTH_BAD": 3}


@pytest.mark.parametrize(
    ("spellings", "outcome"),
    [
        (("a", "model_a", "left"), Outcome.A),
        (("b", "model_b", "right"), Outcome.B),
        (("tie",), Outcome.TIE),
        (("both_bad", "tie (bothbad)"), Outcome.BOTH_BAD),
    ],
)
def test_every_public_spelling_is_read(spellings: tuple[str, ...], outcome: Outcome) -> None:
    assert {Outcome.parse(spelling) for spelling in spellings} == {outcome}
    assert Outcome.parse(outcome.label) == Outcome.parse(outcome.winner) == outcome


@pytest.mark.parametrize("spelling", ["A", "Tie", " a", "", "bothbad", "model_c", "0"])
def test_an_unknown_spelling_is_an_error_that_names_it(spelling: str) -> None:
    with pytest.raises(ValueError, match="is not one of a, model_a") as caught:
        Outcome.parse(spelling)
    assert repr(spelling) in str(caught.value)


def test_points_of_both_sides_add_up_to_one() -> None:
    assert [outcome.score for outcome in Outcome] == [1.0, 0.0, 0.5, 0.5]
    for outcome in Outcome:
        assert outcome.score + outcome.swapped.score == 1
        assert outcome.swapped.swapped == outcome


def test_outcomes_and_codes_come_without_sqlalchemy() -> None:
    program = "import sys, db, db.outcome, db.codes, db.errors; print([m for m in sys.modules if 'sqlalchemy' in m])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
