"""Bradley-Terry: the ratings that make the votes likeliest.

P(a beats b) = sigma(r_a - r_b), a tie counts as half a win for each. The log-likelihood is concave, and its Hessian is
minus the Laplacian of a graph with K models as nodes, so Newton's method needs a handful of K x K solves and no tuning.
A prior of c virtual ties of every model against an average opponent (at 0) keeps a 5-0 record finite; with c = 0 the
result is the exact maximum, which exists only where no group of models has won, or lost, every point against the rest.

    l(r) = sum_pairs [ y (r_a - r_b) - n log(1 + e^(r_a - r_b)) ] + c sum_m [ r_m / 2 - log(1 + e^r_m) ]

with y points won by a in n games. Everything is in log-odds here; `leaderboard` puts it on the Elo scale. Functions
work on a batch of R problems over the same pairs: one fit is a batch of one, a bootstrap is a batch of many rounds. The
problems of a batch are independent, so the result of each is the same, bit for bit, in a batch of any size.

    K models, M pairs that met, R problems: r is (K, R), y and n are (M, R)
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from elo.battles import Floats, Index, Pairs, names
from elo.fit.components import components, mutual
from elo.fit.convergence import CONVERGED, has_converged
from elo.fit.dense import is_dense, maximum
from elo.fit.linear import Incidence
from elo.fit.network import ILL_CONDITIONED, Local, Network

_MAX_STEPS = 200
_MAX_CHORDS = 25
_LARGEST_CHORD = 1.0
_SMALL = 24
_SMALL_PRIOR = 0.1
_MANY_STEPS = 20
_LARGEST_POWER = 700.0  # e to the power of a little more is beyond any float
LARGER_PRIOR = "use a prior above 0, or a larger one"


class NoMaximumError(ValueError):
    """The likelihood has no maximum: without a prior, no finite ratings are the likeliest."""


class ConvergenceError(ArithmeticError):
    """Newton's method did not converge; no rating is better than a wrong one."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The maximum, `r` (K,), and the inverse of minus the Hessian there, (K, K): both with the prior's zero, which is
    the average opponent (without a prior: with mean 0)."""

    r: Floats
    _inverse: Floats | None
    iterations: int = 0
    """Newton's steps."""
    largest_gradient: float = 0.0
    """Of the log-likelihood at `r`: the most points that a model won beyond those expected."""
    rows: Floats | None = None
    """`inverse` with rows relative to a model of the same component (`network.Inverses`), for a small prior, where the
    inverse itself has lost the digits of differences. None: it has them."""
    _information: Floats | None = None
    """Minus the Hessian, (K, K), where it has not been inverted yet."""

    @cached_property
    def inverse(self) -> Floats:
        """(K, K), computed when it is first needed: it takes a third of the time of a fit, and ratings do not need
        it."""
        if self._inverse is not None:
            return self._inverse
        assert self._information is not None
        return np.asarray(np.linalg.inv(self._information), dtype=np.float64)

    @property
    def ratings(self) -> Floats:
        """(K,), in log-odds, with mean 0."""
        ratings: Floats = self.r - self.r.mean()
        return ratings


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """Gradient and Hessian of l, for the pairs of a batch and its prior."""

    n_models: int
    a: Index
    b: Index
    prior: float
    incidence: Incidence
    """(K, M): +1 where the model is the pair's a, -1 where it is its b."""
    degree: Incidence
    """(K, M): 1 where the model is in the pair."""

    @classmethod
    def of(cls, pairs: Pairs, *, prior: float) -> "Likelihood":
        a, b, K = pairs.a, pairs.b, pairs.n_models
        return cls(K, a, b, prior, incidence=Incidence(a, b, K, sign=-1.0), degree=Incidence(a, b, K, sign=1.0))

    @property
    def network(self) -> Network:
        return Network.of(self.n_models, self.a, self.b, self.prior)

    def chances(self, r: Floats) -> tuple[Floats, Floats]:
        """(M, R) each: p = P(a beats b) and q = 1 - p, without loss of digits in the smaller one."""
        odds = np.exp(r[self.b] - r[self.a])
        p = 1 / (1 + odds)
        return p, odds * p

    def gradient(self, r: Floats, y: Floats, n: Floats, p: Floats, q: Floats) -> Floats:
        """(K, R): points won beyond those expected, y - n p, without the loss of digits in that difference."""
        slope: Floats = self.incidence @ (y * q - (n - y) * p)
        return slope + self.prior * (0.5 - sigma(r)) if self.prior else slope

    def information(self, r: Floats, n: Floats, p: Floats, q: Floats) -> Floats:
        """(R, K, K): minus the Hessian, made invertible (see `laplacian`)."""
        return self.laplacian(n * p * q, r)

    def laplacian(self, h: Floats, r: Floats) -> Floats:
        """(R, K, K): minus the Hessian in the ratings, with h, (M, R), minus the second derivatives of the pairs' terms
        in their differences. Without a prior it is a Laplacian, which maps the constant vector to 0; that vector then
        gets a weight, so that the matrix can be inverted and a step keeps the sum of the ratings."""
        curvature = self.degree @ h
        if self.prior:
            curvature += self.prior * sigma(r) * sigma(-r)
        K, R = curvature.shape
        matrix = np.zeros((R, K, K))
        matrix[:, self.a, self.b] = matrix[:, self.b, self.a] = -h.T
        matrix[:, np.arange(K), np.arange(K)] = curvature.T
        if not self.prior:
            matrix += (curvature.mean(axis=0) / K)[:, None, None]
        return matrix


