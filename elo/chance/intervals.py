"""Intervals of ratings, from the bootstrap or from a covariance.

In every round the bootstrap draws a new count for every cell, Poisson with the count seen as its mean, fits again, and
takes percentiles; drawing votes instead would cost more with every vote and give the same spread. The prior is part of
every round. The sandwich H^-1 G H^-1 is its closed form, and is also used for weighted votes and models of ties. For
votes in clusters the jackknife replaces both (`clusters`). All of them shrink to nothing for a model that never lost,
and where nearly all votes are ties, so `auto` gives a short record the inverse Hessian, which is too wide rather than
too narrow (`short_records`).

    asked for   one by one                              weighted, a model of ties,      in clusters
                                                        or all models at once
    auto        bootstrap, Hessian for short records    sandwich, Hessian for short     jackknife, Hessian for short
    bootstrap   bootstrap                               bootstrap (models of ties)      jackknife
    sandwich    sandwich                                sandwich                        jackknife

Each interval is for one model: 95 % of them contain the true rating, so on a board of twenty one usually does not.
Ranks make a claim about all models at once, so they use `differences` instead.

    K models, M pairs that met, R rounds
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from elo.battles import Floats, Index, Pairs
from elo.chance import short_records, simultaneous
from elo.chance.differences import Differences, differences
from elo.chance.poisson import DrawnCounts, draw
from elo.chance.sandwich import clustered, lost_to_leverage, sandwich
from elo.chance.short_records import ShortRecords
from elo.fit import ties
from elo.fit.bradley_terry import Fit, Likelihood, centred, fit_rounds, has_maximum
from elo.fit.clusters import Clusters
from elo.fit.components import components
from elo.fit.pointwise import pointwise
from elo.fit.ties import TieFit
from elo.settings import Settings

IntervalKind = Literal["bootstrap", "sandwich", "jackknife", "hessian", "none"]
ReportRounds = Callable[[int, int], None]
"""Called with (rounds done, rounds in all) during a bootstrap."""

_BLOCK = 2**18  # (M, R) values: the size of a core's cache
_BLOCK_OF_MATRICES = 2**22  # (R, K, K) values: 32 MB


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """Bounds in log-odds around ratings whose fixed mean is 0, (K,) each, and the kind of each model's."""

    low: Floats
    high: Floats
    kind: tuple[IntervalKind, ...]
    covariance: Floats
    """(K, K): of the ratings under the gauge, plus independent variance for short records."""
    rounds: Floats | None
    """(R, K): ratings as chance could have made them, under the gauge: the bootstrap's rounds, or as many random draws
    if bounds come from `covariance`, plus independent noise for short records. They give the chance that one model is
    better than another. None for no rounds."""
    differences: Differences
    """Which models are better than others, for all pairs at once."""
    reach: float | None = None
    """Standard errors from a rating to its bounds: 1.96, and more for simultaneous intervals or few clusters. None:
    bounds are percentiles."""
    agreement: float | None = None
    """Width of bootstrap intervals over sandwich ones, median of the models: near 1 if both can be trusted."""
    n_clusters: int | None = None

    @property
    def freedom(self) -> int | None:
        """Degrees of freedom of `covariance`, one fewer than clusters; None: many, so the normal law is used."""
        return _freedom(self.n_clusters)


def _freedom(n_clusters: int | None) -> int | None:
    return None if n_clusters is None or n_clusters < 2 else n_clusters - 1


