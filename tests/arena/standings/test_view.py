"""Addresses of the board are read and written alike, and what means nothing is refused with what is expected."""

from urllib.parse import parse_qsl

import pytest

from arena.standings import OFFICIAL, View, ViewError
from elo.votes.selection.where import Condition

EVERYTHING = (
    "mine=1&kind=both&language=ko&tag=code&turns=many&chars=101-500&since=2026-01-31&until=2026-03-01&decisive=1&same=1&style=1"
    "&sort=votes&order=asc&find=mistral+7b"
)


def of(query: str) -> View:
    return View.of(parse_qsl(query, keep_blank_values=True))


def test_an_address_is_read_and_written_alike() -> None:
    view = of(EVERYTHING)
    assert view.query() == dict(parse_qsl(EVERYTHING))
    assert View.of(view.query().items()) == view
    assert view.filters == of(EVERYTHING.partition("&sort")[0])
    assert (view.n_filters, view.is_official) == (11, False)


def test_empty_values_and_names_of_others_choose_nothing() -> None:
    assert of("kind=&find=&language=&utm_source=mail&lang=ko") == OFFICIAL
    assert of("sort=votes&order=asc&find=x").is_official
    assert of("find=large%E3%80%80model%C2%A0b").find == "large model b"
    assert of("kind=battle&kind=battle") == OFFICIAL
    assert of("find=%E2%80%AAwren%E2%80%AC").find == "wren"


@pytest.mark.parametrize(
    "typed", ["👨‍👩‍👧", "می‌خواهم", "‏עברית‎", "👩🏽‍💻 x", "soft\u00adhyphen", "\U0001fae9", "=x", '"']
)
def test_text_that_people_type_can_be_looked_for_and_is_a_tag(typed: str) -> None:
    view = View.of([("find", typed), ("tag", typed)])
    assert (view.find, view.tag) == (typed, typed)
    (condition,) = [Condition.parse(one) for one in view.where(None)]
    assert condition.holds((typed,))
    assert not condition.holds(("x",))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("turns=banana", "one, many"),
        ("kind=named", "battle, quick, both"),
        ("mine=yes", "1"),
        ("order=up", "asc, desc"),
        ("language=k", "a code such as ko or en"),
        ("language=ko'--", "a code such as ko or en"),
        ("chars=500-101", "101-500, -100 or 501-"),
        ("chars=-", "101-500, -100 or 501-"),
        ("chars=٣-", "101-500, -100 or 501-"),
        ("since=yesterday", "a date such as 2026-01-31"),
        ("since=2026-02-30", "a date such as 2026-01-31"),
        ("since=1900-01-01", "a date such as 2026-01-31"),
        ("until=2026-02-30", "a date such as 2026-01-31"),
        ("until=2026-01-31&since=2026-01-31", "a date after 2026-01-31"),
        ("sort=beauty", "rank, model, rating"),
        ("tag=" + "x" * 81, "at most 80 characters in one line"),
        ("find=a%00b", "at most 80 characters in one line"),
        ("tag=a%E2%80%A8b", "at most 80 characters in one line"),
        ("language=ko&language=en", "one value"),
    ],
)
def test_a_value_that_means_nothing_is_refused_with_what_is_expected(query: str, expected: str) -> None:
    with pytest.raises(ViewError) as error:
        of(query)
    assert expected in error.value.expected
    assert error.value.name == query.partition("=")[0]
    assert len(error.value.came) <= 40


def test_a_file_refuses_names_that_it_does_not_know() -> None:
    with pytest.raises(ViewError, match="filter is 'langauge'; expected mine, kind, language"):
        View.of([("langauge", "ko")], ours=("columns",))
    assert View.of([("columns", "all")], ours=("columns",)) == OFFICIAL


def test_the_conditions_are_those_of_the_command_line() -> None:
    assert of(EVERYTHING).where("ann") == (
        "kind!=named", "kind!=control", "campaign=", "visitor=ann", "language=ko", "tags=code", "n_turns>=2",
        "prompt_chars>=101", "prompt_chars<=500", "winner!=tie", "winner!=both_bad", "same_sent=true",
    )  # fmt: skip
    assert OFFICIAL.where("ann") == ()
    assert of("kind=quick").where(None) == ("campaign=",)
