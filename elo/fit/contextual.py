"""Bradley-Terry ratings for answers of equal length, style, side and speed.

    logit P(a beats b) = r_a - r_b + x'beta

The prior on the ratings is the plain fit's, and the ridge is on beta alone. x are the
`covariates` divided by the roots of their mean squares over the battles: standard deviations around 0, because which
answer comes first is a convention. Nothing is subtracted, because that would hide a preference for a side: the side
has its own column, 1 where the pair's first model was on side A and -1 where it was on B, so its coefficient is the
log-odds that side A gains. A coefficient of 0.25 means that an answer ahead by one such deviation gains 0.25 log-odds,
43 points on the Elo scale, over an equal one.

A tie is half a win for each, or, with a model of `ties`, an outcome of its own, whose d is the same logit. Newton's
method goes over all rows (`row_likelihood`) in each step, starting from the plain fit. Neither the order of
the votes nor, without side, which answer was on which side changes a bit of the result. (Li et al. 2024, "Does style
matter?"; FastChat puts its penalty on the ratings too, and centres x.)

    K models, N battles, M pairs that met, F covariates, P = K + F (+ 1 of a model of ties) parameters
"""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from elo.battles import Floats, Index, MissingDataError, Pairs, Votes
from elo.fit import bradley_terry, ties
from elo.fit.battle_rows import BattleRows
from elo.fit.bradley_terry import ConvergenceError, Fit, NoMaximumError
from elo.fit.clusters import Terms, codes, jackknife, with_parameter
from elo.fit.coefficient import Coefficient
from elo.fit.components import components
from elo.fit.convergence import has_converged
from elo.fit.covariates import covariates
from elo.fit.linear import cho_factor, cho_solve
from elo.fit.network import ILL_CONDITIONED, Bounds, Local, through
from elo.fit.pointwise import pointwise
from elo.fit.row_likelihood import RowLikelihood
from elo.fit.ties import TieFit
from elo.settings import Settings

_MAX_STEPS = 200
_RUNAWAY = 30.0
_COLLINEAR = 1e-8


class CollinearError(MissingDataError):
    """A covariate follows from the models and the other covariates, so the votes have no estimate of its effect."""


class EndlessCoefficientError(NoMaximumError):
    """A coefficient grows for ever, because every vote follows its covariate."""


@dataclass(frozen=True, slots=True, eq=False)
class ContextualFit:
    """The maximum, and what its spread is computed from."""

    likelihood: RowLikelihood
    """Of the votes used."""
    theta: Floats
    """(P,): ratings, then coefficients, then the parameter of a model of ties, in log-odds, with the prior's zero as in
    `Fit`."""
    inverse: Floats
    """(P, P): the inverse of minus the Hessian."""
    rows: Floats | None
    """(P, P): see `bradley_terry.Fit.rows`."""
    names: tuple[str, ...]
    """(F,): the covariates, in log-odds per deviation; side: for side A."""
    unused: tuple[str, ...]
    """Covariates without a coefficient: they are the same in every battle."""
    is_used: NDArray[np.bool_]
    """(N,): which votes have all covariates."""
    n_left_out: int
    """Votes without all covariates."""
    cluster: Index | None
    """The cluster of each row; None where votes count one by one."""
    iterations: int
    largest_gradient: float

    @property
    def fit(self) -> Fit | TieFit:
        """The ratings, and the tie parameter, alone. Their inverse is a block of the larger one: the coefficients are
        estimates too."""
        K, model, facts = self.pairs.n_models, self.likelihood.model, (self.iterations, self.largest_gradient)
        if model is None:
            rows = None if self.rows is None else self.rows[:K, :K]
            return Fit(self.theta[:K], self.inverse[:K, :K], *facts, rows=rows)
        kept = np.ix_(*[np.append(np.arange(K), len(self.theta) - 1)] * 2)
        rows = None if self.rows is None else self.rows[kept]
        return TieFit(model, self.theta[:K], float(self.theta[-1]), self.inverse[kept], *facts, rows=rows)

    @property
    def pairs(self) -> Pairs:
        """The votes used, as (weighted) counts."""
        return self.likelihood.rows.pairs

    @property
    def n_clusters(self) -> int | None:
        return None if self.cluster is None else int(self.cluster.max()) + 1


