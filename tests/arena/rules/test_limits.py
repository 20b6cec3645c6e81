import pytest

from arena.rules.limits import (
    ADDRESS_FACTOR,
    BadPrompt,
    Exceeded,
    Withdrawals,
    battles_exceeded,
    can_withdraw_s,
    checked_prompt,
)


def test_a_visitor_may_begin_battles_per_hour_battles() -> None:
    assert battles_exceeded(n_visitor=4, n_address=0, battles_per_hour=5) is None
    assert battles_exceeded(n_visitor=5, n_address=0, battles_per_hour=5) == Exceeded(5, limit=5, window_s=3600)


def test_an_address_begins_ten_times_as_many() -> None:
    assert ADDRESS_FACTOR == 10
    assert battles_exceeded(n_visitor=0, n_address=49, battles_per_hour=5) is None
    assert battles_exceeded(n_visitor=0, n_address=50, battles_per_hour=5) == Exceeded(50, limit=50, window_s=3600)


def test_the_limit_of_the_visitor_is_named_first() -> None:
    assert battles_exceeded(n_visitor=9, n_address=99, battles_per_hour=5) == Exceeded(9, limit=5)


def test_a_prompt_loses_the_white_space_around_it() -> None:
    assert checked_prompt("  two\nlines \n", max_chars=9) == "two\nlines"


@pytest.mark.parametrize(
    ("text", "key", "numbers"),
    [
        (" \n", "prompt_empty", {}),
        ("x" * 6, "prompt_too_long", {"length": 6, "limit": 5}),
        ("a\0b", "prompt_not_text", {}),
        ("a\ud800", "prompt_not_text", {}),
    ],
)
def test_a_bad_prompt_is_refused_with_a_key_and_its_numbers(text: str, key: str, numbers: dict[str, float]) -> None:
    with pytest.raises(BadPrompt) as caught:
        checked_prompt(text, max_chars=5)
    assert (caught.value.key, caught.value.numbers) == (key, numbers)


@pytest.mark.parametrize(("now", "left_s"), [(100.0, 60.0), (159.0, 1.0), (160.0, 0.0), (1000.0, 0.0)])
def test_a_vote_can_be_withdrawn_for_a_minute(now: float, left_s: float) -> None:
    assert can_withdraw_s(voted_at=100.0, now=now) == left_s


@pytest.mark.parametrize(
    ("done", "n_left", "limit", "next_at"),
    [
        (Withdrawals(n_day=0, n_total=0, n_votes=1), 1, None, 20),
        (Withdrawals(n_day=1, n_total=1, n_votes=39), 0, "total", 40),
        (Withdrawals(n_day=1, n_total=1, n_votes=40), 1, None, 40),
        (Withdrawals(n_day=0, n_total=2, n_votes=100), 3, None, 60),
        (Withdrawals(n_day=2, n_total=2, n_votes=100), 1, None, 60),
        (Withdrawals(n_day=3, n_total=3, n_votes=100), 0, "day", 80),
        (Withdrawals(n_day=3, n_total=5, n_votes=100), 0, "total", 120),
    ],
)
def test_at_most_three_votes_a_day_and_one_in_twenty_can_be_withdrawn(
    done: Withdrawals, n_left: int, limit: str | None, next_at: int
) -> None:
    assert (done.n_left, done.limit, done.next_at) == (n_left, limit, next_at)
