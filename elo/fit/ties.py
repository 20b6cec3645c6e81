"""Models of ties as a third outcome, by Davidson and by Rao and Kupper.

Half a win each is a convention; these two are laws of three outcomes with one more parameter, estimated from ties and
decided votes. For a difference of ratings d = r_a - r_b, in log-odds:

    Davidson     P_a : P_b : P_tie = e^(d/2) : e^(-d/2) : nu, t = log nu                    (Davidson 1970, JASA 65)
    Rao-Kupper   P_a = sigma(d - eta), P_b = sigma(-d - eta), P_tie = 1 - P_a - P_b = (e^(2 eta) - 1) P_a P_b,
                 t = eta = log theta > 0                                             (Rao and Kupper 1967, JASA 62)

Both log-likelihoods are concave in (r, t), so Newton's method finds the only maximum. Their scales differ from each
other and from that of half wins: compare predicted scores, never ratings of two models of ties. The prior of c virtual
half wins against an average opponent acts on the ratings, as without a model of ties, and not on t.

    K models, M pairs that met, R problems: r is (K, R), t is (R,), counts are (3, M, R) in the order won, lost, tied
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from elo.battles import Floats, Index, Pairs, names
from elo.fit import bradley_terry
from elo.fit.bradley_terry import (
    LARGER_PRIOR,
    ConvergenceError,
    Likelihood,
    NoMaximumError,
    check_maximum,
    sigma,
    solved,
)
from elo.fit.components import components
from elo.fit.convergence import has_converged
from elo.fit.network import ILL_CONDITIONED, Bounds, Local

Model = Literal["davidson", "rao-kupper"]

_MAX_STEPS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Derivatives of log P of one vote of each pair, in d and in the tie parameter t: (3, M) or (3, M, R) each, in the
    order won, lost, tied. The `bend`s are minus the second ones."""

    slope: Floats
    tie_slope: Floats
    bend: Floats
    mixed_bend: Floats
    tie_bend: Floats


@dataclass(frozen=True, slots=True, eq=False)
class TieFit:
    """The maximum, `r` (K,) and `tie`, and the inverse of minus the Hessian there, (K + 1, K + 1), with the tie
    parameter last; with the prior's zero, which is the average opponent (without a prior: with mean 0)."""

    model: Model
    r: Floats
    tie: float
    """log nu (Davidson) or eta = log theta (Rao-Kupper)."""
    inverse: Floats
    iterations: int
    largest_gradient: float
    rows: Floats | None = None
    """(K + 1, K + 1): see `bradley_terry.Fit.rows`."""

    @property
    def ratings(self) -> Floats:
        """(K,), in log-odds, with mean 0."""
        ratings: Floats = self.r - self.r.mean()
        return ratings

    def terms(self, pairs: Pairs) -> Terms:
        return terms(self.model, self.r[pairs.a] - self.r[pairs.b], np.array(self.tie))

    def chances(self, d: Floats) -> Floats:
        """(3, ...): P(a wins), P(b wins) and P(tie) for differences of ratings d, (...)."""
        return chances(self.model, d, np.array(self.tie))


def chances(model: Model, d: Floats, t: Floats) -> Floats:
    """(3, ...): P(a wins), P(b wins), P(tie). Davidson at d = 0 and nu = 1: a third each."""
    if model == "davidson":
        logits = np.stack(np.broadcast_arrays(d / 2, -d / 2, t))
        odds = np.exp(logits - logits.max(axis=0))
        shares: Floats = odds / odds.sum(axis=0)
        return shares
    from scipy.special import expit

    won, lost = expit(d - t), expit(-d - t)
    return np.stack([won, lost, np.expm1(2 * t) * won * lost])


def terms(model: Model, d: Floats, t: Floats) -> Terms:
    """The derivatives at differences of ratings d, (M,) or (M, R), and tie parameters t, () or (R,)."""
    return _davidson(d, t) if model == "davidson" else _rao_kupper(d, t)


# Both are written without differences of numbers near 1 (1/2 - (P_a - P_b)/2 is P_b + P_tie/2), so that the gradient
# keeps its digits for ratings far apart, which only the prior bounds.
def _davidson(d: Floats, t: Floats) -> Terms:
    won, lost, tied = chances("davidson", d, t)

    def alike(values: Floats) -> Floats:
        return np.stack([values] * 3)

    return Terms(
        slope=np.stack([lost + tied / 2, -won - tied / 2, (lost - won) / 2]),
        tie_slope=np.stack([-tied, -tied, won + lost]),
        bend=alike(won * lost + tied * (won + lost) / 4),
        mixed_bend=alike(tied * (lost - won) / 2),
        tie_bend=alike(tied * (won + lost)),
    )