def sigma(x: Floats) -> Floats:
    p: Floats = 1 / (1 + np.exp(np.minimum(-x, _LARGEST_POWER)))
    return p


def fit(pairs: Pairs, *, prior: float) -> Fit:
    """The ratings of K models from M pairs.

    Two models, 3 wins to 1 without a prior: ratings +-log(3)/2. 5-0 with prior 1: a gap of 479 points on the Elo scale.

    Raises NoMaximumError, naming the models, where prior is 0 and no finite maximum exists; ConvergenceError.
    """
    if not prior:
        check_maximum(pairs)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = _fit_densely(pairs, prior)
        if found is not None and not prior:
            return found
        likelihood = Likelihood.of(pairs, prior=prior)
        y, n = pairs.points[:, None], pairs.games[:, None]
        found = found or _fit_by_newton(likelihood, y, n)
    if found is not None and (not prior or _condition(likelihood, n, found) < ILL_CONDITIONED):
        return found
    if prior:
        return _fit_by_network(likelihood, components(pairs), y, n)
    raise ConvergenceError(f"no convergence in {_MAX_STEPS} steps; {LARGER_PRIOR}")


def _fit_densely(pairs: Pairs, prior: float) -> Fit | None:
    """None where most models did not meet, or full steps do not converge."""
    if not is_dense(pairs) or (best := maximum(pairs, prior, most_steps=_MAX_STEPS)) is None:
        return None
    return Fit(best.r, None, best.iterations, best.largest_gradient, _information=best.information)


def _fit_by_newton(likelihood: Likelihood, y: Floats, n: Floats) -> Fit | None:
    """None where it does not converge."""
    r = _begin(likelihood, y, n)
    last = np.full(1, np.inf)
    for iterations in range(1, _MAX_STEPS + 1):
        p, q = likelihood.chances(r)
        information = likelihood.information(r, n, p, q)[0]
        try:
            step = np.linalg.solve(information, likelihood.gradient(r, y, n, p, q))
            size = np.abs(step).max(axis=0)
            r += damped(step)
            if has_converged(size, last).all():
                np.linalg.cholesky(information)  # of a maximum: it is positive definite
                inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
                slope = likelihood.gradient(r, y, n, *likelihood.chances(r))
                return Fit(r[:, 0], inverse, iterations, float(np.abs(slope).max()))
        except LinAlgError:
            return None
        last = size
    return None


def _begin(likelihood: Likelihood, y: Floats, n: Floats) -> Floats:
    """(K, 1): log-odds of each model's share of the points, with half a point more won and lost: where opponents are
    drawn at random this is close to the maximum, and saves three steps of eight."""
    a, b, K, won, played = likelihood.a, likelihood.b, likelihood.n_models, y[:, 0], n[:, 0]
    points = np.bincount(a, won, K) + np.bincount(b, played - won, K)
    games = np.bincount(a, played, K) + np.bincount(b, played, K)
    more = (1 + likelihood.prior) / 2
    begin: Floats = (np.log(points + more) - np.log(games - points + more))[:, None]
    return begin if likelihood.prior else begin - begin.mean()


