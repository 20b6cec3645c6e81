import numpy as np
import pytest

from elo.quality.shares import Share


def test_a_share_of_independent_votes_has_wilsons_interval() -> None:
    """Reference: statsmodels' proportion_confint(count, nobs, method="wilson")."""
    assert (Share.of(0, 10).low, Share.of(0, 10).high) == pytest.approx((0.0, 0.2775328), abs=1e-6)
    assert (Share.of(45, 100).low, Share.of(45, 100).high) == pytest.approx((0.3561454, 0.5475540), abs=1e-6)
    nothing = Share.of(0, 0)
    assert (nothing.share, nothing.low, nothing.high) == (None, 0.0, 1.0)


def test_shares_by_voter_cover_the_truth_where_votes_of_a_voter_depend_on_each_other() -> None:
    """60 voters, each with a personal habit around 0.5: 95 % of intervals; as if independent, far fewer."""
    rng = np.random.default_rng(5)
    covered, naive = [], []
    for _ in range(400):
        n = rng.integers(5, 80, 60).astype(float)
        hits = rng.binomial(n.astype(int), rng.beta(2, 2, 60)).astype(float)
        share, plain = Share.by_voter(hits, n), Share.of(int(hits.sum()), int(n.sum()))
        covered.append(share.low <= 0.5 <= share.high)
        naive.append(plain.low <= 0.5 <= plain.high)
    assert 0.91 < np.mean(covered) < 0.98
    assert np.mean(naive) < 0.6


def test_few_voters_are_taken_as_votes() -> None:
    hits, n = np.array([3.0, 4.0]), np.array([9.0, 5.0])
    assert Share.by_voter(hits, n) == Share.of(7, 14)


def test_a_share_that_no_voter_departs_from_is_not_certain() -> None:
    """The spread between voters is 0 then, and the interval was 0 to 0."""
    n = np.full(124, 70.0)
    for hits, low, high in ((np.zeros(124), 0.0, 0.0301), (n, 0.9699, 1.0)):
        found = Share.by_voter(hits, n)
        assert found.low == pytest.approx(low, abs=1e-3)
        assert found.high == pytest.approx(high, abs=1e-3)
        assert found.n == 8680
