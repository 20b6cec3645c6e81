"""How far chance could have moved a rating: the bootstrap, the sandwich, and the inverse Hessian for short records.

The bootstrap draws a count for every cell anew, Poisson with the count seen as its mean, fits again, and takes
percentiles; to draw whole votes instead would cost more with every vote and give the same spread. The prior is kept in
every round. The sandwich H^-1 G H^-1 is its closed form. Both shrink to nothing for a model that never lost, and where
nearly all are ties, so `auto` gives a model with under three points won or lost, or with under three battles that were
no tie, the inverse Hessian, which is too wide rather than too narrow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from elo.battles import Floats, Pairs, record
from elo.bradley_terry import Fit, Likelihood, centred, fit_rounds, has_maximum, sigma
from elo.poisson import draw
from elo.settings import Settings

Kind = Literal["bootstrap", "sandwich", "hessian", "none"]
Progress = Callable[[int, int], None]
"""Is told (rounds done, rounds in all) on the way."""

FEW_POINTS = 3.0
_BLOCK = 2**18  # (M, R) values: what a core's cache holds
_BLOCK_OF_MATRICES = 2**22  # (R, K, K) values: 32 MB


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Bounds in log-odds around ratings with mean 0, (K,) each, and how each model's were made."""

    low: Floats
    high: Floats
    kind: tuple[Kind, ...]


def intervals(pairs: Pairs, fit: Fit, settings: Settings, *, progress: Progress | None = None) -> Intervals | None:
    """The intervals that the settings ask for; None for a bootstrap of no rounds.

    Without a prior a round can have no maximum; then every interval is the sandwich's and says so.
    """
    likelihood = Likelihood.of(pairs, prior=settings.prior)
    if settings.interval == "sandwich":
        return _normal(fit, sandwich(likelihood, pairs, fit), "sandwich", settings)
    if not settings.bootstrap:
        return None
    rounds = bootstrap(likelihood, pairs, fit, settings, progress=progress)
    if rounds is None:
        return _normal(fit, sandwich(likelihood, pairs, fit), "sandwich", settings)
    tail = (1 - settings.level) / 2
    low, high = np.quantile(rounds, [tail, 1 - tail], axis=0)
    kinds: list[Kind] = ["bootstrap"] * pairs.n_models
    if settings.interval == "auto":
        points = record(pairs)
        wide = _normal(fit, centred(fit.inverse), "hessian", settings)
        is_short = (np.minimum(points.won, points.lost) < FEW_POINTS) | (points.decided < FEW_POINTS)
        for m in np.flatnonzero(is_short):
            low[m], high[m], kinds[m] = wide.low[m], wide.high[m], "hessian"
    return Intervals(low, high, tuple(kinds))


def _normal(fit: Fit, covariance: Floats, kind: Kind, settings: Settings) -> Intervals:
    reach = NormalDist().inv_cdf((1 + settings.level) / 2) * np.sqrt(np.diag(covariance))
    return Intervals(fit.ratings - reach, fit.ratings + reach, (kind,) * len(reach))


def sandwich(likelihood: Likelihood, pairs: Pairs, fit: Fit) -> Floats:
    """(K, K): the covariance of the ratings when votes are independent, whatever law they follow: P H^-1 G H^-1 P, with
    G the squared scores of the votes (a tie's residual is 1/2 - p) and, where there is a prior, of its virtual ties."""
    p, q = likelihood.chances(fit.r)
    squares = pairs.won * q**2 + pairs.lost * p**2 + pairs.tied * (0.5 - p) ** 2
    K = pairs.n_models
    G = np.zeros((K, K))
    G[pairs.a, pairs.b] = G[pairs.b, pairs.a] = -squares
    G[np.arange(K), np.arange(K)] = likelihood.degree @ squares
    if likelihood.prior:
        G[np.arange(K), np.arange(K)] += likelihood.prior * (0.5 - sigma(fit.r)) ** 2
    return centred(fit.inverse @ G @ fit.inverse)


def bootstrap(
    likelihood: Likelihood, pairs: Pairs, fit: Fit, settings: Settings, *, progress: Progress | None = None
) -> Floats | None:
    """(rounds, K): ratings in log-odds, each row with mean 0, of as many rounds of Poisson counts; None where some
    round has no maximum (that can only be without a prior)."""
    counts = np.stack([pairs.won, pairs.lost, pairs.tied], axis=1).astype(np.int64)
    n_rounds = settings.bootstrap
    ratings = np.empty((n_rounds, pairs.n_models))
    block = min(_BLOCK // len(pairs.a), _BLOCK_OF_MATRICES // pairs.n_models**2)
    for first, drawn in draw(counts.ravel(), n_rounds, seed=settings.seed, block=block):
        won, lost, tied = drawn[0::3], drawn[1::3], drawn[2::3]
        y, n = won + tied / 2, won + lost + tied
        if not settings.prior and not all(has_maximum(pairs, y[:, i], n[:, i]) for i in range(y.shape[1])):
            return None
        done = min(first + y.shape[1], n_rounds)
        ratings[first:done] = fit_rounds(likelihood, y, n, fit).T[: done - first]
        if progress:
            progress(done, n_rounds)
    return ratings
