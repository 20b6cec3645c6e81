import pytest

from elo.votes.selection.wanted import Wanted


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
    assert [Wanted(since=1.0, until=3.0).is_time(time) for time in (0.9, 1.0, 2.9, 3.0)] == [False, True, True, False]
    assert Wanted().is_time(-5.0)
    assert [Wanted(until=0.0).has_times, Wanted(since=0.0).has_times, Wanted().has_times] == [True, True, False]
