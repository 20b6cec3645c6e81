"""The habits of honest voters, and the habits of careless ones.

Honest voters' shares of left votes and of ties are Beta distributed, their distances from the others' taste normal
around 0. The widths are estimated from all voters, assuming one in ten to be careless, then widened by half and kept
within the bounds below. The evidence against a voter is how many times likelier the votes so far are under a careless
rule than under these habits, as a natural logarithm.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln

from elo.battles import Floats, Index

_CARELESS = (19.0, 1.0)
"""Beta distribution of a careless voter's share: about 19 of 20."""
_CARELESS_VOTERS = 0.1
"""Share of voters assumed careless when honest habits are estimated, so that they do not pass for a habit."""
_WIDER = 1.5
"""Honest habits are assumed this much wider than estimated, because real ones are not exactly Beta or normal."""
_SIDES = ((0.4, 0.6), (20.0, 60.0))
"""Bounds of the estimated mean of left shares and of their weight a + b; the standard deviation is 0.06 to 0.11."""
_TIES = ((0.05, 0.75), (4.0, 10.0))
"""The same for tie shares: standard deviation 0.15 to 0.22 at a mean of a half."""
_TASTES = (0.15, 1.0)
"""Bounds of the standard deviation of honest voters' distances from the others; a coin's distance is 1."""


@dataclass(frozen=True, slots=True)
class Habit:
    """Shares of honest voters: Beta with this mean, and a weight in votes."""

    mean: float
    weight: float

    @property
    def beta(self) -> tuple[float, float]:
        """a and b of the distribution."""
        return self.mean * self.weight, (1 - self.mean) * self.weight

    @property
    def sd(self) -> float:
        return math.sqrt(self.mean * (1 - self.mean) / (self.weight + 1))

    def widened(self, factor: float) -> "Habit":
        """The same mean, `factor` times the standard deviation."""
        return Habit(self.mean, (self.weight + 1) / factor**2 - 1)


@dataclass(frozen=True, slots=True)
class Habits:
    """The assumed habits of honest voters."""

    left: Habit
    ties: Habit
    taste: float
    """Standard deviation of distances from the others."""


def sides(left: Index, decided: Index, honest: Habit) -> Floats:
    """Return the evidence that a voter nearly always chooses one side: of `decided` votes with a winner, `left` were
    for the left. All arrays have one shape."""
    evidence: Floats = _careless_sides(left, decided) - _chance(left, decided, *honest.beta)
    return evidence


def _careless_sides(left: Index, decided: Index) -> Floats:
    """Nearly all left, or nearly all right."""
    a, b = _CARELESS
    either: Floats = np.logaddexp(_chance(left, decided, a, b), _chance(left, decided, b, a)) - np.log(2)
    return either


def ties(tied: Index, n: Index, honest: Habit) -> Floats:
    """Return the evidence that a voter nearly always ties: `tied` of `n` votes have no winner."""
    evidence: Floats = _careless_ties(tied, n) - _chance(tied, n, *honest.beta)
    return evidence


def _careless_ties(tied: Index, n: Index) -> Floats:
    return _chance(tied, n, *_CARELESS)


def others(S: Floats, C: Floats, taste: float) -> Floats:
    """Return the evidence that a voter votes at random, or against the others. S are the sums of shift z and C those of
    shift^2 over a voter's votes (`exchangeability.Scores`); `taste` is the standard deviation of honest distances."""
    evidence: Floats = _careless_distance(S, C) - _chance_of_distance(S, C, taste)
    return evidence


def _careless_distance(S: Floats, C: Floats) -> Floats:
    """The distance of random votes, 1, or of opposite ones, 2."""
    either: Floats = np.logaddexp(S - C / 2, 2 * S - 2 * C) - np.log(2)
    return either


def _chance(k: Index, n: Index, a: float, b: float) -> Floats:
    """Log-probability of one order of k hits in n if the share is Beta(a, b)."""
    chance: Floats = betaln(a + k, b + n - k) - betaln(a, b)
    return chance


def _chance_of_distance(S: Floats, C: Floats, taste: float) -> Floats:
    """Log of how many times likelier scores are under distances N(0, taste^2) than under no distance at all."""
    widened = 1 + taste**2 * C
    chance: Floats = taste**2 * S**2 / (2 * widened) - np.log(widened) / 2
    return chance


def habits(n: Index, decided: Index, left: Index, disagreement: Floats, information: Floats) -> Habits:
    """The likeliest honest habits, given that some voters are careless, then widened; from the sums over all votes of
    each voter, (U,) each."""
    grid = np.linspace(*_TASTES, 86)
    careless = _careless_distance(disagreement, information)
    likelihood = [_mixed(_chance_of_distance(disagreement, information, taste), careless) for taste in grid]
    return Habits(
        left=_likeliest(left, decided, _careless_sides(left, decided), *_SIDES).widened(_WIDER),
        ties=_likeliest(n - decided, n, _careless_ties(n - decided, n), *_TIES).widened(_WIDER),
        taste=_WIDER * float(grid[np.argmax(likelihood)]),
    )


def _likeliest(k: Index, n: Index, careless: Floats, means: tuple[float, float], weights: tuple[float, float]) -> Habit:
    """The Beta distribution of honest shares under which k hits in n, (U,) each, are likeliest, within the bounds."""

    def loss(at: Floats) -> float:
        return -_mixed(_chance(k, n, *Habit(float(at[0]), float(np.exp(at[1]))).beta), careless)

    bounds = [means, tuple(np.log(weights))]
    found = minimize(loss, [np.mean(bound) for bound in bounds], bounds=bounds, method="L-BFGS-B")
    return Habit(float(found.x[0]), float(np.exp(found.x[1])))


def _mixed(honest: Floats, careless: Floats) -> float:
    """Log-likelihood if some voters are careless."""
    return float(np.logaddexp(np.log1p(-_CARELESS_VOTERS) + honest, np.log(_CARELESS_VOTERS) + careless).sum())
