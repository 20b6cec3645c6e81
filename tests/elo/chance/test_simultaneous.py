from statistics import NormalDist

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, norm, t

from elo.chance.simultaneous import draws, quantile
from elo.fit.pointwise import pointwise


@pytest.mark.parametrize("n_models", [1, 2, 20, 100])
def test_independent_ratings_have_the_quantile_of_the_largest_of_so_many(n_models: int) -> None:
    """P(max |z| < q) = (2 Phi(q) - 1)^K."""
    expected = NormalDist().inv_cdf((1 + 0.95 ** (1 / n_models)) / 2)
    assert quantile(np.eye(n_models), level=0.95, seed=0) == pytest.approx(expected, abs=0.06)
    assert quantile(np.eye(n_models), level=0.95, n_draws=400_000 // n_models, seed=1) == pytest.approx(
        expected, abs=0.03
    )


def test_equal_ratings_are_one() -> None:
    assert quantile(np.ones((9, 9)), level=0.95, n_draws=100_000, seed=0) == pytest.approx(1.96, abs=0.02)


def test_scales_change_nothing() -> None:
    """It is a matter of correlations alone."""
    rng = np.random.default_rng(5)
    root = rng.normal(size=(6, 6))
    covariance, scale = root @ root.T, np.exp(rng.normal(size=6))
    scaled = covariance * np.outer(scale, scale)
    assert quantile(scaled, level=0.9, seed=3) == pytest.approx(quantile(covariance, level=0.9, seed=3), abs=2e-6)


def test_the_reach_covers_all_at_once() -> None:
    """Draws by another way, through Cholesky's root, of ratings whose mean is fixed."""
    rng = np.random.default_rng(6)
    root = rng.normal(size=(12, 12)) * np.geomspace(0.1, 1, 12)[:, None]
    P = np.eye(12) - 1 / 12
    covariance = P @ root @ root.T @ P
    q = quantile(covariance, level=0.95, n_draws=100_000, seed=0)
    z = rng.normal(size=(50_000, 12)) @ (P @ root).T / np.sqrt(np.diag(covariance))
    assert (np.abs(z).max(axis=1) < q).mean() == pytest.approx(0.95, abs=0.005)


def test_a_model_without_variance_is_left_aside() -> None:
    covariance = np.diag([1.0, 0.0, 2.0])
    covariance[1, 0] = covariance[0, 1] = 1e-17
    assert quantile(covariance, level=0.95, n_draws=100_000, seed=0) == pytest.approx(2.236, abs=0.02)
    assert quantile(np.zeros((1, 1)), level=0.95, seed=0) == 0.0


def test_seeds_repeat() -> None:
    draws = [quantile(np.eye(5), level=0.95, seed=seed) for seed in (7, 7, 2**64 - 1)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize("freedom", [20, 39])
def test_few_degrees_of_freedom_are_students(freedom: int) -> None:
    """Of several that share their error the largest is the studentised maximum modulus, here by integration."""

    def covered(q: float) -> float:
        def density(u: float) -> float:
            return float((2 * norm.cdf(q * np.sqrt(u / freedom)) - 1) ** 20 * chi2.pdf(u, freedom))

        return float(quad(density, 0, np.inf)[0])

    assert covered(quantile(np.eye(20), level=0.95, freedom=freedom, n_draws=50_000, seed=0)) == pytest.approx(
        0.95, abs=0.005
    )
    assert pointwise(0.95, freedom) == pytest.approx(t.ppf(0.975, freedom), abs=1e-12)
    assert pointwise(0.95) == pytest.approx(1.959964, abs=1e-6)


def test_draws_have_the_covariance_asked_for() -> None:
    root = np.random.default_rng(1).normal(size=(4, 3))  # singular
    covariance = root @ root.T
    assert np.cov(draws(covariance, 200_000, seed=2).T) == pytest.approx(covariance, abs=0.05)
    wider = np.cov(draws(covariance, 200_000, freedom=12, seed=2).T)
    assert wider == pytest.approx(covariance * 12 / 10, abs=0.08)
