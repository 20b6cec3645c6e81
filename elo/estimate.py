"""From votes or counts to ratings with intervals, as arrays: the one place that knows which fit the settings ask for.

    ignored outcomes out -> weights -> one of three fits (bradley_terry, ties, contextual) -> gauge -> intervals

Boards, matrices and plans are made from an `Estimate`. It holds no likelihood and no interval of its own.

    K models, N votes
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock

import numpy as np
from threadpoolctl import ThreadpoolController

from db.outcome import Outcome
from elo.battles import Cells, Floats, Index, MissingDataError, Pairs, Votes, components, names, record
from elo.chance import short_records
from elo.chance.intervals import Intervals, Progress, intervals, of_covariance, tie_error
from elo.fit import bradley_terry, ties
from elo.fit.bradley_terry import Fit, Likelihood, NoMaximumError, sigma
from elo.fit.clusters import Clusters
from elo.fit.coefficient import Coefficient
from elo.fit.contextual import fit_contextual
from elo.fit.covariates import covariates
from elo.fit.gauge import Gauge
from elo.fit.pointwise import pointwise
from elo.fit.ties import TieFit
from elo.fit.weights import is_weighted, vote_weights, weighted_pairs
from elo.settings import Settings

_FARTHEST = 700.0  # e to the power of little more is beyond any float


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Ratings of K models and how well they are known, in log-odds, under the gauge: its mean is 0."""

    cells: Cells
    """All votes, counted."""
    counted: Pairs
    """The same by pair."""
    pairs: Pairs
    """What was fitted: without ties that are ignored and votes that are left out, and with weights."""
    gauge: Gauge
    fit: Fit | TieFit
    ratings: Floats
    bounds: Intervals | None
    tie: Coefficient | None = None
    """Of a model of ties: log nu (Davidson) or log theta (Rao-Kupper); None where half a win is all that a tie is, or
    where there are none."""
    coefficients: tuple[Coefficient, ...] = ()
    """Of `control`, as `contextual` says."""
    n_left_out: int = 0
    """Votes of which a covariate is not known."""
    unused: tuple[str, ...] = ()
    """Covariates without a coefficient: they differ in no battle."""
    plain: Floats | None = None
    """(K,): the ratings if every vote weighed the same; None where it does."""

    @property
    def group(self) -> Index:
        """(K,): the component of each model, by what was fitted: only within one can ratings be compared."""
        return components(self.pairs)

    def expected_score(self, d: Floats) -> Floats:
        """The points that a model expects against one whose rating is lower by d: wins and half the ties."""
        if isinstance(self.fit, TieFit):
            won, _, tied = self.fit.chances(d)
            score: Floats = won + tied / 2
            return score
        return sigma(d)


def estimate(data: Cells | Votes, settings: Settings, *, progress: Progress | None = None) -> Estimate:
    """The Bradley-Terry ratings of all models with a vote; at least one vote. Counts, `Cells`, are enough unless
    `settings.needs_votes`; votes on prepared pairs must come as `Votes`, so that intervals know what hangs together.

    Raises:
        MissingDataError: the votes lack what the settings ask for: an anchor, a voter, a time.
        NoMaximumError: no ratings are the likeliest (without a prior, or where all votes are ties); it names models.
        ClusterError: the clusters are too few for intervals, or one of them carries the scale.
        ConvergenceError: Newton's method did not arrive.
    """
    with one_thread():
        return _estimate(data, settings, progress)