def intervals(
    pairs: Pairs,
    fit: Fit | TieFit,
    settings: Settings,
    *,
    gauge: Floats | None = None,
    clusters: Clusters | None = None,
    progress: ReportRounds | None = None,
    kept: DrawnCounts | None = None,
) -> Intervals | None:
    """The intervals that the settings ask for; None for a bootstrap of no rounds.

    `gauge` (K,) are the weights, with sum 1, of the mean that is fixed; None: 1/K each. `clusters` are those of the
    votes of `pairs`; `kept` are an earlier board's counts (see `poisson.draw`). Without a prior a round can have no
    maximum; then all intervals are of the kind sandwich.
    Raises ClusterError (see `clusters.jackknife`).
    """
    likelihood, group = Likelihood.of(pairs, prior=settings.prior), components(pairs)
    if clusters is not None:
        short = short_records.of_clusters(likelihood, fit, clusters)
        covariance = np.zeros((pairs.n_models, pairs.n_models))
        # With a single cluster there is no jackknife, and every record is short.
        if clusters.n_clusters > 1 or settings.interval != "auto":
            covariance = clustered(likelihood, fit, clusters)
        return of_covariance(
            fit.ratings, covariance, "jackknife", settings, short=short, group=group, gauge=gauge, clusters=clusters
        )
    is_plain = isinstance(fit, Fit) and pairs.won2 is None
    wants_rounds = settings.interval == "bootstrap" or (settings.interval == "auto" and is_plain)
    if wants_rounds and not settings.bootstrap and not settings.simultaneous:
        return None
    covariance, short = sandwich(likelihood, pairs, fit), short_records.of_votes(likelihood, pairs, fit)
    lost, rounds = lost_to_leverage(likelihood, pairs, fit), None
    if wants_rounds and settings.bootstrap:
        rounds = bootstrap(likelihood, pairs, fit, settings, progress=progress, kept=kept)
        if rounds is None and not settings.simultaneous:
            settings = replace(settings, interval="sandwich")
        elif rounds is not None and not settings.simultaneous:
            return _of_rounds(fit.ratings, rounds, covariance, settings, short, group, lost, gauge)
    return of_covariance(
        fit.ratings, covariance, "sandwich", settings, short=short, group=group, lost=lost, gauge=gauge, rounds=rounds
    )


def of_covariance(
    ratings: Floats,
    covariance: Floats,
    kind: IntervalKind,
    settings: Settings,
    *,
    short: ShortRecords,
    group: Index,
    lost: Floats | None = None,
    gauge: Floats | None = None,
    clusters: Clusters | None = None,
    rounds: Floats | None = None,
) -> Intervals:
    """Intervals of a number of standard errors to either side, from ratings (K,) and their covariance (K, K) with the
    plain mean fixed, estimated from these clusters (None: votes one by one).

    With `interval` auto a short record has the inverse Hessian's variance, if that is larger. Only the differences use
    `group` (K,), the components; `lost` (K, K), what the covariance lacks (see `lost_to_leverage`); and `rounds` (R,
    K), the bootstrap's, if any.
    """
    kinds: list[IntervalKind] = [kind] * len(ratings)
    n_clusters = None if clusters is None else clusters.n_clusters
    freedom = _freedom(n_clusters)
    whole = covariance
    if settings.interval == "auto":
        whole = covariance + np.diag(short.lacking(covariance))
        kinds = ["hessian" if is_short else kind for is_short in short.is_short]
    apart = _differences(
        ratings, covariance, settings, short=short, group=group, lost=lost, clusters=clusters, rounds=rounds
    )
    own, full, ratings = projected(covariance, gauge), projected(whole, gauge), _shifted(ratings, gauge)
    if settings.simultaneous:
        reach = simultaneous.quantile(full, level=settings.level, freedom=freedom, seed=settings.seed)
        errors = reach * _errors(full)
    else:
        reach = pointwise(settings.level, freedom)
        # The variance that the Hessian adds is not estimated from clusters.
        errors = np.maximum(reach * _errors(own), pointwise(settings.level) * _errors(full))
    drawn = None
    if settings.bootstrap:
        drawn = simultaneous.draws(full, settings.bootstrap, freedom=freedom, seed=settings.seed)
        drawn = ratings + _shifted(drawn, gauge)
    return Intervals(
        ratings - errors, ratings + errors, tuple(kinds), full, drawn, apart, reach=reach, n_clusters=n_clusters
    )


def _of_rounds(
    ratings: Floats,
    rounds: Floats,
    covariance: Floats,
    settings: Settings,
    short: ShortRecords,
    group: Index,
    lost: Floats,
    gauge: Floats | None,
) -> Intervals:
    tail = (1 - settings.level) / 2
    low, high = np.quantile(_shifted(rounds, gauge), [tail, 1 - tail], axis=0)
    kinds: list[IntervalKind] = ["bootstrap"] * len(ratings)
    errors, middle = _errors(projected(covariance, gauge)), _shifted(ratings, gauge)
    is_used = errors > 0
    apart = _differences(ratings, covariance, settings, short=short, group=group, lost=lost, rounds=rounds)
    if settings.interval == "auto":
        wide = pointwise(settings.level) * _errors(projected(short.covariance, gauge))
        for m in np.flatnonzero(short.is_short):
            low[m], high[m], kinds[m] = middle[m] - wide[m], middle[m] + wide[m], "hessian"
        is_used &= ~short.is_short
        lacking = np.diag(short.lacking(covariance))
        covariance, rounds = covariance + lacking, _noisy(rounds, lacking, settings)
    ratios = (high - low)[is_used] / (2 * pointwise(settings.level) * errors[is_used])
    return Intervals(
        low,
        high,
        tuple(kinds),
        projected(covariance, gauge),
        _shifted(rounds, gauge),
        apart,
        agreement=float(np.median(ratios)) if ratios.size else None,
    )


