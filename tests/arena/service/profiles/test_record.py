"""Shares and tags of a model, against textbook values and simulated votes without any difference."""

import numpy as np
import pytest

from arena.service.profiles.record import LEAST_VOTES, against, compared, share_of
from db.queries import RivalRecord


def test_a_share_counts_ties_and_both_bad_half_with_wilsons_interval() -> None:
    """Wilson's interval of 81 in 263 is 0.2553 to 0.3662 (Newcombe 1998, table I)."""
    found = share_of([RivalRecord("ash", wins=80, losses=181, ties=1, both_bad=1)])
    assert (found.n, found.value) == (263, 81 / 263)
    assert found.low == pytest.approx(0.2553, abs=5e-5)
    assert found.high == pytest.approx(0.3662, abs=5e-5)


def test_rivals_come_by_battles_then_name_and_those_without_votes_are_left_out() -> None:
    records = [RivalRecord("b", wins=1), RivalRecord("a", losses=1), RivalRecord("c", ties=2), RivalRecord("d")]
    assert [one.record.rival for one in against(records)] == ["c", "a", "b"]


def test_a_tag_that_met_harder_rivals_is_not_weak() -> None:
    """Each rival is beaten equally often under the tag and without it; only their mix differs."""
    whole = [RivalRecord("easy", wins=180, losses=20), RivalRecord("hard", wins=20, losses=180)]
    (tag,) = compared(whole, {"code": [RivalRecord("easy", wins=18, losses=2), RivalRecord("hard", wins=9, losses=81)]})
    assert (tag.share.value, tag.verdict) == (27 / 110, None)
    assert tag.difference == pytest.approx(0)


def test_strong_and_weak_tags_come_first_and_last_and_few_votes_are_not_judged() -> None:
    whole = [RivalRecord("ash", wins=200, losses=200)]
    tags = {
        "few": [RivalRecord("ash", wins=LEAST_VOTES - 1)],
        "bad": [RivalRecord("ash", wins=10, losses=90)],
        "even": [RivalRecord("ash", wins=50, losses=50)],
        "good": [RivalRecord("ash", wins=90, losses=10)],
        "everything": whole,
    }
    found = compared(whole, tags)
    assert [(one.tag, one.verdict) for one in found] == [
        ("good", "strong"),
        ("everything", None),
        ("even", None),
        ("few", None),
        ("bad", "weak"),
    ]
    assert {one.tag for one in found if one.difference is None} == {"few", "everything"}


def test_without_any_difference_some_tag_is_called_strong_or_weak_on_at_most_five_percent_of_pages() -> None:
    """500 models with 10 tags of 60 votes each: 25 pages are expected, and 40 would be 3 standard errors more."""
    rng = np.random.default_rng(5)
    n_wrong = 0
    for _ in range(500):
        counts = rng.multinomial(60, (0.4, 0.3, 0.2, 0.1), size=10).tolist()
        tags = {f"{i}": [RivalRecord("ash", *row)] for i, row in enumerate(counts)}
        whole = [RivalRecord("ash", *(sum(column) for column in zip(*counts, strict=True)))]
        n_wrong += any(one.verdict for one in compared(whole, tags))
    assert n_wrong <= 40


def test_without_votes_there_is_nothing() -> None:
    assert against([]) == ()
    assert compared([], {}) == compared([RivalRecord("ash", wins=1)], {"code": []}) == ()
