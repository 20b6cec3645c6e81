from collections.abc import Sequence

import pytest

from elo.votes.selection.wanted import Wanted
from elo.votes.vote_columns import Column
from elo.votes.votes_file import votes_of_columns


@pytest.mark.parametrize(
    ("kind", "taken", "one_kind"),
    [
        (None, {None, "", "battle"}, "battle"),
        ("quick", {"quick"}, "quick"),
        ("all", {None, "", "battle", "quick"}, None),
    ],
)
def test_kinds_are_taken_as_asked(kind: str | None, taken: set[str | None], one_kind: str | None) -> None:
    wanted = Wanted(kind)
    assert {said for said in (None, "", "battle", "quick") if wanted.is_kind(said)} == taken
    assert wanted.one_kind == one_kind


def test_the_first_moment_is_in_and_the_last_is_out() -> None:
    times = [0.9, 1.0, 2.9, 3.0]
    table: dict[str, Sequence[object]] = {
        "model_a": ["x"] * 4,
        "model_b": ["y"] * 4,
        "winner": ["a"] * 4,
        "tstamp": times,
    }
    wanted: tuple[Column] = ("time",)
    found = votes_of_columns(table, since=1.0, until=3.0, columns=wanted).votes
    assert found.time_s is not None
    assert found.time_s.tolist() == times[1:3]
    assert [Wanted(until=0.0).has_times, Wanted(since=0.0).has_times, Wanted().has_times] == [True, True, False]
