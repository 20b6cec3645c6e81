"""The likelihood of votes with covariates.

Every step sums it over all rows. With a model of ties a tie is a third outcome of each row, and the tie parameter t is
the last one of theta.

    K models, N battles, M pairs that met, F covariates, B = F (+ 1 with t) other parameters, P = K + B
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from elo.battles import Floats, Index
from elo.fit import ties
from elo.fit.battle_rows import BattleRows
from elo.fit.bradley_terry import Likelihood, sigma
from elo.fit.network import Local
from elo.fit.ties import Model
from elo.settings import Settings

_OUTCOME_OF_POINTS = np.array([1, 2, 0])  # lost, tied, won: the order of `ties.Terms`
_BLOCK = 2**14  # rows: what a core's cache contains of a few columns


@dataclass(frozen=True, slots=True, eq=False)
class RowLikelihood:
    """The log-likelihood of `contextual` with its prior and ridge: gradient, Hessian and squared scores at theta, (P,),
    which is the ratings followed by the coefficients and, with a model of ties, its parameter."""

    rows: BattleRows
    ratings: Likelihood
    ridge: float
    model: Model | None = None
    """None: a tie is half a win for each."""
    is_exact: bool = False
    """Whether residuals keep all their digits where they are tiny, which only a small prior needs."""

    @classmethod
    def of(cls, rows: BattleRows, settings: Settings, model: Model | None = None) -> "RowLikelihood":
        return cls(rows, Likelihood.of(rows.pairs, prior=settings.prior), settings.ridge, model)

    @property
    def n_others(self) -> int:
        return len(self.rows.x) + (self.model is not None)

    def parts(self, theta: Floats) -> "Iterator[Part]":
        K, F = self.ratings.n_models, len(self.rows.x)
        t = None if self.model is None else theta[-1]
        return parts(self.rows, theta[:K], theta[K : K + F], self.model, t, is_exact=self.is_exact)

    def sums(self, theta: Floats, *, squares: bool) -> "Sums":
        """Over the votes alone, without the prior and the ridge."""
        rows, M, F, B = self.rows, len(self.rows.pairs.a), len(self.rows.x), self.n_others
        sums = Sums(np.zeros(M), np.zeros(B), np.zeros(M), np.zeros((B, M)), np.zeros((B, B)))
        for part in self.parts(theta):
            c = part.score**2 if squares else part.curvature
            x = rows.x[:, part.rows]
            weighed = x * c
            sums.slope[part.pairs] += np.add.reduceat(part.score, part.start)
            sums.pairs[part.pairs] += np.add.reduceat(c, part.start)
            sums.mixed[:F, part.pairs] += np.add.reduceat(weighed, part.start, axis=1)
            # Not BLAS products: their last bits depend on the number of threads.
            sums.slope_of_x[:F] += np.einsum("fn,n->f", x, part.score)
            sums.of_x[:F, :F] += np.einsum("fn,gn->fg", weighed, x)
            if part.tie is not None:
                slope, mixed, bend = part.tie
                if squares:
                    mixed, bend = part.score * slope, slope**2
                sums.slope_of_x[F] += slope.sum()
                sums.mixed[F, part.pairs] += np.add.reduceat(mixed, part.start)
                sums.of_x[F, :F] += np.einsum("fn,n->f", x, mixed)
                sums.of_x[F, F] += bend.sum()
        sums.of_x[:F, F:] = sums.of_x[F:, :F].T
        return sums

    def newton(self, theta: Floats) -> tuple[Floats, Floats]:
        """(P,), (P, P): the gradient, and minus the Hessian with the ratings' block as in `Likelihood.laplacian`."""
        sums = self.sums(theta, squares=False)
        r, _ = self._split(theta)
        ratings = self.ratings.laplacian(sums.pairs[:, None], r[:, None])[0]
        return self._gradient(theta, sums), self._joined(ratings, sums, np.diag(self._ridges))

    def local(self, theta: Floats, *, squares: bool = False) -> Local:
        """The same sums for `network`; the ridge is in them, except of squared scores."""
        sums, others = self.sums(theta, squares=squares), self._split(theta)[1]
        ridges = self._ridges * (not squares)
        return Local(
            sums.slope[:, None],
            sums.pairs[:, None],
            sums.mixed[:, :, None],
            (sums.slope_of_x - ridges * others)[:, None],
            (sums.of_x + np.diag(ridges))[:, :, None],
        )

    @property
    def _ridges(self) -> Floats:
        """(B,): there is none on the tie parameter."""
        ridges = np.full(self.n_others, self.ridge)
        ridges[len(self.rows.x) :] = 0.0
        return ridges

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
        """(K, B)"""
        mixed: Floats = self.ratings.incidence @ sums.mixed.T
        return mixed

    def _split(self, theta: Floats) -> tuple[Floats, Floats]:
        return theta[: self.ratings.n_models], theta[self.ratings.n_models :]

    def _gradient(self, theta: Floats, sums: "Sums") -> Floats:
        r, others = self._split(theta)
        of_r = self.ratings.incidence @ sums.slope + self.ratings.prior * (0.5 - sigma(r))
        return np.concatenate([of_r, sums.slope_of_x - self._ridges * others])

    def _joined(self, ratings: Floats, sums: "Sums", of_beta: Floats) -> Floats:
        mixed = self.mixed(sums)
        return np.block([[ratings, mixed], [mixed.T, sums.of_x + of_beta]])


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Sums over the votes of score times z and of c z z', with z = (e_a - e_b, x) and c the curvature or the squared
    score; and the same of the tie parameter."""

    slope: Floats
    """(M,): by pair, like everything about ratings."""
    slope_of_x: Floats
    """(B,)"""
    pairs: Floats
    """(M,)"""
    mixed: Floats
    """(B, M)"""
    of_x: Floats
    """(B, B)"""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """n rows of the pairs in `pairs`, the row that each pair starts at, and the first derivative and minus the second
    derivative of each row's term, (n,) each."""

    rows: slice
    pairs: slice
    start: Index
    score: Floats
    curvature: Floats
    tie: tuple[Floats, Floats, Floats] | None = None
    """With a model of ties: the first derivative in t, and minus the mixed and the second one."""


def parts(
    rows: BattleRows,
    r: Floats,
    beta: Floats,
    model: Model | None = None,
    t: float | None = None,
    *,
    is_exact: bool = False,
) -> Iterator[Part]:
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
        weight = None if rows.weight is None else rows.weight[start:stop]
        if model is None:
            p, y = sigma(eta), rows.y[start:stop]
            q = sigma(-eta) if is_exact else 1 - p
            values = [y * q - (1 - y) * p if is_exact else y - p, p * q]
        else:
            at = ties.terms(model, eta, np.array(t))
            outcome = (_OUTCOME_OF_POINTS[(2 * rows.y[start:stop]).astype(np.int64)], np.arange(stop - start))
            values = [part[outcome] for part in (at.slope, at.bend, at.tie_slope, at.mixed_bend, at.tie_bend)]
        if weight is not None:
            values = [value * weight for value in values]
        tie = None if model is None else (values[2], values[3], values[4])
        yield Part(slice(start, stop), slice(low, high), bounds[:-1], values[0], values[1], tie)