def _condition(likelihood: Likelihood, n: Floats, found: Fit) -> float:
    r = found.r[:, None]
    information = likelihood.information(r, n, *likelihood.chances(r))[0]
    return float(np.linalg.norm(information, 1) * np.linalg.norm(found.inverse, 1))


def _fit_by_network(likelihood: Likelihood, group: Index, y: Floats, n: Floats) -> Fit:
    """With a prior above 0. `group` (K,) is the component of each model."""
    network, r = likelihood.network, np.zeros((likelihood.n_models, 1))
    found = network.climb(_local(likelihood, y, n), r, np.zeros((0, 1)))
    if not found.has_converged.all():
        raise ConvergenceError(f"no convergence in {found.iterations[0]} steps; {LARGER_PRIOR}")
    local = _local(likelihood, y, n)(found.r, found.b, np.zeros(1, dtype=np.int64))
    inverses = network.inverses(found.r[:, 0], local, group)
    slope = likelihood.incidence @ local.slope - likelihood.prior / 2 * np.tanh(found.r / 2)
    return Fit(
        found.r[:, 0], inverses.inverse, int(found.iterations[0]), float(np.abs(slope).max()), rows=inverses.rows
    )


def _local(likelihood: Likelihood, y: Floats, n: Floats) -> Callable[[Floats, Floats, Index], Local]:
    def at(r: Floats, b: Floats, which: Index) -> Local:
        d = r[likelihood.a] - r[likelihood.b]
        p, q = sigma(d), sigma(-d)
        won, games = y[:, which], n[:, which]
        return Local.of_ratings(won * q - (games - won) * p, games * p * q)

    return at


def damped(step: Floats) -> Floats:
    """Newton's step, shortened per problem so that the likelihood cannot fall: by log(1 + D) / D with D the largest
    change of a difference of ratings.

    Along the step the second derivative grows at most like e^(tD), because |sigma''| <= sigma'; so the slope cannot
    change its sign before t = log(1 + D) / D. Steps are full in the limit, and convergence stays quadratic. (Sun and
    Tran-Dinh 2019, generalised self-concordant functions, nu = 2.)
    """
    spread = np.maximum(step.max(axis=0), 0) - np.minimum(step.min(axis=0), 0)
    spread = np.maximum(spread, 1e-300)
    shortened: Floats = step * (np.log1p(spread) / spread)
    return shortened


def centred(covariance: Floats) -> Floats:
    """The covariance of ratings with their plain mean fixed at 0: P C P with P = I - 11'/K."""
    rows = covariance - covariance.mean(axis=0, keepdims=True)
    both: Floats = rows - rows.mean(axis=1, keepdims=True)
    return both


def fit_rounds(likelihood: Likelihood, y: Floats, n: Floats, start: Fit) -> Floats:
    """(K, R): the ratings, each column with mean 0, of R rounds of data near those that gave `start`.

    Every round must have a maximum (see `has_maximum`). With many models the inverse information of the start is used
    in all rounds (the chord method: linear convergence, but no solve); rounds that it does not contract use Newton's
    method, as all rounds do with few models; rounds that a small prior leaves nearly flat use `network`. Raises
    ConvergenceError.
    """
    K, R = len(start.r), y.shape[1]
    r = np.repeat(start.r[:, None], R, axis=1)
    is_open = np.ones(R, dtype=bool)
    if not is_flat(start.rows, start.iterations, likelihood.prior):
        if K > _SMALL:
            last = np.full(R, _LARGEST_CHORD)
            is_contracting = is_open.copy()
            for _ in range(_MAX_CHORDS):
                p, q = likelihood.chances(r)
                # Not a BLAS product, whose last bits depend on the number of columns.
                step = np.einsum("ij,jr->ir", start.inverse, likelihood.gradient(r, y, n, p, q))
                size = np.abs(step).max(axis=0)
                is_contracting &= size < 0.7 * last
                last = size
                r += np.where(is_open & is_contracting, step, 0.0)
                is_open &= ~(is_contracting & (size < CONVERGED))
                if not (is_open & is_contracting).any():
                    break
        if (rest := np.flatnonzero(is_open)).size:
            r[:, rest], is_open[rest] = _newton(likelihood, y[:, rest], n[:, rest], start.r)
    if (rest := np.flatnonzero(is_open)).size:
        is_done = np.zeros(rest.size, dtype=bool)
        if likelihood.prior:
            # From 0, because a round can have groups of models that nothing but the prior keeps near it.
            begin, at = np.zeros((K, rest.size)), _local(likelihood, y[:, rest], n[:, rest])
            found = likelihood.network.climb(at, begin, np.zeros((0, rest.size)))
            r[:, rest], is_done = found.r, found.has_converged
        if not is_done.all():
            raise ConvergenceError(f"{(~is_done).sum()} of {R} rounds did not converge; {LARGER_PRIOR}")
    centred_rounds: Floats = r - r.mean(axis=0)
    return centred_rounds


