"""The way for models most of which met gives what the way for any pairs gives."""

import numpy as np
import pytest

from db.outcome import Outcome
from elo.battles import Cells, Pairs, Votes
from elo.fit import bradley_terry
from elo.fit.bradley_terry import Fit, fit
from elo.fit.convergence import CONVERGED
from elo.fit.dense import is_dense, maximum


def votes_of(rng: np.random.Generator, n_models: int, n_votes: int, spread: float) -> Pairs:
    a, b = rng.integers(0, n_models, (2, n_votes))
    a, b = a[a != b], b[a != b]
    r = rng.normal(0, spread, n_models)
    outcome = np.where(rng.random(len(a)) < 0.1, 2, rng.random(len(a)) > 1 / (1 + np.exp(r[b] - r[a])))
    return Cells.from_votes(Votes(tuple(f"m{i:03}" for i in range(n_models)), a, b, outcome.astype(np.int8))).pairs()


def fit_any(monkeypatch: pytest.MonkeyPatch, pairs: Pairs, prior: float) -> Fit:
    with monkeypatch.context() as patched:
        patched.setattr(bradley_terry, "is_dense", lambda pairs: False)
        return fit(pairs, prior=prior)


@pytest.mark.parametrize("prior", [0.0, 0.01, 1.0, 20.0])
@pytest.mark.parametrize(("n_models", "n_votes"), [(2, 40), (6, 400), (30, 20_000), (100, 300_000)])
@pytest.mark.parametrize("spread", [0.2, 1.0])
def test_fit_is_the_same_both_ways(
    monkeypatch: pytest.MonkeyPatch, prior: float, n_models: int, n_votes: int, spread: float
) -> None:
    pairs = votes_of(np.random.default_rng(n_models), n_models, n_votes, spread)
    found, expected = fit(pairs, prior=prior), fit_any(monkeypatch, pairs, prior)
    assert found.r == pytest.approx(expected.r, abs=1e-9)
    assert found.inverse == pytest.approx(expected.inverse, rel=1e-7, abs=1e-9)
    assert found.largest_gradient < 1e-6


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_ratings_are_within_the_bound_of_the_maximum(prior: float) -> None:
    """From any number of steps that is enough, the next step is below `CONVERGED`."""
    n_found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        pairs = votes_of(rng, int(rng.integers(2, 40)), int(rng.integers(500, 50_000)), rng.choice([0.1, 0.5, 1.5]))
        if (found := maximum(pairs, prior, most_steps=20)) is None:
            continue
        n_found += 1
        likelihood = bradley_terry.Likelihood.of(pairs, prior=prior)
        r, y, n = found.r[:, None], pairs.points[:, None], pairs.games[:, None]
        p, q = likelihood.chances(r)
        information = likelihood.information(r, n, p, q)[0]
        assert np.abs(np.linalg.solve(information, likelihood.gradient(r, y, n, p, q))).max() < CONVERGED
        assert found.information == pytest.approx(information, rel=1e-9)
    assert n_found > 20


def test_one_weak_link_between_two_groups_is_found_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two groups in which all met often, and two votes between them."""
    groups = ("abcdef", "uvwxyz")
    counts = [
        (i, j, Outcome(o), 1000 + 10 * o) for group in groups for i in group for j in group if i < j for o in (0, 1)
    ]
    pairs = Cells.from_counts([*counts, ("a", "z", Outcome.A, 2), ("a", "z", Outcome.B, 1)]).pairs()
    assert is_dense(pairs)
    r = fit(pairs, prior=0.0).ratings
    assert r[0] - r[-1] == pytest.approx(np.log(2), abs=1e-9)
    assert r == pytest.approx(fit_any(monkeypatch, pairs, 0.0).ratings, abs=1e-9)


def test_few_pairs_and_lopsided_records_are_left_to_the_other_way() -> None:
    chain = Cells.from_counts([(f"m{i:02}", f"m{i + 1:02}", Outcome(o), 5) for i in range(30) for o in (0, 1)]).pairs()
    assert not is_dense(chain)
    sure = Cells.from_counts([("a", "b", Outcome.A, 10**6), ("b", "c", Outcome.A, 10**6)]).pairs()
    assert is_dense(sure)
    assert maximum(sure, 0.01, most_steps=200) is None
    assert np.isfinite(fit(sure, prior=0.01).ratings).all()


def test_the_inverse_is_made_once() -> None:
    found = fit(votes_of(np.random.default_rng(1), 6, 400, 0.5), prior=0.0)
    assert found.inverse is found.inverse
