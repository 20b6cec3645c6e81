import numpy as np
import pytest
from scipy.stats import betabinom

from elo.quality.voters.habits import Habit, others, sides, ties


def test_evidence_of_shares_averages_to_one_among_honest_voters() -> None:
    """What makes the promise hold: over all orders of n votes, weighed by their chance under honest habits, the
    evidence of each test has mean 1 (so it is a martingale that begins at 1)."""
    honest = Habit(0.45, 9.0)
    a, b = honest.beta
    n = 12
    k = np.arange(n + 1)
    chance = betabinom.pmf(k, n, a, b)
    assert chance.sum() == pytest.approx(1)
    assert (chance * np.exp(sides(k, np.full(n + 1, n), honest))).sum() == pytest.approx(1)
    assert (chance * np.exp(ties(k, np.full(n + 1, n), honest))).sum() == pytest.approx(1)
    careless = np.exp(ties(k, np.full(n + 1, n), honest)) * chance
    assert careless[n] == pytest.approx(19 / (19 + n))  # all ties, if the share is Beta(19, 1)
    assert careless[n - 1] == pytest.approx(betabinom.pmf(n - 1, n, 19, 1), rel=1e-9)


def test_evidence_of_distance_averages_to_one_among_honest_voters() -> None:
    """Sums of shift z are normal with mean distance C and variance C; integrated over honest distances."""
    C, taste = 6.0, 0.3
    S = np.linspace(-80, 80, 200_001)
    variance = C + taste**2 * C**2
    density = np.exp(-(S**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
    mean = (density * np.exp(others(S, np.full(len(S), C), taste))).sum() * (S[1] - S[0])
    assert mean == pytest.approx(1, abs=1e-6)


def test_a_widened_habit_keeps_its_mean() -> None:
    habit = Habit(0.3, 24.0)
    assert habit.sd == pytest.approx((0.3 * 0.7 / 25) ** 0.5)
    assert habit.widened(1.5).mean == 0.3
    assert habit.widened(1.5).sd == pytest.approx(1.5 * habit.sd)
