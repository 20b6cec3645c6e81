"""Bradley-Terry ratings for answers of equal length, style, side and speed.

    logit P(a beats b) = r_a - r_b + x'beta

A tie is half a win for each; the prior on the ratings is the plain fit's, and the ridge is on beta alone. x are the
`covariates` divided by the roots of their mean squares over the battles: standard deviations around 0, because which
answer comes first is a convention. Nothing is subtracted, because that would hide a preference for a side: the side
has its own column, 1 where the pair's first model was on side A and -1 where it was on B, so its coefficient is the
log-odds that side A gains. A coefficient of 0.25 means that an answer ahead by one such deviation gains 0.25 log-odds,
43 points on the Elo scale, over an equal one.

Newton's method goes over all rows (`row_likelihood`) in each step, starting from the plain fit. Neither the order of
the votes nor, without side, which answer was on which side changes a bit of the result. (Li et al. 2024, "Does style
matter?"; FastChat puts its penalty on the ratings too, and centres x.)

    K models, N battles, M pairs that met, F covariates, P = K + F parameters
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from elo.battles import Floats, Index, MissingDataError, Pairs, Votes
from elo.fit import bradley_terry
from elo.fit.battle_rows import BattleRows
from elo.fit.bradley_terry import ConvergenceError, Fit, NoMaximumError, has_converged
from elo.fit.clusters import Terms, codes, jackknife
from elo.fit.coefficient import Coefficient
from elo.fit.components import components
from elo.fit.covariates import covariates
from elo.fit.linear import cho_factor, cho_solve
from elo.fit.pointwise import pointwise
from elo.fit.row_likelihood import RowLikelihood, parts
from elo.settings import Settings

_MAX_STEPS = 200
_RUNAWAY = 30.0
_COLLINEAR = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class ContextualFit:
    """The maximum, and what its spread is computed from."""

    likelihood: RowLikelihood
    """Of the votes used."""
    theta: Floats
    """(P,): ratings, then coefficients, in log-odds, with the prior's zero as in `Fit`."""
    inverse: Floats
    """(P, P): the inverse of minus the Hessian."""
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
    def fit(self) -> Fit:
        """The ratings alone. Their inverse is a block of the larger one: the coefficients are estimates too."""
        K = self.pairs.n_models
        return Fit(self.theta[:K], self.inverse[:K, :K], self.iterations, self.largest_gradient)

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

    with eta = r_a - r_b + x'beta, y the points of a, c the prior and `weights` (N,) the votes' (None: 1 each). Without
    control it is the plain fit. Votes without one of the features are left out.

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
    deviation = np.sqrt((rows.x**2).sum(axis=1) / max(len(rows.y), 1))
    differs = deviation > 0
    rows = replace(rows, x=rows.x[differs] / deviation[differs, None])
    names = [name for name, does in zip(wanted.names, differs, strict=True) if does]
    likelihood = RowLikelihood.of(rows, settings)
    start = bradley_terry.fit(rows.pairs, prior=settings.prior)
    if not settings.ridge:
        _check_identified(likelihood, start.r, names)
    theta, inverse, iterations = _newton(likelihood, start.r, names)
    code = codes(votes, settings)
    return ContextualFit(
        likelihood,
        theta,
        inverse,
        tuple(names),
        tuple(name for name, does in zip(wanted.names, differs, strict=True) if not does),
        is_used,
        int((~is_used).sum()),
        None if code is None else rows.clusters(code),
        iterations,
        float(np.abs(likelihood.gradient(theta)).max(initial=0.0)),
    )


def spread(found: ContextualFit) -> Floats:
    """(P, P): the covariance of all parameters, right whatever law the votes follow: the sandwich or, where votes are
    in clusters, the jackknife. Raises ClusterError."""
    if found.cluster is not None:
        return _by_cluster(found, found.cluster)
    G = found.likelihood.squares(found.theta)
    covariance: Floats = found.inverse @ G @ found.inverse
    return covariance


def coefficients(found: ContextualFit, covariance: Floats, *, level: float) -> tuple[Coefficient, ...]:
    """With pointwise intervals from the covariance (P, P), Student's where votes are in clusters."""
    K, n = found.pairs.n_models, found.n_clusters
    errors = pointwise(level, n and n - 1) * np.sqrt(np.diag(covariance)[K:])
    return tuple(
        Coefficient(name, float(beta), float(beta - error), float(beta + error))
        for name, beta, error in zip(found.names, found.theta[K:], errors, strict=True)
    )