def fit(votes: Votes, models: tuple[str, ...], settings: Settings, weights: Floats | None = None) -> ContextualFit:
    """The ratings of the K `models` and the coefficients of `settings.control`, both at the maximum of

        sum_i w_i [y_i eta_i - log(1 + e^eta_i)] + c sum_m [r_m / 2 - log(1 + e^r_m)] - ridge / 2 |beta|^2

    with eta = r_a - r_b + x'beta, y the points of a, c the prior and `weights` (N,) the votes' (None: 1 each). With
    `settings.ties` davidson or rao-kupper the term of a vote is the log of the model's chance of its outcome at d = eta
    instead; without ties that model is Bradley-Terry. Without control it is the plain fit. Votes without one of the
    features are left out.

    Raises MissingDataError where the votes lack what control, or cluster, needs, or contain nothing that determines a
    coefficient; ValueError for a feature below 0; NoMaximumError and ConvergenceError as `bradley_terry.fit`, and
    NoMaximumError where a coefficient grows for ever.
    """
    wanted = covariates(votes, settings.control)
    is_used = wanted.is_known
    if not is_used.all():
        votes, weights = votes.select(is_used), None if weights is None else weights[is_used]
        wanted = covariates(votes, settings.control)
    rows = BattleRows.of(votes, models, wanted, weights)
    deviation = np.sqrt(np.einsum("fn,fn->f", rows.x, rows.x) / max(len(rows.y), 1))
    differs = deviation > 0
    rows = replace(rows, x=rows.x[differs] / deviation[differs, None])
    names = [name for name, does in zip(wanted.names, differs, strict=True) if does]
    start = _start(rows.pairs, settings)
    model, tie = (start.model, [start.tie]) if isinstance(start, TieFit) else (None, [])
    likelihood = RowLikelihood.of(rows, settings, model)
    theta = np.concatenate([start.r, np.zeros(len(names)), tie])
    if not settings.ridge:
        _check_identified(likelihood, theta, names)
    theta, inverse, exact_rows, iterations, gradient = _maximum(likelihood, theta, names)
    likelihood = replace(likelihood, is_exact=exact_rows is not None)
    code = codes(votes, settings)
    return ContextualFit(
        likelihood,
        theta,
        inverse,
        exact_rows,
        tuple(names),
        tuple(name for name, does in zip(wanted.names, differs, strict=True) if not does),
        is_used,
        int((~is_used).sum()),
        None if code is None else rows.clusters(code),
        iterations,
        float(np.abs(gradient).max(initial=0.0)),
    )


def _start(pairs: Pairs, settings: Settings) -> Fit | TieFit:
    if settings.ties == "davidson" or settings.ties == "rao-kupper":
        return ties.fit(pairs, settings.ties, prior=settings.prior)
    return bradley_terry.fit(pairs, prior=settings.prior)


def spread(found: ContextualFit) -> Floats:
    """(P, P): the covariance of all parameters, right whatever law the votes follow: the sandwich or, where votes are
    in clusters, the jackknife. Raises ClusterError."""
    if found.cluster is not None:
        return _by_cluster(found, found.cluster)
    if found.rows is not None:
        squares = found.likelihood.local(found.theta, squares=True)
        of_prior, pairs = found.likelihood.of_prior(found.theta), (found.pairs.a, found.pairs.b)
        return through(found.inverse, found.rows, pairs, squares, of_prior)
    G = found.likelihood.squares(found.theta)
    covariance: Floats = found.inverse @ G @ found.inverse
    return covariance


def coefficients(found: ContextualFit, covariance: Floats, *, level: float) -> tuple[Coefficient, ...]:
    """With pointwise intervals from the covariance (P, P), Student's where votes are in clusters."""
    K, n = found.pairs.n_models, found.n_clusters
    errors = pointwise(level, n and n - 1) * np.sqrt(np.diag(covariance)[K : K + len(found.names)])
    return tuple(
        Coefficient(name, float(beta), float(beta - error), float(beta + error))
        for name, beta, error in zip(found.names, found.theta[K : K + len(errors)], errors, strict=True)
    )