def _rao_kupper(d: Floats, t: Floats) -> Terms:
    from scipy.special import expit

    won, lost, not_won, not_lost = expit(d - t), expit(-d - t), expit(t - d), expit(t + d)
    of_won, of_lost = won * not_won, lost * not_lost
    return Terms(
        slope=np.stack([not_won, -not_lost, lost - won]),
        tie_slope=np.stack([-not_won, -not_lost, 2 / np.expm1(2 * t) + won + lost]),
        bend=np.stack([of_won, of_lost, of_won + of_lost]),
        mixed_bend=np.stack([-of_won, of_lost, of_lost - of_won]),
        tie_bend=np.stack([of_won, of_lost, of_won + of_lost + 1 / np.sinh(t) ** 2]),
    )


def fit(pairs: Pairs, model: Model, *, prior: float) -> TieFit | bradley_terry.Fit:
    """The ratings of K models and the tie parameter. Without ties the likeliest nu is 0 (theta 1), which is
    Bradley-Terry: then that fit is returned.

    Two models that are even, half of their votes ties: ratings 0, nu = 2 and theta = 3.

    Raises NoMaximumError, naming the models, if no finite maximum exists; ConvergenceError.
    """
    if not pairs.tied.any():
        return bradley_terry.fit(pairs, prior=prior)
    _check_maximum(pairs, model, prior=prior)
    likelihood = Likelihood.of(pairs, prior=prior)
    counts = np.stack([pairs.won, pairs.lost, pairs.tied])[:, :, None]
    start = np.zeros((pairs.n_models, 1)), _start(model, counts)
    found = _newton(likelihood, model, counts, *start)
    if not found.is_open.any():
        try:
            inverse = np.linalg.inv(found.information[0])
        except LinAlgError:
            inverse = np.full_like(found.information[0], np.inf)
        K = pairs.n_models
        condition = np.linalg.norm(found.information[0, :K, :K], 1) * np.linalg.norm(inverse[:K, :K], 1)
        if not prior or condition < ILL_CONDITIONED:
            r, t = found.r[:, 0], float(found.t[0])
            return TieFit(model, r, t, (inverse + inverse.T) / 2, found.iterations, found.largest_gradient)
    if prior:
        return _fit_by_network(likelihood, model, counts, components(pairs), *start)
    raise ConvergenceError(f"the fit with ties did not converge in {_MAX_STEPS} steps; {LARGER_PRIOR}")


def _fit_by_network(likelihood: Likelihood, model: Model, counts: Floats, group: Index, r: Floats, t: Floats) -> TieFit:
    """With a prior above 0. `group` (K,) is the component of each model."""
    network, at = likelihood.network, _local(likelihood, model, counts)
    found = network.climb(at, r, t[None, :], Bounds(partial(largest_share, model)))
    if not found.has_converged.all():
        raise ConvergenceError(f"the fit with ties did not converge in {found.iterations[0]} steps; {LARGER_PRIOR}")
    local = at(found.r, found.b, np.zeros(1, dtype=np.int64))
    inverses = network.inverses(found.r[:, 0], local, group)
    of_r = likelihood.incidence @ local.slope - likelihood.prior / 2 * np.tanh(found.r / 2)
    largest = max(float(np.abs(of_r).max()), float(np.abs(local.slope_of_b).max()))
    r, tie = found.r[:, 0], float(found.b[0, 0])
    return TieFit(model, r, tie, inverses.inverse, int(found.iterations[0]), largest, rows=inverses.rows)


def _local(likelihood: Likelihood, model: Model, counts: Floats) -> Callable[[Floats, Floats, Index], Local]:
    def at(r: Floats, b: Floats, which: Index) -> Local:
        chosen = counts[:, :, which]
        found = terms(model, r[likelihood.a] - r[likelihood.b], b[0])
        return Local(
            slope=(chosen * found.slope).sum(axis=0),
            bend=(chosen * found.bend).sum(axis=0),
            mixed=(chosen * found.mixed_bend).sum(axis=0)[None],
            slope_of_b=(chosen * found.tie_slope).sum(axis=(0, 1))[None],
            bend_of_b=(chosen * found.tie_bend).sum(axis=(0, 1))[None, None],
        )

    return at


