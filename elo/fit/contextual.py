"""Bradley-Terry with covariates: how strong models are, told apart from how long, marked up or fast their answers are.

    logit P(a beats b) = r_a - r_b + x'beta

A tie is half a win for each; the prior on the ratings is the plain fit's, the ridge lies on beta alone. x are the
`covariates` divided by the roots of their mean squares over the battles: standard deviations around 0, as which answer
is called the first is a convention. Nothing is subtracted, for that would hide a preference for a side: the side has a
column of its own, 1 where the pair's first model stood on side A and -1 where on B, so that its coefficient is the
log-odds that side A gains. A coefficient of 0.25 says that an answer ahead by one such deviation gains 0.25 log-odds,
43 points on the Elo scale, over an equal one.

Every battle has its own x, so nothing can be counted together: Newton's method goes over all rows (`battle_rows`) in
each step, from the plain fit on. Neither the order of the votes nor, without side, which answer was on which side
changes a bit of the result. (Li et al. 2024, "Does style matter?"; FastChat puts its penalty on the ratings too, and
centres x.)

    K models, N battles, M pairs that met, F covariates, P = K + F parameters
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.linalg import LinAlgError
from scipy.linalg import cho_factor, cho_solve, eigh
from scipy.sparse import csr_array

from elo.battles import Floats, Index, MissingDataError, Pairs, Votes, components
from elo.fit import bradley_terry
from elo.fit.battle_rows import BattleRows
from elo.fit.bradley_terry import ConvergenceError, Fit, Likelihood, NoMaximumError, centred, has_converged, sigma
from elo.fit.clusters import Terms, codes, jackknife
from elo.fit.coefficient import Coefficient
from elo.fit.covariates import covariates
from elo.fit.pointwise import pointwise
from elo.settings import Settings

_MAX_STEPS = 200
_RUNAWAY = 30.0
_COLLINEAR = 1e-8
_BLOCK = 2**14  # rows: what a core's cache holds of a few columns


@dataclass(frozen=True, slots=True, eq=False)
class ContextualFit:
    """`r` (K,) in log-odds, with the prior's zero as in `Fit`, and `inverse` (K, K), its block of the inverse of minus
    the Hessian of all parameters: so it knows that the coefficients are estimates too."""

    models: tuple[str, ...]
    r: Floats
    coefficients: tuple[Coefficient, ...]
    """In log-odds per deviation of the covariate, of side for side A; pointwise intervals, robust as `covariance`,
    Student's where votes are clustered."""
    inverse: Floats
    covariance: Floats
    """(K, K): of the ratings with their plain mean kept at 0, right whatever law the votes follow."""
    kind: Literal["sandwich", "jackknife"]
    n_clusters: int | None
    """Of the used votes; None where they count one by one."""
    pairs: Pairs
    """What the used votes were, as (weighted) counts."""
    n_left_out: int
    """Votes of which a feature is not known."""
    unused: tuple[str, ...]
    """Features without a coefficient: they differ in no battle."""
    iterations: int
    largest_gradient: float

    @property
    def fit(self) -> Fit:
        return Fit(self.r, self.inverse, self.iterations, self.largest_gradient)