def _differences(
    ratings: Floats,
    covariance: Floats,
    settings: Settings,
    *,
    short: ShortRecords,
    group: Index,
    lost: Floats | None,
    clusters: Clusters | None = None,
    rounds: Floats | None = None,
) -> Differences:
    """Short records have the inverse Hessian's variance here with any kind of interval: for two votes that agree,
    no other estimate shows how uncertain they are. Nor do `simultaneous` bounds change a difference."""
    lacking = np.diag(short.lacking(covariance))
    return differences(
        covariance + lacking if lost is None else covariance + lacking + lost,
        group,
        level=settings.level,
        seed=settings.seed,
        least=short.of_differences(),
        clusters=clusters,
        rounds=None if rounds is None else _noisy(rounds, lacking, settings) - ratings,
    )


def _noisy(rounds: Floats, covariance: Floats, settings: Settings) -> Floats:
    """Rounds (R, K) with independent noise of this covariance (K, K)."""
    return rounds if not covariance.any() else rounds + simultaneous.draws(covariance, len(rounds), seed=settings.seed)


def _errors(covariance: Floats) -> Floats:
    """Standard errors; exactly 0 where a gauge leaves only rounding errors."""
    own = np.diag(covariance)
    errors: Floats = np.sqrt(np.where(own > 1e-12 * own.max(initial=0.0), own, 0.0))
    return errors


def _shifted(ratings: Floats, gauge: Floats | None) -> Floats:
    """Ratings (K,), or rounds (R, K), with the gauge's mean at 0 instead of the plain one."""
    if gauge is None:
        return ratings
    shifted: Floats = ratings - np.sum(ratings * gauge, axis=-1, keepdims=True)
    return shifted


def projected(covariance: Floats, gauge: Floats | None) -> Floats:
    """(K, K): the covariance of ratings with a fixed mean of weights g (K,), None: 1/K each: (I - 1 g') C (I - g 1').

    Anchor a: the variance of m becomes C_mm + C_aa - 2 C_ma, and the anchor's becomes 0.
    """
    if gauge is None:
        return centred(covariance)
    rows = covariance - np.sum(gauge[:, None] * covariance, axis=0, keepdims=True)
    both: Floats = rows - np.sum(rows * gauge, axis=1, keepdims=True)
    return both


def bootstrap(
    likelihood: Likelihood,
    pairs: Pairs,
    fit: Fit | TieFit,
    settings: Settings,
    *,
    progress: ReportRounds | None = None,
    kept: DrawnCounts | None = None,
) -> Floats | None:
    """(rounds, K): ratings in log-odds, each row with mean 0, from rounds of Poisson counts; None if a round has no
    maximum (possible only without a prior, or without a tie under a model of ties)."""
    counts = np.stack([pairs.won, pairs.lost, pairs.tied], axis=1).astype(np.int64)
    n_rounds = settings.bootstrap
    ratings = np.empty((n_rounds, pairs.n_models))
    block = min(_BLOCK // len(pairs.a), _BLOCK_OF_MATRICES // pairs.n_models**2)
    for first, drawn in draw(counts.ravel(), n_rounds, seed=settings.seed, block=block, kept=kept):
        drawn[:, n_rounds - first :] = drawn[:, :1]  # rounds beyond the last one are not used
        found = _fitted(likelihood, pairs, drawn[0::3], drawn[1::3], drawn[2::3], fit)
        if found is None:
            return None
        done = min(first + found.shape[1], n_rounds)
        ratings[first:done] = found.T[: done - first]
        if progress:
            progress(done, n_rounds)
    return ratings


def _fitted(
    likelihood: Likelihood, pairs: Pairs, won: Floats, lost: Floats, tied: Floats, fit: Fit | TieFit
) -> Floats | None:
    """(K, R): the ratings of rounds of counts, (M, R) each; None if one has no maximum."""
    prior, R = likelihood.prior, won.shape[1]
    if isinstance(fit, TieFit):
        if not all(ties.has_maximum(pairs, won[:, i], lost[:, i], tied[:, i], prior=prior) for i in range(R)):
            return None
        return ties.fit_rounds(pairs, won, lost, tied, fit, prior=prior)
    y, n = won + tied / 2, won + lost + tied
    if not prior and not all(has_maximum(pairs, y[:, i], n[:, i]) for i in range(R)):
        return None
    return fit_rounds(likelihood, y, n, fit)
