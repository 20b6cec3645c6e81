"""Sums over the pairs of each model and Cholesky's factorization, against SciPy's."""

import numpy as np
import pytest
from numpy.linalg import LinAlgError
from scipy.linalg import cho_factor as scipy_factor
from scipy.linalg import cho_solve as scipy_solve

from elo.fit import linear
from elo.fit.linear import Incidence, cho_factor, cho_solve


@pytest.mark.parametrize("n_models", [2, 5, 14, 15, 40])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_incidence_is_the_dense_matrix_by_either_way(
    n_models: int, sign: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = np.triu_indices(n_models, 1)
    dense = np.zeros((n_models, len(a)))
    dense[a, np.arange(len(a))], dense[b, np.arange(len(a))] = 1.0, sign
    x = np.random.default_rng(n_models).normal(size=(len(a), 7))
    found = []
    for few in (0, 10**9):
        monkeypatch.setattr(linear, "_FEW_PAIRS", few)
        incidence = Incidence(a, b, n_models, sign=sign)
        assert incidence @ x == pytest.approx(dense @ x, abs=1e-12)
        assert (incidence @ x[:, 0]).tolist() == (incidence @ x)[:, 0].tolist() == (incidence @ x[:, :1])[:, 0].tolist()
        found.append(incidence @ x)
    assert found[0] == pytest.approx(found[1], abs=1e-12)


def test_a_solution_is_scipys() -> None:
    half = np.random.default_rng(0).normal(size=(30, 30))
    matrix, b = half @ half.T + np.eye(30), np.random.default_rng(1).normal(size=(30, 4))
    for right in (b, b[:, 0]):
        expected = scipy_solve(scipy_factor(matrix, lower=True), right)
        assert cho_solve(cho_factor(matrix), right) == pytest.approx(expected, rel=1e-9)


def test_a_matrix_that_is_not_positive_definite_is_an_error() -> None:
    with pytest.raises(LinAlgError):
        cho_factor(np.array([[1.0, 2.0], [2.0, 1.0]]))