def is_flat(rows: Floats | None, iterations: int, prior: float) -> bool:
    """Whether a small prior left the likelihood of the start so flat that rounds had better use `network` at once."""
    return rows is not None or (0 < prior < _SMALL_PRIOR and iterations > _MANY_STEPS)


def _newton(likelihood: Likelihood, y: Floats, n: Floats, start: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(K, R): ratings; and (R,): where they have not converged."""
    R = y.shape[1]
    r = np.repeat(start[:, None], R, axis=1)
    is_open, has_failed = np.ones(R, dtype=bool), np.zeros(R, dtype=bool)
    last = np.full(R, np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_MAX_STEPS):
            p, q = likelihood.chances(r)
            slope = likelihood.gradient(r, y, n, p, q)
            step = solved(likelihood.information(r, n, p, q), slope)
            has_failed |= is_open & ~np.isfinite(step).all(axis=0)
            is_open &= ~has_failed
            r += np.where(is_open, damped(step), 0.0)
            size = np.abs(step).max(axis=0)
            is_open &= ~has_converged(size, last)
            last = size
            if not is_open.any():
                break
    return r, is_open | has_failed


def solved(matrices: Floats, right: Floats) -> Floats:
    """(K, R): the solutions of R systems, (R, K, K) and (K, R); NaN for a singular one."""
    try:
        return np.asarray(np.linalg.solve(matrices, right.T[:, :, None])[:, :, 0].T, dtype=np.float64)
    except LinAlgError:
        found = np.full(right.shape, np.nan)
        for i, matrix in enumerate(matrices):
            with suppress(LinAlgError):
                found[:, i] = np.linalg.solve(matrix, right[:, i])
        return found


def _scored(pairs: Pairs, points: Floats, games: Floats) -> tuple[Index, Index]:
    """The arrows (i, j) of a graph: i scored against j."""
    rows, columns = np.concatenate([pairs.a, pairs.b]), np.concatenate([pairs.b, pairs.a])
    scored = np.concatenate([points, games - points]) > 0
    return rows[scored], columns[scored]


def has_maximum(pairs: Pairs, points: Floats, games: Floats) -> bool:
    """Whether a finite maximum exists without a prior for these points and games, (M,), of the pairs: whether every
    model can be reached from every other along arrows from i to j where i scored against j (Ford 1957)."""
    return bool(mutual(*_scored(pairs, points, games), pairs.n_models).max(initial=-1) == 0)


def check_maximum(pairs: Pairs) -> None:
    """Raise NoMaximumError, which names the models, if the votes alone have no finite maximum."""
    models = pairs.models
    rows, columns = _scored(pairs, pairs.points, pairs.games)
    label = mutual(rows, columns, pairs.n_models)
    n_groups = label.max(initial=-1) + 1
    if n_groups == 1:
        return
    group = components(pairs)
    advice = "use a prior above 0"
    if group.max(initial=1) > 1:
        outside = np.flatnonzero(group != 1)
        raise NoMaximumError(
            f"without a prior there is no common scale: no path of battles leads from {names(models, outside)} "
            f"to the other models; {advice}, or rate the groups apart"
        )
    crosses = label[rows] != label[columns]
    never_lost = np.setdiff1d(np.arange(n_groups), label[columns][crosses])
    never_won = np.setdiff1d(np.arange(n_groups), label[rows][crosses])
    records = [
        f"{names(models, np.flatnonzero(np.isin(label, groups)))} {what}"
        for groups, what in ((never_lost, "never lost a point"), (never_won, "never won a point"))
    ]
    raise NoMaximumError(
        f"without a prior the ratings have no finite maximum: against all others, {' and '.join(records)}; {advice}"
    )