def _check_identified(likelihood: RowLikelihood, theta: Floats, names: list[str]) -> None:
    """Raise MissingDataError where a covariate follows from the models and the other covariates of a battle, at a
    `theta` with coefficients of 0."""
    if not names:
        return
    F = len(names)
    sums = likelihood.sums(theta, squares=False)
    group = components(likelihood.rows.pairs)
    laplacian, mixed, of_x = likelihood.laplacian(sums), likelihood.mixed(sums), sums.of_x
    laplacian += (group[:, None] == group[None, :]) * np.diag(laplacian).mean()
    if likelihood.model is not None:  # what the tie parameter explains, the covariates do not
        of_tie = mixed[:, F:]
        laplacian = np.block([[laplacian, of_tie], [of_tie.T, of_x[F:, F:]]])
        mixed, of_x = np.concatenate([mixed[:, :F], of_x[F:, :F]]), of_x[:F, :F]
    # Least squares, because the weights of two votes can be so different that the matrix is singular by rounding.
    rest = of_x - mixed.T @ np.linalg.lstsq(laplacian, mixed, rcond=None)[0]
    size = np.maximum(np.sqrt(np.diag(of_x)), 1e-100)  # 0 for ratings so far apart that no outcome is open
    values, vectors = np.linalg.eigh(rest / np.outer(size, size))
    if values[0] < _COLLINEAR:
        name = names[int(np.abs(vectors[:, 0]).argmax())]
        raise CollinearError(
            f"these votes cannot separate {name} from the models and the other controls, because it follows from them; "
            "rate without control, or set a ridge above 0"
        )


