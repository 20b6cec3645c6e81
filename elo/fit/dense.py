"""The maximum of one Bradley-Terry likelihood, where most models met: with K x K matrices instead of lists of pairs.

Sums over the pairs of a model are then sums of rows, and no exponential is needed but one for each model:
P(i beats j) = w_i / (w_i + w_j) with w = e^r. It is for the common case only, and leaves all others to
`bradley_terry`.

    K models
"""

from dataclasses import dataclass

import numpy as np
from numpy.linalg import LinAlgError

from elo.battles import Floats, Pairs
from elo.fit.convergence import CONVERGED

_MOST_MODELS = 400
_LEAST_SHARE = 0.25
_FULL_SPREAD = 0.5
"""Largest change of a difference of ratings, in log-odds, up to which a step is taken in full."""


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """The ratings `r` (K,), minus the Hessian there (K, K), the steps, and the largest gradient there."""

    r: Floats
    information: Floats
    iterations: int
    largest_gradient: float


def is_dense(pairs: Pairs) -> bool:
    """Whether at least a quarter of all pairs met, of at most 400 models."""
    K = pairs.n_models
    return K <= _MOST_MODELS and len(pairs.a) >= _LEAST_SHARE * K * (K - 1) / 2


def maximum(pairs: Pairs, prior: float, *, most_steps: int) -> Maximum | None:
    """By Newton's method in full steps. None where it does not converge in these.

    A step in which differences of ratings change by at most D leaves at most e^D D^2 / 2 of each pair's term in the
    gradient, in log-odds of that pair, because |sigma''| <= sigma'. The next step fits ratings to these remainders, and
    such a fit is a mean over spanning trees, with at most K - 1 pairs between two models; so it changes a difference by
    at most (K - 1) e^D D^2 / 2. Where that is below `CONVERGED`, the next step is not needed.
    """
    problem = _Problem.of(pairs, prior)
    r, last = problem.begin(), np.inf
    for iterations in range(1, most_steps + 1):
        slope, information = problem.at(r)
        try:
            step = np.linalg.solve(information, slope)
            least, most = step.min(), step.max()
            size, spread = max(-least, most), most - least
            if not (size < last / 2 and spread < _FULL_SPREAD):  # also if it is not a number
                return None
            r, last = r + step, size
            if size < CONVERGED or (not prior and len(r) * np.exp(spread) * spread**2 / 2 < CONVERGED):
                slope, information = problem.at(r)
                np.linalg.cholesky(information)  # of a maximum: it is positive definite
                return Maximum(r, information, iterations, float(np.abs(slope).max()))
        except LinAlgError:
            return None
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    points: Floats
    """(K, K): of each model against each other."""
    games: Floats
    prior: float

    @classmethod
    def of(cls, pairs: Pairs, prior: float) -> "_Problem":
        K, y, n = pairs.n_models, pairs.points, pairs.games
        ab, ba = pairs.a * K + pairs.b, pairs.b * K + pairs.a
        points, games = np.zeros((2, K * K))
        points[ab], points[ba] = y, n - y
        games[ab] = games[ba] = n
        return cls(points.reshape(K, K), games.reshape(K, K), prior)

    def begin(self) -> Floats:
        """(K,): near the maximum: log-odds of each model's share of the points, with half a point more won and lost,
        and from there one step of Jacobi's method, which uses the diagonal of the information alone."""
        more, one = (1 + self.prior) / 2, np.ones(len(self.points))
        r = np.log((self.points @ one + more) / (one @ self.points + more))
        if not self.prior:
            r -= r.mean()
        p, q = _chances(r)
        r += self._slope(r, q) / (((self.games * p * q) @ one) + self._curvature(r))
        return r if self.prior else r - r.mean()

    def at(self, r: Floats) -> tuple[Floats, Floats]:
        """(K,) and (K, K): the gradient, and minus the Hessian, made invertible as in `Likelihood.laplacian`."""
        p, q = _chances(r)
        slope = self._slope(r, q)
        information = self.games * p
        information *= q
        curvature = information @ np.ones(len(r)) + self._curvature(r)
        np.negative(information, out=information)
        information.ravel()[:: len(r) + 1] = curvature
        if not self.prior:
            information += curvature.mean() / len(r)
        return slope, information

    def _curvature(self, r: Floats) -> Floats | float:
        """(K,): of the prior."""
        return self.prior / (2 + np.exp(r) + np.exp(-r)) if self.prior else 0.0

    def _slope(self, r: Floats, q: Floats) -> Floats:
        lost, one = self.points * q, np.ones(len(r))  # y q of each pair, in both directions
        slope: Floats = lost @ one - one @ lost
        return slope + self.prior * (0.5 - 1 / (1 + np.exp(-r))) if self.prior else slope


def _chances(r: Floats) -> tuple[Floats, Floats]:
    """(K, K) each: P(i beats j) and P(j beats i)."""
    w = np.exp(r)
    share = 1 / (w[:, None] + w)
    return w[:, None] * share, w * share
