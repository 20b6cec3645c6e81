"""The linear algebra of a fit: sums over the pairs of each model, and Cholesky's factorization.

It is NumPy's, and SciPy's sparse matrices for many pairs only: SciPy takes twice as long to load as everything else
that a small board needs. Also, `estimate.one_thread` then has one library to keep to one thread.

    K models, M pairs that met, R problems
"""

from functools import cached_property
from typing import Any

import numpy as np

from elo.battles import Floats, Index

_FEW_PAIRS = 100
"""Of at most 15 models: here a loop over the pairs takes 0.2 ms, and loading SciPy 200."""


class Incidence:
    """The (K, M) matrix with 1 where the model is the pair's a, `sign` where it is its b, and 0 elsewhere."""

    def __init__(self, a: Index, b: Index, n_models: int, *, sign: float) -> None:
        self._a, self._b, self._n_models, self._sign = a, b, n_models, sign

    def __matmul__(self, x: Floats) -> Floats:
        """(K,) or (K, R), from (M,) or (M, R). A column has the same bits among any others; no BLAS product has."""
        if len(self._a) > _FEW_PAIRS:
            product: Floats = self._sparse @ x
            return product
        if x.ndim == 1 or x.shape[1] == 1:
            column, K = x.ravel(), self._n_models
            alone: Floats = np.bincount(self._a, column, K) + self._sign * np.bincount(self._b, column, K)
            return alone.reshape(K, *x.shape[1:])
        sums = np.zeros((2, self._n_models, x.shape[1]))
        of_a, of_b = sums
        for a, b, row in zip(self._a.tolist(), self._b.tolist(), x, strict=True):
            of_a[a] += row
            of_b[b] += row
        both: Floats = of_a + self._sign * of_b
        return both

    @cached_property
    def _sparse(self) -> Any:
        from scipy.sparse import csr_array

        M = len(self._a)
        values = np.repeat([1.0, self._sign], M)
        places = np.concatenate([self._a, self._b]), np.tile(np.arange(M), 2)
        return csr_array((values, places), shape=(self._n_models, M))


def cho_factor(matrix: Floats) -> Floats:
    """L (K, K) of L L' = matrix. Raises LinAlgError for a matrix that is not positive definite."""
    return np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)


def cho_solve(factor: Floats, b: Floats) -> Floats:
    """x of L L' x = b, from `cho_factor`'s L."""
    solved: Floats = np.linalg.solve(factor.T, np.linalg.solve(factor, b))
    return solved
