"""Fit the ratings and intervals that the settings ask for.

It has two steps:

    fit      ignored outcomes out -> weights -> one of three fits (bradley_terry, ties, contextual) -> gauge
    spread   how far chance could have moved these ratings: intervals, and bounds of what else was estimated

`board.leaderboard.board_from` makes the third step. All is in log-odds and arrays here; this module has no likelihood
and no interval of its own.

    K models, N votes
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import ThreadpoolController

from db.outcome import Outcome
from elo.battles import Cells, Floats, Index, MissingDataError, Pairs, Votes, names, record
from elo.chance import short_records
from elo.chance.intervals import Intervals, ReportRounds, intervals, of_covariance
from elo.chance.poisson import DrawnCounts
from elo.chance.sandwich import lost_to_leverage, tie_error
from elo.chance.voters import VoterEffect, effect_of_voters
from elo.fit import bradley_terry, ties
from elo.fit.bradley_terry import Fit, Likelihood, NoMaximumError, centred, sigma
from elo.fit.clusters import Clusters
from elo.fit.coefficient import Coefficient
from elo.fit.components import components
from elo.fit.gauge import Gauge
from elo.fit.pointwise import pointwise
from elo.fit.ties import TieFit
from elo.fit.weights import is_weighted, vote_weights, weighted_pairs
from elo.settings import Settings, looks_at_voters

if TYPE_CHECKING:  # the fit with covariates is loaded where it is asked for
    from elo.fit.contextual import ContextualFit

_FARTHEST = 700.0  # e to the power of a little more is beyond any float


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The likeliest ratings of K models, in log-odds, under the gauge: its mean is 0."""

    settings: Settings
    cells: Cells
    """All votes, counted."""
    counted: Pairs
    """The same by pair."""
    pairs: Pairs
    """What was fitted: without ignored ties and left-out votes, and with weights."""
    gauge: Gauge
    group: Index
    """(K,): the component of each model in the fit; ratings can be compared only within one."""
    fit: Fit | TieFit
    ratings: Floats
    contextual: "ContextualFit | None" = None
    """The fit with the coefficients of `control`, if any."""
    plain: Floats | None = None
    """(K,): the ratings if every vote weighed the same; None where it does."""
    votes: Votes | None = None
    """The votes of the fit one by one, from which `spread` makes clusters; None where only counts came."""
    weights: Floats | None = None
    """Those of `votes`; None: 1 each."""

    def expected_score(self, d: Floats) -> Floats:
        """The points that a model expects against one rated lower by d: wins and half the ties."""
        if isinstance(self.fit, TieFit):
            won, _, tied = self.fit.chances(d)
            score: Floats = won + tied / 2
            return score
        return sigma(d)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How well an estimate is known."""

    intervals: Intervals | None
    """None for a bootstrap of no rounds."""
    tie: Coefficient | None = None
    """Of a model of ties: log nu (Davidson) or log theta (Rao-Kupper); None without such a model or without ties."""
    coefficients: tuple[Coefficient, ...] = ()
    """Of `control`, see `contextual`."""
    voters: VoterEffect | None = None
    """With cluster auto: what votes by one voter do to the intervals; None if too few voters are known."""


def fit(data: Cells | Votes, settings: Settings) -> Estimate:
    """The Bradley-Terry ratings of all models with a vote; at least one vote. Counts (`Cells`) are enough unless
    `settings.needs_votes`; votes on prepared pairs must come as `Votes`, so that `spread` can cluster them.

    Raises:
        MissingDataError: the votes lack what the settings ask for: an anchor, a voter, a time.
        NoMaximumError: no ratings are the likeliest (without a prior, or where all votes are ties); it names models.
        ConvergenceError: Newton's method did not converge.
    """
    votes = data if isinstance(data, Votes) else None
    if votes is None and settings.needs_votes:
        raise MissingDataError("these settings need the votes one by one, and only their counts were given; pass Votes")
    with one_thread():
        cells = Cells.from_votes(data) if isinstance(data, Votes) else data
        rated, votes = _rated(cells, votes, settings)
        if settings.control and votes is not None:
            return _fit_with_covariates(votes, cells, settings)
        pairs, counted = weighted_pairs(rated, votes, settings), cells.pairs()
        gauge = Gauge.of(counted.models, record(counted).battles, settings)
        fitted = _fit_pairs(pairs, settings)
        has_weights = is_weighted(settings)
        return Estimate(
            settings=settings,
            cells=cells,
            counted=counted,
            pairs=pairs,
            gauge=gauge,
            group=components(pairs),
            fit=fitted,
            ratings=gauge.centred(fitted.ratings),
            plain=gauge.centred(_fit_pairs(rated.pairs(), settings).ratings) if has_weights else None,
            votes=votes,
            weights=vote_weights(votes, settings) if has_weights and votes is not None else None,
        )


def spread(found: Estimate, *, progress: ReportRounds | None = None, kept: DrawnCounts | None = None) -> Spread:
    """Intervals of the kind that the settings and the votes ask for (see `chance.intervals`). With `kept`, the
    bootstrap's counts of an earlier call, only those of changed cells are drawn again; the result is the same.

    Raises:
        MissingDataError: intervals by cluster need a column that the votes do not have.
        ClusterError: the clusters are too few for intervals, or one of them carries the scale.
        ConvergenceError: Newton's method did not converge in a round of the bootstrap.
    """
    with one_thread():
        clusters = None
        if found.votes is not None:
            clusters = Clusters.of(found.votes, found.counted.models, found.settings, found.weights)
        if found.contextual is not None:
            return _spread_with_covariates(found, found.contextual, clusters)
        voters = None
        if clusters is None and found.votes is not None and looks_at_voters(found.settings):
            voters, clusters = effect_of_voters(
                found.votes, found.pairs, found.fit, found.settings, found.weights, n_votes=found.cells.n_votes
            )
        bounds = intervals(
            found.pairs,
            found.fit,
            found.settings,
            gauge=found.gauge.weights,
            clusters=clusters,
            progress=progress,
            kept=kept,
        )
        if not isinstance(found.fit, TieFit):
            return Spread(bounds, voters=voters)
        likelihood = Likelihood.of(found.pairs, prior=found.settings.prior)
        error = tie_error(likelihood, found.pairs, found.fit, clusters)
        freedom = None if bounds is None else bounds.freedom
        tie = _tie(found.fit, found.settings, error=error, freedom=freedom)
        return Spread(bounds, tie, voters=voters)


def rated_outcomes(settings: Settings) -> tuple[Outcome, ...]:
    """The outcomes that are in the fit."""
    tie = () if settings.ties == "ignore" else (Outcome.TIE,)
    both_bad = (Outcome.BOTH_BAD,) if tie and settings.both_bad == "tie" else ()
    return (Outcome.A, Outcome.B, *tie, *both_bad)


def _rated(cells: Cells, votes: Votes | None, settings: Settings) -> tuple[Cells, Votes | None]:
    """The cells and votes of the outcomes in the fit. Raises NoMaximumError where there are none."""
    outcomes = rated_outcomes(settings)
    if outcomes == tuple(Outcome):
        return cells, votes
    rated = cells.only(outcomes)
    if not rated.n_votes:
        raise NoMaximumError(
            f"all votes on {names(cells.models, range(len(cells.models)))} have outcomes that are left out; "
            "use ties 'half', both_bad 'tie'"
        )
    return rated, votes and votes.select(np.isin(votes.outcome, outcomes))


def _fit_pairs(pairs: Pairs, settings: Settings) -> Fit | TieFit:
    if settings.ties == "davidson" or settings.ties == "rao-kupper":
        return ties.fit(pairs, settings.ties, prior=settings.prior)
    return bradley_terry.fit(pairs, prior=settings.prior)


def _fit_with_covariates(votes: Votes, cells: Cells, settings: Settings) -> Estimate:
    from elo.fit import contextual

    weights, plain, counted = None, None, cells.pairs()
    gauge = Gauge.of(counted.models, record(counted).battles, settings)
    if is_weighted(settings):
        plain = gauge.centred(contextual.fit(votes, cells.models, settings).fit.ratings)
        weights = vote_weights(votes, settings)
        has_faded = weights <= 0
        votes, weights = votes.select(~has_faded), weights[~has_faded]
    found = contextual.fit(votes, cells.models, settings, weights)
    return Estimate(
        settings=settings,
        cells=cells,
        counted=counted,
        pairs=found.pairs,
        gauge=gauge,
        group=components(found.pairs),
        fit=found.fit,
        ratings=gauge.centred(found.fit.ratings),
        contextual=found,
        plain=plain,
        votes=votes if found.is_used.all() else votes.select(found.is_used),
        weights=None if weights is None else weights[found.is_used],
    )


def _spread_with_covariates(found: Estimate, fitted: "ContextualFit", clusters: Clusters | None) -> Spread:
    from elo.fit import contextual

    settings, likelihood = found.settings, fitted.likelihood.ratings
    if clusters is None:
        short = short_records.of_votes(likelihood, found.pairs, found.fit)
    else:
        short = short_records.of_clusters(likelihood, found.fit, clusters)
    covariance, K = contextual.spread(fitted), found.pairs.n_models
    bounds = of_covariance(
        found.fit.ratings,
        centred(covariance[:K, :K]),
        "sandwich" if clusters is None else "jackknife",
        settings,
        short=short,
        group=found.group,
        lost=None if clusters is not None else lost_to_leverage(likelihood, found.pairs, found.fit),
        gauge=found.gauge.weights,
        clusters=clusters,
    )
    tie = None
    if isinstance(found.fit, TieFit):
        tie = _tie(found.fit, settings, error=math.sqrt(max(covariance[-1, -1], 0.0)), freedom=bounds.freedom)
    return Spread(bounds, tie, contextual.coefficients(fitted, covariance, level=settings.level))


def _tie(fitted: TieFit, settings: Settings, *, error: float, freedom: int | None) -> Coefficient:
    """With an interval that is normal in log nu (Davidson) and in log eta (Rao-Kupper: eta is above 0)."""
    reach = pointwise(settings.level, freedom) * error
    if fitted.model == "davidson":
        return Coefficient("log nu", fitted.tie, fitted.tie - reach, fitted.tie + reach)
    factor = math.exp(min(reach / fitted.tie, _FARTHEST))
    return Coefficient("log theta", fitted.tie, fitted.tie / factor, fitted.tie * factor)


_LOCK = Lock()  # the number of threads belongs to the process: two that change it in turns would restore a wrong one


@contextmanager
def one_thread() -> Iterator[None]:
    """Run numpy's and scipy's linear algebra on one thread inside this block, in the whole process; others wait.

    So ratings have the same bits however many threads a machine has: beyond some 120 models the libraries share a
    factorization among threads, and its last digits depend on their number. Nothing of ours is slower: the matrices
    are small, and the bootstrap, which takes the time, multiplies none.
    """
    with _LOCK, ThreadpoolController().limit(limits=1, user_api="blas"):
        yield