def _maximum(
    likelihood: RowLikelihood, start: Floats, names: list[str]
) -> tuple[Floats, Floats, Floats | None, int, Floats]:
    """(theta (P,), inverse (P, P), exact rows of it (P, P) where the prior leaves it nearly flat, steps, gradient there
    (P,))"""
    prior, K = likelihood.ratings.prior, likelihood.ratings.n_models
    farthest = _RUNAWAY + (K * max(-math.log(prior), 0.0) if prior else 0.0)  # what a small prior lets ratings reach
    largest = np.abs(likelihood.rows.x).max(axis=1, initial=0.0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = _newton(likelihood, start, names, largest, farthest)
    if found is not None:
        theta, inverse, steps = found
        gradient, information = likelihood.newton(theta)
        size = np.linalg.norm(information[:K, :K], 1) * np.linalg.norm(inverse[:K, :K], 1)
        if not prior or size < ILL_CONDITIONED:
            return theta, inverse, None, steps, gradient
    if prior:
        exact = replace(likelihood, is_exact=True)
        theta, inverse, rows, steps = _maximum_by_network(exact, start, names, largest, farthest)
        return theta, inverse, rows, steps, exact.gradient(theta)
    raise ConvergenceError(f"no convergence in {_MAX_STEPS} steps; {bradley_terry.LARGER_PRIOR}, or a larger ridge")


def _newton(
    likelihood: RowLikelihood, start: Floats, names: list[str], largest: Floats, farthest: float
) -> tuple[Floats, Floats, int] | None:
    """None where it does not converge, or where a small prior leaves the Hessian without digits."""
    K, F, model = likelihood.ratings.n_models, len(names), likelihood.model
    theta, last = start.copy(), np.inf
    for steps in range(1, _MAX_STEPS + 1):
        gradient, information = likelihood.newton(theta)
        try:
            factor = cho_factor(information)
        except LinAlgError as error:
            if not names or 0 < likelihood.ratings.prior < 1:
                return None
            # the ratings alone have a maximum, so a coefficient has none
            raise _no_maximum(theta[K : K + F] * largest, names) from error
        step = cho_solve(factor, gradient)
        size = float(np.abs(step).max())
        # As `bradley_terry.damped`: no battle's log-odds changes by more than D.
        D = max(step[:K].max(), 0) - min(step[:K].min(), 0) + float(np.abs(step[K : K + F]) @ largest)
        if model is None:
            theta += step * (np.log1p(D) / D if D > 0 else 1.0)
        else:
            theta += step * float(ties.safe_share(model, np.array(D), np.abs(step[-1]), theta[-1]))
        if has_converged(np.array([size]), np.array([last])).all():
            return theta, cho_solve(factor, np.eye(len(theta))), steps
        if (np.abs(theta[K : K + F]) * largest > farthest).any():
            raise _no_maximum(theta[K : K + F] * largest, names)
        last = size
    return None


def _maximum_by_network(
    likelihood: RowLikelihood, start: Floats, names: list[str], largest: Floats, farthest: float
) -> tuple[Floats, Floats, Floats, int]:
    """With a prior above 0."""
    K, F, model, network = likelihood.ratings.n_models, len(names), likelihood.model, likelihood.ratings.network

    def at(r: Floats, b: Floats, which: Index) -> Local:
        return likelihood.local(np.concatenate([r[:, 0], b[:, 0]]))

    others = [] if model is None else [1.0]
    bounds = Bounds(
        None if model is None else partial(ties.largest_share, model),
        sizes=np.append(largest, others),
        farthest=np.append(farthest / np.maximum(largest, 1e-300), np.multiply(others, np.inf)),
    )
    try:
        found = network.climb(at, start[:K, None], start[K:, None], bounds)
        theta = np.concatenate([found.r[:, 0], found.b[:, 0]])
        inverses = network.inverses(found.r[:, 0], likelihood.local(theta), components(likelihood.rows.pairs))
    except LinAlgError as error:
        if not names:
            raise ConvergenceError(f"no convergence; {bradley_terry.LARGER_PRIOR}") from error
        raise _no_maximum(start[K : K + F] * largest, names) from error
    if (np.abs(theta[K : K + F]) * largest > farthest).any():
        raise _no_maximum(theta[K : K + F] * largest, names)
    if not found.has_converged.all():
        raise ConvergenceError(
            f"no convergence in {found.iterations[0]} steps; {bradley_terry.LARGER_PRIOR}, or a larger ridge"
        )
    return theta, inverses.inverse, inverses.rows, int(found.iterations[0])


def _no_maximum(reached: Floats, names: list[str]) -> EndlessCoefficientError:
    """`reached`, (F,), is the most that each covariate adds to the log-odds of a battle."""
    name = names[int(np.abs(reached).argmax())]
    return EndlessCoefficientError(
        f"the coefficient of {name} has no finite maximum: every vote follows it, alone or with the models; "
        "rate without control, or set a ridge above 0, or a larger one"
    )


def _by_cluster(found: ContextualFit, cluster: Index) -> Floats:
    """(P, P): the jackknife's covariance, with the prior's virtual ties as in the sandwich. `cluster` (N,) is each
    row's."""
    from scipy.sparse import csr_array

    likelihood, theta, inverse = found.likelihood, found.theta, found.inverse
    rows = likelihood.rows
    K, F, N = likelihood.ratings.n_models, len(rows.x), len(rows.y)
    blocks = list(likelihood.parts(theta))
    order = np.argsort(cluster, kind="stable")
    pair = np.repeat(np.arange(len(rows.start) - 1), np.diff(rows.start))
    one = np.ones(N)
    values = np.vstack([one, -one, rows.x])[:, order].T
    columns = np.empty(values.shape, dtype=np.int64)
    columns[:, 0], columns[:, 1] = rows.pairs.a[pair[order]], rows.pairs.b[pair[order]]
    columns[:, 2:] = np.arange(K, K + F)
    x = csr_array((values.ravel(), columns.ravel(), np.arange(N + 1) * values.shape[1]), shape=(N, K + F))
    score, curvature = (
        np.concatenate([part.score for part in blocks])[order],
        np.concatenate([part.curvature for part in blocks])[order],
    )
    if likelihood.model is None:
        terms = Terms(x, score, curvature, cluster[order])
    else:
        of_tie = np.concatenate([np.stack(part.tie) for part in blocks if part.tie is not None], axis=1)[:, order]
        terms = with_parameter(
            x, score, curvature, cluster[order], tie_slope=of_tie[0], mixed_bend=of_tie[1], tie_bend=of_tie[2]
        )
    of_prior = np.append(likelihood.of_prior(theta), np.zeros(len(theta) - K))
    covariance: Floats = (
        jackknife(inverse, terms, rows=found.rows, has_prior=likelihood.ratings.prior > 0)
        + inverse @ np.diag(of_prior) @ inverse
    )
    return covariance