def largest_share(model: Model, b: Floats, step: Floats) -> Floats:
    """(R,): the share of a step, (F, R), in parameters b of which t is the last, that stays in its domain: Rao and
    Kupper's eta stays above half its value."""
    if model == "davidson":
        return np.ones(b.shape[1])
    share: Floats = b[-1] / np.maximum(2 * np.abs(step[-1]), 1e-300)
    return share


def fit_rounds(pairs: Pairs, won: Floats, lost: Floats, tied: Floats, start: TieFit, *, prior: float) -> Floats:
    """(K, R): the ratings, each column with mean 0, of R rounds of counts, (M, R) each, near those that gave `start`.

    Every round must have a maximum (see `has_maximum`). Raises ConvergenceError.
    """
    R, likelihood, counts = won.shape[1], Likelihood.of(pairs, prior=prior), np.stack([won, lost, tied])
    r, t, rest = np.repeat(start.r[:, None], R, axis=1), np.full(R, start.tie), np.arange(R)
    found_r = r.copy()
    if not bradley_terry.is_flat(start.rows, start.iterations, prior):
        found = _newton(likelihood, start.model, counts, r, t)
        found_r, rest = found.r, np.flatnonzero(found.is_open)
    if rest.size:
        is_done = np.zeros(rest.size, dtype=bool)
        if prior:
            at = _local(likelihood, start.model, counts[:, :, rest])
            climbed = likelihood.network.climb(
                at, 0 * r[:, rest], t[None, rest], Bounds(partial(largest_share, start.model))
            )
            found_r[:, rest], is_done = climbed.r, climbed.has_converged
        if not is_done.all():
            raise ConvergenceError(f"{(~is_done).sum()} of {R} fits with ties did not converge; {LARGER_PRIOR}")
    centred: Floats = found_r - found_r.mean(axis=0)
    return centred


def _start(model: Model, counts: Floats) -> Floats:
    """(R,): the tie parameter if all models were equal: nu = 2f / (1 - f), theta = (1 + f) / (1 - f) for a share f of
    ties."""
    won, lost, tied = counts.sum(axis=1)
    decided = won + lost
    t: Floats = np.log(2 * tied / decided) if model == "davidson" else np.log1p(2 * tied / decided)
    return t


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    r: Floats
    t: Floats
    information: Floats
    iterations: int
    largest_gradient: float
    is_open: NDArray[np.bool_]
    """(R,): which problems have not converged."""


def _newton(likelihood: Likelihood, model: Model, counts: Floats, r: Floats, t: Floats) -> _Found:
    """From r (K, R) and t (R,) to the maximum of each problem. The problems are independent."""
    r, t = r.copy(), t.copy()
    is_open, has_failed = np.ones(len(t), dtype=bool), np.zeros(len(t), dtype=bool)
    last, iterations = np.full(len(t), np.inf), 0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(_MAX_STEPS):
            iterations += 1
            at = terms(model, r[likelihood.a] - r[likelihood.b], t)
            slope = _gradient(likelihood, counts, at, r)
            information = _information(likelihood, counts, at, r)
            step = solved(information, slope)
            has_failed |= is_open & ~np.isfinite(step).all(axis=0)
            is_open &= ~has_failed
            size = np.abs(step).max(axis=0)
            spread = np.maximum(step[:-1].max(axis=0), 0) - np.minimum(step[:-1].min(axis=0), 0)
            step = np.where(is_open, step * safe_share(model, spread, np.abs(step[-1]), t), 0.0)
            r += step[:-1]
            t += step[-1]
            is_open &= ~has_converged(size, last)
            last = size
            if not is_open.any():
                break
        slope = _gradient(likelihood, counts, terms(model, r[likelihood.a] - r[likelihood.b], t), r)
    return _Found(r, t, information, iterations, float(np.abs(slope).max()), is_open | has_failed)


def _gradient(likelihood: Likelihood, counts: Floats, at: Terms, r: Floats) -> Floats:
    """(K + 1, R)."""
    slope = likelihood.incidence @ (counts * at.slope).sum(axis=0)
    if likelihood.prior:
        slope = slope + likelihood.prior * (0.5 - sigma(r))
    return np.concatenate([slope, (counts * at.tie_slope).sum(axis=(0, 1))[None, :]])


