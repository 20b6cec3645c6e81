"""Bets against exact integrals, and the fair odds that make a promise of them."""

import numpy as np
import pytest

from elo.battles import Floats
from elo.fit.bradley_terry import sigma
from elo.quality.bets import bets


def exact(won: Floats, d: Floats, variance: float, share: float) -> Floats:
    """The bet for the model, with the honest chances integrated over the taste on a grid."""
    t = np.linspace(-12, 12, 4801)
    density = np.exp(-(t**2) / (2 * variance))
    evidence = []
    for y, gap in zip(won, d, strict=True):
        chance = sigma(gap + t)
        q = (density * chance).sum() / density.sum()
        evidence.append(np.log1p(share * (y / q - 1)))
        density *= chance if y else 1 - chance
    return np.cumsum(evidence)


def test_three_wins_without_tastes_are_the_documented_example() -> None:
    found = bets(np.ones(3), np.zeros(3), np.array([0]), np.zeros(1))
    assert np.exp(found.favours[-1]) == pytest.approx((1.5**3 + 1.9**3) / 2)
    assert np.exp(found.opposes[-1]) == pytest.approx((0.5**3 + 0.1**3) / 2)


@pytest.mark.parametrize("variance", [0.1, 0.5])
def test_bets_follow_the_exact_honest_chances(variance: float) -> None:
    rng = np.random.default_rng(2)
    d = rng.normal(0, 0.9, 40)
    for won in (np.ones(40), (rng.random(40) < sigma(d + 0.5)).astype(float)):
        found = bets(won, d, np.array([0]), np.array([variance])).favours
        both = np.stack([exact(won, d, variance, share) for share in (0.5, 0.9)])
        expected = np.logaddexp.reduce(both, axis=0) - np.log(2)
        assert np.abs(found - expected).max() < 0.35  # in logarithms, of up to 15
        assert found[-1] == pytest.approx(expected[-1], abs=0.35)


def test_groups_do_not_touch_each_other() -> None:
    rng = np.random.default_rng(3)
    won, d = (rng.random(12) < 0.5).astype(float), rng.normal(size=12)
    together = bets(won, d, np.array([0, 5, 6]), np.array([0.2, 0.3, 0.4]))
    alone = bets(won[6:], d[6:], np.array([0]), np.array([0.4]))
    assert together.favours[6:] == pytest.approx(alone.favours, abs=1e-12)
    assert together.opposes[6:] == pytest.approx(alone.opposes, abs=1e-12)


def test_honest_evidence_averages_to_one_and_rarely_grows() -> None:
    """20,000 groups of 30 votes with tastes of the assumed size: the mean is 1, and 5 % reach 20 at most."""
    rng = np.random.default_rng(4)
    groups, n, variance = 20_000, 30, 0.4
    d = rng.normal(0, 0.7, (groups, n))
    likings = rng.normal(0, np.sqrt(variance), (groups, 1))
    won = (rng.random((groups, n)) < sigma(d + likings)).astype(float)
    found = bets(won.ravel(), d.ravel(), np.arange(groups) * n, np.full(groups, variance))
    for evidence in (found.favours, found.opposes):
        by_group = evidence.reshape(groups, n)
        assert np.exp(by_group[:, 4]).mean() == pytest.approx(1, abs=0.05)
        assert (by_group.max(axis=1) >= np.log(20)).mean() < 0.05
    narrow = bets(won.ravel(), d.ravel(), np.arange(groups) * n, np.zeros(groups))
    assert (
        narrow.favours.reshape(groups, n).max(axis=1) >= np.log(20)
    ).mean() > 0.05  # tastes that are not allowed for


def test_votes_of_one_voter_can_count_as_one() -> None:
    """Ten votes of a voter that are all alike, of weight 1/10: the evidence of one vote."""
    ten = bets(np.ones(10), np.zeros(10), np.array([0]), np.zeros(1), np.full(10, 0.1))
    one = bets(np.ones(1), np.zeros(1), np.array([0]), np.zeros(1))
    assert ten.favours[-1] == pytest.approx(one.favours[-1])


def test_no_votes_are_no_evidence() -> None:
    none = np.zeros(0)
    assert bets(none, none, np.zeros(0, dtype=np.int64), none).favours.shape == (0,)


def test_long_groups_are_bet_in_blocks_and_end_where_single_votes_end(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    starts = np.array([0, 3000, 3500])
    won, d = (rng.random(3600) < 0.6).astype(float), rng.normal(0, 0.5, 3600)
    one_by_one = bets(won, d, starts, np.full(3, 0.3))
    monkeypatch.setattr("elo.quality.bets._BLOCK", 100)
    in_blocks = bets(won, d, starts, np.full(3, 0.3))
    assert in_blocks.favours[:100] == pytest.approx(one_by_one.favours[:100], abs=1e-12)
    assert in_blocks.favours[3000:3100] == pytest.approx(one_by_one.favours[3000:3100], abs=1e-12)
    for end in (2999, 3499, 3599):
        assert in_blocks.favours[end] == pytest.approx(one_by_one.favours[end], rel=0.02, abs=0.1)
        assert in_blocks.opposes[end] == pytest.approx(one_by_one.opposes[end], rel=0.02, abs=0.1)
