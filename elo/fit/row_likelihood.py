"""The likelihood of votes with covariates.

Every step sums it over all rows.

K models, N battles, M pairs that met, F covariates, P = K + F parameters
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from elo.battles import Floats, Index
from elo.fit.battle_rows import BattleRows
from elo.fit.bradley_terry import Likelihood, sigma
from elo.settings import Settings

_BLOCK = 2**14  # rows: what a core's cache contains of a few columns


@dataclass(frozen=True, slots=True, eq=False)
class RowLikelihood:
    """The log-likelihood of `contextual` with its prior and ridge: gradient, Hessian and squared scores at theta, (P,),
    which is the ratings followed by the coefficients."""

    rows: BattleRows
    ratings: Likelihood
    ridge: float

    @classmethod
    def of(cls, rows: BattleRows, settings: Settings) -> "RowLikelihood":
        return cls(rows, Likelihood.of(rows.pairs, prior=settings.prior), settings.ridge)

    def sums(self, theta: Floats, *, squares: bool) -> "Sums":
        """Over the votes alone, without the prior and the ridge."""
        rows, M, F = self.rows, len(self.rows.pairs.a), len(self.rows.x)
        sums = Sums(np.zeros(M), np.zeros(F), np.zeros(M), np.zeros((F, M)), np.zeros((F, F)))
        for part in parts(rows, *self._split(theta)):
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

    def gradient(self, theta: Floats) -> Floats:
        """(P,)"""
        return self._gradient(theta, self.sums(theta, squares=False))

    def squares(self, theta: Floats) -> Floats:
        """(P, P): the sum of the squared scores of the votes and of the prior's ties, if any."""
        sums = self.sums(theta, squares=True)
        ratings = self.laplacian(sums) + np.diag(self.of_prior(theta))
        return self._joined(ratings, sums, np.zeros(sums.of_x.shape))

    def of_prior(self, theta: Floats) -> Floats:
        """(K,): the squared scores of the prior's virtual ties."""
        squares: Floats = self.ratings.prior * (0.5 - sigma(self._split(theta)[0])) ** 2
        return squares

    def laplacian(self, sums: "Sums") -> Floats:
        a, b = self.ratings.a, self.ratings.b
        matrix: Floats = np.diag(self.ratings.degree @ sums.pairs)
        matrix[a, b] = matrix[b, a] = -sums.pairs
        return matrix

    def mixed(self, sums: "Sums") -> Floats:
        """(K, F)"""
        mixed: Floats = self.ratings.incidence @ sums.mixed.T
        return mixed

    def _split(self, theta: Floats) -> tuple[Floats, Floats]:
        return theta[: self.ratings.n_models], theta[self.ratings.n_models :]

    def _gradient(self, theta: Floats, sums: "Sums") -> Floats:
        r, beta = self._split(theta)
        of_r = self.ratings.incidence @ sums.slope + self.ratings.prior * (0.5 - sigma(r))
        return np.concatenate([of_r, sums.slope_of_x - self.ridge * beta])

    def _joined(self, ratings: Floats, sums: "Sums", of_beta: Floats) -> Floats:
        mixed = self.mixed(sums)
        return np.block([[ratings, mixed], [mixed.T, sums.of_x + of_beta]])


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums over the votes of score times z and of c z z', with z = (e_a - e_b, x) and c the curvature or the squared
    score."""

    slope: Floats
    """(M,): by pair, like everything about ratings."""
    slope_of_x: Floats
    """(F,)"""
    pairs: Floats
    """(M,)"""
    mixed: Floats
    """(F, M)"""
    of_x: Floats
    """(F, F)"""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """n rows of the pairs in `pairs`, the row that each pair starts at, and the first derivative and minus the second
    derivative of each row's term, (n,) each."""

    rows: slice
    pairs: slice
    start: Index
    score: Floats
    curvature: Floats


def parts(rows: BattleRows, r: Floats, beta: Floats) -> Iterator[Part]:
    """All rows in blocks that fit into a core's cache."""
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
        yield Part(slice(start, stop), slice(low, high), bounds[:-1], score, curvature)