def _information(likelihood: Likelihood, counts: Floats, at: Terms, r: Floats) -> Floats:
    """(R, K + 1, K + 1): minus the Hessian; without a prior with a weight on the constant vector of ratings, as in
    `Likelihood.information`."""
    K, R = r.shape
    matrix = np.empty((R, K + 1, K + 1))
    matrix[:, :K, :K] = likelihood.laplacian((counts * at.bend).sum(axis=0), r)
    matrix[:, :K, K] = matrix[:, K, :K] = (likelihood.incidence @ (counts * at.mixed_bend).sum(axis=0)).T
    matrix[:, K, K] = (counts * at.tie_bend).sum(axis=(0, 1))
    return matrix


def safe_share(model: Model, spread: Floats, shift: Floats, t: Floats) -> Floats:
    """(R,): the share of Newton's step that cannot lower the likelihood: log(1 + D) / D if no third derivative along
    the step exceeds D times the second (see `bradley_terry.damped`). `spread` (R,) is the largest change of a
    difference d, and `shift` (R,) the size of the change of t.

    Davidson: D is the largest spread of the changes of the three outcomes' log-odds, at most |change of d| or
    |change of d| / 2 + |change of t|. Rao-Kupper: |change of d| + |change of t| for the curves, and, for
    log(e^(2 eta) - 1), 2 |change of t| coth(eta) with eta at half its value, because no step goes below that.
    """
    if model == "davidson":
        reach = np.maximum(np.maximum(spread, spread / 2 + shift), 1e-300)
        return np.asarray(np.log1p(reach) / reach)
    reach = np.maximum(np.maximum(spread + shift, 2 * shift / np.tanh(t / 2)), 1e-300)
    return np.asarray(np.minimum(np.log1p(reach) / reach, t / np.maximum(2 * shift, 1e-300)))


def has_maximum(pairs: Pairs, won: Floats, lost: Floats, tied: Floats, *, prior: float) -> bool:
    """Whether these counts, (M,), have a finite maximum in r and t.

    There is none without a tie, without a decided vote, or with a direction (u, c) of (r, 2t), u not constant, along
    which no vote gets less likely: every winner's u exceeds the loser's by c or more, and tied models' u differ by at
    most c. c = 0 is the condition of Bradley-Terry; c = 1 is a system of bounds on differences, which has a solution
    unless a cycle of them is negative. A prior keeps u at 0.
    """
    if not tied.any() or not (won.any() or lost.any()):
        return False
    if prior:
        return True
    return bradley_terry.has_maximum(pairs, won + tied / 2, won + lost + tied) and not _can_drift(
        pairs, won, lost, tied
    )


def _can_drift(pairs: Pairs, won: Floats, lost: Floats, tied: Floats) -> bool:
    """Whether some u has u_winner - u_loser >= 1 for every decided vote and |u_a - u_b| <= 1 for every tie."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import NegativeCycleError, bellman_ford

    K = pairs.n_models
    bounds = np.full((K + 1, K + 1), np.inf)  # bounds[i, j]: u_j - u_i is at most this
    for first, second, seen in ((pairs.a, pairs.b, won), (pairs.b, pairs.a, lost)):
        bounds[first[seen > 0], second[seen > 0]] = -1.0
    is_tied = tied > 0
    for first, second in ((pairs.a[is_tied], pairs.b[is_tied]), (pairs.b[is_tied], pairs.a[is_tied])):
        bounds[first, second] = np.minimum(bounds[first, second], 1.0)
    bounds[K, :K] = K + 1.0  # a start from which all are reached
    rows, columns = np.nonzero(np.isfinite(bounds))
    graph = csr_array((bounds[rows, columns], (rows, columns)), shape=(K + 1, K + 1))
    try:
        bellman_ford(graph, indices=K)
    except NegativeCycleError:
        return False
    return True


def _check_maximum(pairs: Pairs, model: Model, *, prior: float) -> None:
    """Raise NoMaximumError if there are ties and no finite maximum."""
    if not (pairs.won.any() or pairs.lost.any()):
        raise NoMaximumError(
            f"all votes on {names(pairs.models, range(pairs.n_models))} are ties or both-bad, which do not determine "
            f"ratings under ties {model!r}; use ties 'half'"
        )
    if prior:
        return
    check_maximum(pairs)
    if _can_drift(pairs, pairs.won, pairs.lost, pairs.tied):
        raise NoMaximumError(
            f"without a prior the ratings of {names(pairs.models, range(pairs.n_models))} have no finite maximum under "
            f"ties {model!r}: the models fall into levels, with every winner above the loser and every tie at most one "
            "level apart, and no vote limits the distance of levels; use a prior above 0, or ties 'half'"
        )