def _check_identified(likelihood: RowLikelihood, r: Floats, names: list[str]) -> None:
    """Raise MissingDataError where a covariate follows from the models and the other covariates of a battle."""
    if not names:
        return
    sums = likelihood.sums(np.concatenate([r, np.zeros(len(names))]), squares=False)
    group = components(likelihood.rows.pairs)
    laplacian, mixed = likelihood.laplacian(sums), likelihood.mixed(sums)
    laplacian += (group[:, None] == group[None, :]) * np.diag(laplacian).mean()
    # Least squares, because the weights of two votes can be so different that the matrix is singular by rounding.
    rest = sums.of_x - mixed.T @ np.linalg.lstsq(laplacian, mixed, rcond=None)[0]
    size = np.maximum(np.sqrt(np.diag(sums.of_x)), 1e-100)  # 0 for ratings so far apart that no outcome is open
    values, vectors = np.linalg.eigh(rest / np.outer(size, size))
    if values[0] < _COLLINEAR:
        name = names[int(np.abs(vectors[:, 0]).argmax())]
        raise MissingDataError(
            f"these votes cannot separate {name} from the models and the other controls; leave it out, or set a ridge "
            "above 0"
        )


def _newton(likelihood: RowLikelihood, r: Floats, names: list[str]) -> tuple[Floats, Floats, int]:
    """(theta (P,), inverse (P, P), steps)"""
    K, F = len(r), len(names)
    theta = np.concatenate([r, np.zeros(F)])
    largest = np.abs(likelihood.rows.x).max(axis=1, initial=0.0)
    last = np.inf
    for steps in range(1, _MAX_STEPS + 1):
        gradient, information = likelihood.newton(theta)
        try:
            factor = cho_factor(information)
        except LinAlgError as error:  # the ratings alone have a maximum, so a coefficient has none
            if not names:
                raise ConvergenceError(bradley_terry.too_flat(likelihood.ratings.prior)) from error
            raise _no_maximum(theta[K:] * largest, names) from error
        step = cho_solve(factor, gradient)
        size = float(np.abs(step).max())
        # As `bradley_terry.damped`: no battle's log-odds changes by more than D.
        D = max(step[:K].max(), 0) - min(step[:K].min(), 0) + float(np.abs(step[K:]) @ largest)
        theta += step * (np.log1p(D) / D if D > 0 else 1.0)
        if has_converged(np.array([size]), np.array([last])).all():
            return theta, cho_solve(factor, np.eye(K + F)), steps
        if (np.abs(theta[K:]) * largest > _RUNAWAY).any():
            raise _no_maximum(theta[K:] * largest, names)
        last = size
    raise ConvergenceError(
        f"no convergence in {_MAX_STEPS} steps; the last one was {size:.3g} log-odds; use a larger prior or ridge"
    )


def _no_maximum(reached: Floats, names: list[str]) -> NoMaximumError:
    """`reached`, (F,), is the most that each covariate adds to the log-odds of a battle."""
    name = names[int(np.abs(reached).argmax())]
    return NoMaximumError(
        f"the coefficient of {name} has no finite maximum: every vote follows it, alone or with the models; "
        "set a ridge above 0, or a larger one"
    )


def _by_cluster(found: ContextualFit, cluster: Index) -> Floats:
    """(P, P): the jackknife's covariance, with the prior's virtual ties as in the sandwich. `cluster` (N,) is each
    row's."""
    from scipy.sparse import csr_array

    likelihood, theta, inverse = found.likelihood, found.theta, found.inverse
    rows = likelihood.rows
    K, N = len(theta) - len(rows.x), len(rows.y)
    blocks = list(parts(rows, theta[:K], theta[K:]))
    order = np.argsort(cluster, kind="stable")
    pair = np.repeat(np.arange(len(rows.start) - 1), np.diff(rows.start))
    one = np.ones(N)
    values = np.vstack([one, -one, rows.x])[:, order].T
    columns = np.empty(values.shape, dtype=np.int64)
    columns[:, 0], columns[:, 1] = rows.pairs.a[pair[order]], rows.pairs.b[pair[order]]
    columns[:, 2:] = np.arange(K, len(theta))
    terms = Terms(
        csr_array((values.ravel(), columns.ravel(), np.arange(N + 1) * values.shape[1]), shape=(N, len(theta))),
        np.concatenate([block.score for block in blocks])[order],
        np.concatenate([block.curvature for block in blocks])[order],
        cluster[order],
    )
    of_prior = np.append(likelihood.of_prior(theta), np.zeros(len(rows.x)))
    covariance: Floats = jackknife(inverse, terms) + inverse @ np.diag(of_prior) @ inverse
    return covariance