def _estimate(data: Cells | Votes, settings: Settings, progress: Progress | None) -> Estimate:
    votes = data if isinstance(data, Votes) else None
    cells = Cells.from_votes(data) if isinstance(data, Votes) else data
    if votes is None and settings.needs_votes:
        raise MissingDataError("these settings need the votes one by one, and only their counts came; give Votes")
    all_cells, counted = cells, cells.pairs()
    gauge = Gauge.of(counted.models, record(counted).battles, settings)
    if (outcomes := rated_outcomes(settings)) != tuple(Outcome):
        cells = cells.only(outcomes)
        votes = votes and votes.select(np.isin(votes.outcome, outcomes))
        if not cells.n_votes:
            there = names(counted.models, range(counted.n_models))
            raise NoMaximumError(
                f"all votes on {there} are of outcomes that are left out; use ties 'half', both_bad 'tie'"
            )
    if settings.control and votes is not None:
        return _with_covariates(votes, all_cells, gauge, settings)
    pairs = weighted_pairs(cells, votes, settings)
    fit = _fitted(pairs, settings)
    clusters = None
    if votes is not None:
        weights = vote_weights(votes, settings) if is_weighted(settings) else None
        clusters = Clusters.of(votes, counted.models, settings, weights)
    bounds = intervals(pairs, fit, settings, gauge=gauge.weights, clusters=clusters, progress=progress)
    return Estimate(
        all_cells,
        counted,
        pairs,
        gauge,
        fit,
        gauge.centred(fit.ratings),
        bounds,
        tie=_tie(pairs, fit, clusters, bounds, settings) if isinstance(fit, TieFit) else None,
        plain=gauge.centred(_fitted(cells.pairs(), settings).ratings) if is_weighted(settings) else None,
    )


def rated_outcomes(settings: Settings) -> tuple[Outcome, ...]:
    """The outcomes that are in the fit."""
    tie = () if settings.ties == "ignore" else (Outcome.TIE,)
    both_bad = (Outcome.BOTH_BAD,) if tie and settings.both_bad == "tie" else ()
    return (Outcome.A, Outcome.B, *tie, *both_bad)


def _fitted(pairs: Pairs, settings: Settings) -> Fit | TieFit:
    if settings.ties == "davidson" or settings.ties == "rao-kupper":
        return ties.fit(pairs, settings.ties, prior=settings.prior)
    return bradley_terry.fit(pairs, prior=settings.prior)


def _tie(
    pairs: Pairs, fit: TieFit, clusters: Clusters | None, bounds: Intervals | None, settings: Settings
) -> Coefficient:
    """With an interval that is normal in log nu (Davidson) and in log eta (Rao-Kupper: eta is above 0)."""
    error = tie_error(Likelihood.of(pairs, prior=settings.prior), pairs, fit, clusters)
    reach = pointwise(settings.level, None if bounds is None else bounds.freedom) * error
    if fit.model == "davidson":
        return Coefficient("log nu", fit.tie, fit.tie - reach, fit.tie + reach)
    factor = math.exp(min(reach / fit.tie, _FARTHEST))
    return Coefficient("log theta", fit.tie, fit.tie / factor, fit.tie * factor)


def _with_covariates(votes: Votes, cells: Cells, gauge: Gauge, settings: Settings) -> Estimate:
    weights, all_votes = None, votes
    if is_weighted(settings):
        weights = vote_weights(votes, settings)
        has_faded = weights <= 0
        votes, weights = votes.select(~has_faded), weights[~has_faded]
    found = fit_contextual(votes, cells.models, settings, weights)
    fit, likelihood = found.fit, Likelihood.of(found.pairs, prior=settings.prior)
    is_used = covariates(votes, settings.control).is_known
    used_weights = None if weights is None else weights[is_used]
    clusters = Clusters.of(votes.select(is_used), cells.models, settings, used_weights)
    if clusters is None:
        short = short_records.of_votes(likelihood, found.pairs, fit)
    else:
        short = short_records.of_clusters(likelihood, fit, clusters)
    bounds = of_covariance(
        fit.ratings,
        found.covariance,
        found.kind,
        settings,
        short=short,
        gauge=gauge.weights,
        n_clusters=None if clusters is None else clusters.n_clusters,
    )
    plain = None
    if is_weighted(settings):
        plain = gauge.centred(fit_contextual(all_votes, cells.models, settings).fit.ratings)
    return Estimate(
        cells,
        cells.pairs(),
        found.pairs,
        gauge,
        fit,
        gauge.centred(fit.ratings),
        bounds,
        coefficients=found.coefficients,
        n_left_out=found.n_left_out,
        unused=found.unused,
        plain=plain,
    )


_LOCK = Lock()  # the number of threads belongs to the process: two that change it in turns would restore a wrong one


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, numpy's and scipy's linear algebra run on one thread, in the whole process; others wait to enter.

    So ratings have the same bits however many threads a machine gives: beyond some 120 models the libraries share a
    factorization among threads, and its last digits depend on how many there are. Nothing of ours is slower: the
    matrices are small, and the bootstrap, which takes the time, multiplies none.
    """
    with _LOCK, _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()
