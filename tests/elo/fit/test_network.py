import warnings
from typing import Literal

import numpy as np
import pytest
from scipy.optimize import brentq

from db.outcome import Outcome
from elo.battles import Cells, Floats, Pairs
from elo.chance.sandwich import sandwich
from elo.fit import bradley_terry, ties
from elo.fit.bradley_terry import Fit, Likelihood
from elo.fit.network import Local, Network
from elo.fit.ties import TieFit
from tests.elo.exact import exact

A, B, TIE = Outcome.A, Outcome.B, Outcome.TIE


def chain(n: int, votes: int = 1) -> list[tuple[str, str, Outcome, int]]:
    return [(f"m{i:03}", f"m{i + 1:03}", A, votes) for i in range(n - 1)]


MILLIONS = [("a", "b", A, 3_000_000), ("b", "a", A, 2_000_000), ("d", "e", A, 2_000_000), ("e", "d", A, 1_000_000)]
GRAPHS = {
    "chain of 15": chain(15),
    "5-0": [("a", "b", A, 5)],
    "5000-0": [("a", "b", A, 5000)],
    "one vote": [("a", "b", A, 1)],
    "one tie": [("a", "b", TIE, 1)],
    "split": [("a", "b", A, 5), ("b", "a", A, 2), ("c", "d", A, 7), ("d", "e", A, 1)],
    "star": [("hub", f"s{i}", A, i + 1) for i in range(6)],
    "millions beside one vote": [*MILLIONS, ("b", "d", A, 1)],
    "chain with a tie": [*chain(8), ("m003", "m004", TIE, 1)],
    "ring of one tie": [*chain(8), ("m000", "m007", TIE, 1)],
    "millions and one tie": [*MILLIONS, ("b", "d", A, 1), ("a", "b", TIE, 1_000_000)],
}


def pairs_of(name: str) -> Pairs:
    return Cells.from_counts(GRAPHS[name]).pairs()


def fitted(pairs: Pairs, model: Literal["half", "davidson", "rao-kupper"], prior: float) -> Fit | TieFit:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return bradley_terry.fit(pairs, prior=prior) if model == "half" else ties.fit(pairs, model, prior=prior)


# Without a tie, models of ties are Bradley-Terry; without a decided vote they have no maximum.
CASES = [
    (name, model)
    for name, rows in GRAPHS.items()
    for model in ("half", "davidson", "rao-kupper")
    if model == "half" or {A, TIE} <= {outcome for _, _, outcome, _ in rows}
]


@pytest.mark.parametrize("prior", [1e-3, 1e-4, 1e-6, 1e-9])
@pytest.mark.parametrize(("name", "model"), CASES)
def test_any_prior_gives_the_ratings_of_90_digits(
    name: str, prior: float, model: Literal["half", "davidson", "rao-kupper"]
) -> None:
    pairs = pairs_of(name)
    found = fitted(pairs, model, prior)
    ratings, tie, covariance = exact(pairs, model, found.r, getattr(found, "tie", 0.0), prior=prior)
    # Sums over millions of votes are rounded at 1e-10, which is a share of what a small prior adds to them.
    rounding = 1e-15 * pairs.games.max() / prior
    assert found.ratings == pytest.approx(ratings, abs=1e-8 + rounding)
    assert getattr(found, "tie", 0.0) == pytest.approx(tie, abs=1e-8 + rounding)
    likelihood = Likelihood.of(pairs, prior=prior)
    errors = np.sqrt(np.diag(sandwich(likelihood, pairs, found)))
    assert errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-5 + rounding, abs=1e-9)


@pytest.mark.parametrize("prior", [1e-3, 1e-9])
@pytest.mark.parametrize("n", [15, 60, 100])
def test_a_chain_has_the_gaps_of_its_closed_form(n: int, prior: float) -> None:
    """What k models have won beyond those below them, sigma(-gap), is what their prior takes: c sum tanh(r / 2) / 2."""
    found = bradley_terry.fit(Cells.from_counts(chain(n)).pairs(), prior=prior)
    taken = np.cumsum(prior * np.tanh(found.r / 2) / 2)[:-1]
    assert np.exp(-np.logaddexp(0, -np.diff(found.r))) == pytest.approx(taken, rel=1e-9)
    assert found.r == pytest.approx(-found.r[::-1], abs=1e-8)
    assert found.largest_gradient < 1e-12


@pytest.mark.parametrize("prior", [1.0, 1e-3, 1e-9])
def test_5000_to_0_has_the_gap_of_one_equation(prior: float) -> None:
    gap = brentq(lambda d: 5000 / (1 + np.exp(d)) - prior * np.tanh(d / 4) / 2, 1, 60, xtol=1e-14)
    found = bradley_terry.fit(pairs_of("5000-0"), prior=prior)
    assert found.ratings[0] - found.ratings[1] == pytest.approx(gap, abs=1e-10)


def test_networks_are_solved_as_by_a_dense_solver() -> None:
    rng = np.random.default_rng(1)
    a, b = np.array([0, 0, 1, 2, 3]), np.array([1, 2, 2, 3, 4])
    network, r = Network.of(5, a, b, 0.7), rng.normal(size=5)
    local = Local(
        slope=rng.normal(size=(5, 1)),
        bend=rng.uniform(1, 2, size=(5, 1)),
        mixed=rng.normal(size=(2, 5, 1)) / 9,
        slope_of_b=rng.normal(size=(2, 1)),
        bend_of_b=(np.eye(2) + 0.1)[:, :, None],
    )
    incidence = np.zeros((5, 5))
    incidence[a, np.arange(5)], incidence[b, np.arange(5)] = 1, -1
    H = np.zeros((7, 7))
    H[:5, :5] = (incidence * local.bend[:, 0]) @ incidence.T + np.diag(network.ground(r))
    H[:5, 5:] = incidence @ local.mixed[:, :, 0].T
    H[5:, :5], H[5:, 5:] = H[:5, 5:].T, local.bend_of_b[:, :, 0]
    found = network.inverses(r, local, np.ones(5, dtype=np.int64))
    expected = np.linalg.inv(H)
    assert found.inverse == pytest.approx(expected, abs=1e-12)
    relative = expected.copy()
    relative[:5] -= expected[4]
    assert found.rows == pytest.approx(relative, abs=1e-12)


def test_rounds_of_a_tiny_prior_are_the_same_in_any_batch() -> None:
    pairs = pairs_of("chain of 15")
    rng, prior = np.random.default_rng(0), 1e-9
    n = rng.poisson(1.0, size=(len(pairs.a), 40)).astype(float)
    start, likelihood = bradley_terry.fit(pairs, prior=prior), Likelihood.of(pairs, prior=prior)
    together = bradley_terry.fit_rounds(likelihood, n, n, start)
    halves = [bradley_terry.fit_rounds(likelihood, part, part, start) for part in np.split(n, 2, axis=1)]
    assert (together == np.concatenate(halves, axis=1)).all()
    for i in (0, 7, 23):
        drawn = Pairs(pairs.models, pairs.a, pairs.b, n[:, i], np.zeros(14), np.zeros(14))
        ratings: Floats = bradley_terry.fit(drawn, prior=prior).ratings
        assert together[:, i] == pytest.approx(ratings, abs=1e-7)