def fit_contextual(
    votes: Votes, models: tuple[str, ...], settings: Settings, weights: Floats | None = None
) -> ContextualFit:
    """The ratings of the K `models` and the coefficients of `settings.control`, both at the maximum of

        sum_i w_i [y_i eta_i - log(1 + e^eta_i)] + c sum_m [r_m / 2 - log(1 + e^r_m)] - ridge / 2 |beta|^2

    with eta = r_a - r_b + x'beta, y the points of a, c the prior and `weights` (N,) the votes' (None: 1 each). Without
    control it is the plain fit. Votes of which a needed feature is unknown are left out; where votes hang together
    (see `clusters.codes`), the covariance is the jackknife's.

    Raises MissingDataError where the votes lack what control, or cluster, needs, or hold nothing from which a
    coefficient could be told; ValueError for a feature below 0; NoMaximumError and ConvergenceError as
    `bradley_terry.fit`, and NoMaximumError where a coefficient grows for ever.
    """
    n_votes, wanted = len(votes), covariates(votes, settings.control)
    if not wanted.is_known.all():
        votes, weights = votes.select(wanted.is_known), None if weights is None else weights[wanted.is_known]
        wanted = covariates(votes, settings.control)
    rows = BattleRows.of(votes, models, wanted, weights)
    deviation = np.sqrt((rows.x**2).sum(axis=1) / max(len(rows.y), 1))
    is_used = deviation > 0
    rows = replace(rows, x=rows.x[is_used] / deviation[is_used, None])
    used = [name for name, uses in zip(wanted.names, is_used, strict=True) if uses]
    likelihood = _Likelihood.of(rows, settings)
    start = bradley_terry.fit(rows.pairs, prior=settings.prior)
    if not settings.ridge:
        _check_told_apart(likelihood, start.r, used)
    theta, inverse, iterations = _newton(likelihood, start.r, used)
    gradient, G = likelihood.squares(theta)
    code, n_clusters, K = codes(votes, settings), None, len(models)
    if code is None:
        covariance = inverse @ G @ inverse
    else:
        cluster = rows.clusters(code)
        covariance = _by_cluster(likelihood, theta, inverse, cluster)
        n_clusters = int(cluster.max()) + 1
    reach = pointwise(settings.level, n_clusters and n_clusters - 1)
    errors = reach * np.sqrt(np.diag(covariance)[K:])
    return ContextualFit(
        models,
        theta[:K],
        tuple(
            Coefficient(name, float(beta), float(beta - error), float(beta + error))
            for name, beta, error in zip(used, theta[K:], errors, strict=True)
        ),
        inverse[:K, :K],
        centred(covariance[:K, :K]),
        "sandwich" if code is None else "jackknife",
        n_clusters,
        rows.pairs,
        n_left_out=n_votes - len(votes),
        unused=tuple(name for name, uses in zip(wanted.names, is_used, strict=True) if not uses),
        iterations=iterations,
        largest_gradient=float(np.abs(gradient).max(initial=0.0)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Likelihood:
    rows: BattleRows
    ratings: Likelihood
    ridge: float

    @classmethod
    def of(cls, rows: BattleRows, settings: Settings) -> "_Likelihood":
        return cls(rows, Likelihood.of(rows.pairs, prior=settings.prior), settings.ridge)

    def sums(self, theta: Floats, *, squares: bool) -> "_Sums":
        """Of the votes alone, without prior and ridge."""
        rows, M, F = self.rows, len(self.rows.pairs.a), len(self.rows.x)
        sums = _Sums(np.zeros(M), np.zeros(F), np.zeros(M), np.zeros((F, M)), np.zeros((F, F)))
        for part in _parts(rows, *self._split(theta)):
            c = part.score**2 if squares else part.curvature
            x = rows.x[:, part.rows]
            weighed = x * c
            sums.slope[part.pairs] += np.add.reduceat(part.score, part.start)
            sums.pairs[part.pairs] += np.add.reduceat(c, part.start)
            sums.mixed[:, part.pairs] += np.add.reduceat(weighed, part.start, axis=1)
            # Not BLAS products: their last bits depend on the number of threads.
            sums.slope_of_x[:] += np.einsum("fn,n->f", x, part.score)
            sums.of_x[:] += np.einsum("fn,gn->fg", weighed, x)
        return sums

    def newton(self, theta: Floats) -> tuple[Floats, Floats]:
        """(P,), (P, P): the gradient, and minus the Hessian with the ratings' block as in `Likelihood.laplacian`."""
        sums = self.sums(theta, squares=False)
        r, beta = self._split(theta)
        ratings = self.ratings.laplacian(sums.pairs[:, None], r[:, None])[0]
        return self._gradient(theta, sums), self._joined(ratings, sums, self.ridge * np.eye(len(beta)))

    def squares(self, theta: Floats) -> tuple[Floats, Floats]:
        """The gradient, and the sum of the squared scores of votes and, where there is a prior, of its ties."""
        sums = self.sums(theta, squares=True)
        ratings = self.laplacian(sums) + np.diag(self.of_prior(theta))
        return self._gradient(theta, sums), self._joined(ratings, sums, np.zeros(sums.of_x.shape))

    def of_prior(self, theta: Floats) -> Floats:
        """(K,): the squared scores of the prior's virtual ties."""
        squares: Floats = self.ratings.prior * (0.5 - sigma(self._split(theta)[0])) ** 2
        return squares

    def laplacian(self, sums: "_Sums") -> Floats:
        incidence = self.ratings.incidence
        matrix: Floats = (incidence.multiply(sums.pairs) @ incidence.T).toarray()
        return matrix

    def mixed(self, sums: "_Sums") -> Floats:
        """(K, F)"""
        mixed: Floats = self.ratings.incidence @ sums.mixed.T
        return mixed

    def _split(self, theta: Floats) -> tuple[Floats, Floats]:
        return theta[: self.ratings.n_models], theta[self.ratings.n_models :]

    def _gradient(self, theta: Floats, sums: "_Sums") -> Floats:
        r, beta = self._split(theta)
        of_r = self.ratings.incidence @ sums.slope + self.ratings.prior * (0.5 - sigma(r))
        return np.concatenate([of_r, sums.slope_of_x - self.ridge * beta])

    def _joined(self, ratings: Floats, sums: "_Sums", of_beta: Floats) -> Floats:
        mixed = self.mixed(sums)
        return np.block([[ratings, mixed], [mixed.T, sums.of_x + of_beta]])


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Over the votes, of score times z, and of c z z' with z = (e_a - e_b, x): c is the curvature, or the score's
    square."""

    slope: Floats
    """(M,): by pair, as all that has to do with ratings."""
    slope_of_x: Floats
    """(F,)"""
    pairs: Floats
    """(M,)"""
    mixed: Floats
    """(F, M)"""
    of_x: Floats
    """(F, F)"""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some rows, n, of the pairs in `pairs`, with the row among them that each begins at, and their terms' derivative
    and minus its derivative, (n,) each."""

    rows: slice
    pairs: slice
    start: Index
    score: Floats
    curvature: Floats


def _parts(rows: BattleRows, r: Floats, beta: Floats) -> Iterator[_Part]:
    d = r[rows.pairs.a] - r[rows.pairs.b]
    for start in range(0, len(rows.y), _BLOCK):
        stop = min(start + _BLOCK, len(rows.y))
        low = int(np.searchsorted(rows.start, start, side="right")) - 1
        high = int(np.searchsorted(rows.start, stop, side="left"))
        bounds = np.clip(rows.start[low : high + 1], start, stop) - start
        eta = np.repeat(d[low:high], np.diff(bounds))
        for f, value in enumerate(beta):
            eta += value * rows.x[f, start:stop]
        p = sigma(eta)
        score, curvature = rows.y[start:stop] - p, p * (1 - p)
        if rows.weight is not None:
            score *= rows.weight[start:stop]
            curvature *= rows.weight[start:stop]
        yield _Part(slice(start, stop), slice(low, high), bounds[:-1], score, curvature)


def _check_told_apart(likelihood: _Likelihood, r: Floats, names: list[str]) -> None:
    """Raises MissingDataError where some covariate follows from the models and the other covariates of a battle."""
    if not names:
        return
    sums = likelihood.sums(np.concatenate([r, np.zeros(len(names))]), squares=False)
    group = components(likelihood.rows.pairs)
    laplacian, mixed = likelihood.laplacian(sums), likelihood.mixed(sums)
    laplacian += (group[:, None] == group[None, :]) * np.diag(laplacian).mean()
    # Least squares, for the weights of two votes can lie so far apart that the matrix is singular by rounding.
    rest = sums.of_x - mixed.T @ np.linalg.lstsq(laplacian, mixed, rcond=None)[0]
    size = np.maximum(np.sqrt(np.diag(sums.of_x)), 1e-100)  # 0 where ratings lie so far apart that nothing is open
    values, vectors = eigh(rest / np.outer(size, size))
    if values[0] < _COLLINEAR:
        name = names[int(np.abs(vectors[:, 0]).argmax())]
        raise MissingDataError(
            f"in these votes {name} cannot be told from the models and what else is controlled; leave it out, or set a "
            "ridge above 0"
        )


def _newton(likelihood: _Likelihood, r: Floats, names: list[str]) -> tuple[Floats, Floats, int]:
    """(theta (P,), inverse (P, P), steps)"""
    K, F = len(r), len(names)
    theta = np.concatenate([r, np.zeros(F)])
    largest = np.abs(likelihood.rows.x).max(axis=1, initial=0.0)
    last = np.inf
    for steps in range(1, _MAX_STEPS + 1):
        gradient, information = likelihood.newton(theta)
        try:
            factor = cho_factor(information, lower=True)
        except LinAlgError as error:  # the ratings alone have a maximum, so it is the coefficients that run away
            if not names:
                raise ConvergenceError(bradley_terry.too_flat(likelihood.ratings.prior)) from error
            raise _no_maximum(theta[K:] * largest, names) from error
        step = cho_solve(factor, gradient)
        size = float(np.abs(step).max())
        # As `bradley_terry.damped`: by at most D does any battle's log-odds change.
        D = max(step[:K].max(), 0) - min(step[:K].min(), 0) + float(np.abs(step[K:]) @ largest)
        theta += step * (np.log1p(D) / D if D > 0 else 1.0)
        if has_converged(np.array([size]), np.array([last])).all():
            return theta, cho_solve(factor, np.eye(K + F)), steps
        if (np.abs(theta[K:]) * largest > _RUNAWAY).any():
            raise _no_maximum(theta[K:] * largest, names)
        last = size
    raise ConvergenceError(
        f"no convergence in {_MAX_STEPS} steps; the last one was {size:.3g} log-odds; a larger prior holds ratings, "
        "and a larger ridge coefficients, that votes alone do not"
    )


def _no_maximum(reached: Floats, names: list[str]) -> NoMaximumError:
    """`reached`, (F,), is what each covariate can add to the log-odds of a battle."""
    name = names[int(np.abs(reached).argmax())]
    return NoMaximumError(
        f"the coefficient of {name} has no finite maximum: the votes follow it, or it and the models, without "
        "exception; set a ridge above 0, or a larger one"
    )


def _by_cluster(likelihood: _Likelihood, theta: Floats, inverse: Floats, cluster: Index) -> Floats:
    """(P, P): the jackknife's covariance, with the prior's virtual ties as in the sandwich. `cluster` (N,) is each
    row's."""
    rows = likelihood.rows
    K, N = len(theta) - len(rows.x), len(rows.y)
    parts = list(_parts(rows, theta[:K], theta[K:]))
    order = np.argsort(cluster, kind="stable")
    pair = np.repeat(np.arange(len(rows.start) - 1), np.diff(rows.start))
    one = np.ones(N)
    values = np.vstack([one, -one, rows.x])[:, order].T
    columns = np.empty(values.shape, dtype=np.int64)
    columns[:, 0], columns[:, 1] = rows.pairs.a[pair[order]], rows.pairs.b[pair[order]]
    columns[:, 2:] = np.arange(K, len(theta))
    terms = Terms(
        csr_array((values.ravel(), columns.ravel(), np.arange(N + 1) * values.shape[1]), shape=(N, len(theta))),
        np.concatenate([part.score for part in parts])[order],
        np.concatenate([part.curvature for part in parts])[order],
        cluster[order],
    )
    of_prior = np.append(likelihood.of_prior(theta), np.zeros(len(rows.x)))
    covariance: Floats = jackknife(inverse, terms) + inverse @ np.diag(of_prior) @ inverse
    return covariance
