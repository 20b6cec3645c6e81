import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from db.outcome import Outcome
from elo.battles import Cells, Floats, Pairs, Votes
from elo.fit.bradley_terry import (
    ConvergenceError,
    Fit,
    Likelihood,
    NoMaximumError,
    damped,
    fit,
    fit_rounds,
    has_maximum,
)
from tests.elo import reference

SCALE = 400 / math.log(10)


def pairs_of(*counts: tuple[str, str, Outcome, int]) -> Pairs:
    return Cells.from_counts(counts).pairs()


def on_elo_scale(pairs: Pairs, found: Fit) -> dict[str, float]:
    return dict(zip(pairs.models, (1000 + SCALE * found.ratings).tolist(), strict=True))


def naive_likelihood(r: Floats, pairs: Pairs, prior: float) -> float:
    """The definition, vote by vote."""
    total = 0.0
    for a, b, won, lost, tied in zip(pairs.a, pairs.b, pairs.won, pairs.lost, pairs.tied, strict=True):
        log_p = -math.log1p(math.exp(r[b] - r[a]))
        log_q = -math.log1p(math.exp(r[a] - r[b]))
        total += won * log_p + lost * log_q + tied * (log_p + log_q) / 2
    for rating in r:
        total += prior * (-math.log1p(math.exp(-rating)) - math.log1p(math.exp(rating))) / 2
    return total


def small(rng: np.random.Generator, n_models: int = 6, n_votes: int = 300) -> Pairs:
    votes, _ = reference.random_votes(rng, n_votes=n_votes, n_models=n_models)
    return Cells.from_votes(votes).pairs()


@pytest.mark.parametrize("name", reference.NAMES)
@pytest.mark.parametrize(
    "key", ["fastchat_compute_bt_tight", "arena_rank_sandwich", "choix_ilsr", "evalica_bradley_terry_tight"]
)
def test_exact_maximum_equals_fastchat_arena_rank_choix_and_evalica(name: str, key: str) -> None:
    data = reference.load(name)
    expected = data.results[key]
    expected = expected.get("ratings") or expected.get("elo_scale") or expected
    pairs = data.cells.pairs()
    assert on_elo_scale(pairs, fit(pairs, prior=0)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("prior", [0.0, 0.3, 1.0, 5.0])
def test_fit_equals_a_plain_optimiser(prior: float) -> None:
    pairs = small(np.random.default_rng(3))
    plain = minimize(lambda r: -naive_likelihood(r, pairs, prior), np.zeros(6), method="BFGS", options={"gtol": 1e-7})
    assert fit(pairs, prior=prior).ratings == pytest.approx(plain.x - plain.x.mean(), abs=1e-5)


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_gradient_and_hessian_equal_finite_differences(prior: float) -> None:
    rng = np.random.default_rng(5)
    pairs = small(rng)
    likelihood = Likelihood.of(pairs, prior=prior)
    r, step = rng.normal(size=6), 1e-5
    y, n = pairs.points[:, None], pairs.games[:, None]

    def gradient(r: Floats) -> Floats:
        return likelihood.gradient(r[:, None], y, n, *likelihood.chances(r[:, None]))[:, 0]

    information = likelihood.information(r[:, None], n, *likelihood.chances(r[:, None]))[0]
    if not prior:
        assert (information @ np.ones(6)).std() < 1e-12
        information = information - (information @ np.ones(6))[0] / 6  # the weight that makes it invertible
        assert np.abs(information @ np.ones(6)).max() < 1e-12
    for m, axis in enumerate(np.eye(6) * step):
        slope = (naive_likelihood(r + axis, pairs, prior) - naive_likelihood(r - axis, pairs, prior)) / (2 * step)
        assert gradient(r)[m] == pytest.approx(slope, abs=1e-6)
        curvature = (gradient(r + axis) - gradient(r - axis)) / (2 * step)
        assert -information[m] == pytest.approx(curvature, abs=1e-6)


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_the_gradient_is_zero_at_the_maximum(prior: float) -> None:
    pairs = reference.load("llmfao_crowd").cells.pairs()
    likelihood, found = Likelihood.of(pairs, prior=prior), fit(pairs, prior=prior)
    r = found.r[:, None]
    slope = likelihood.gradient(r, pairs.points[:, None], pairs.games[:, None], *likelihood.chances(r))
    assert np.abs(slope).max() < 1e-8


def test_two_models_without_a_prior_have_the_closed_form() -> None:
    pairs = pairs_of(("a", "b", Outcome.A, 7), ("a", "b", Outcome.B, 2), ("a", "b", Outcome.TIE, 3))
    ratings = on_elo_scale(pairs, fit(pairs, prior=0))
    assert ratings["a"] - ratings["b"] == pytest.approx(SCALE * math.log(8.5 / 3.5), abs=1e-9)


@pytest.mark.parametrize(("prior", "gap"), [(0.1, 830.5), (0.5, 581), (1.0, 478.8), (2.0, 382)])
def test_a_clean_sweep_is_finite_under_the_prior(prior: float, gap: float) -> None:
    """5-0 puts the two at +x and -x with 5 (1 - sigma(2x)) = c (sigma(x) - 1/2)."""
    pairs = pairs_of(("a", "b", Outcome.A, 5))
    ratings = on_elo_scale(pairs, fit(pairs, prior=prior))
    x = brentq(lambda x: 5 / (1 + math.exp(2 * x)) - prior * (1 / (1 + math.exp(-x)) - 0.5), 0, 10, xtol=1e-12)
    assert ratings["a"] - ratings["b"] == pytest.approx(2 * SCALE * x, abs=1e-8)
    assert ratings["a"] - ratings["b"] == pytest.approx(gap, abs=0.5)


def test_only_ties_are_all_equal() -> None:
    pairs = pairs_of(("a", "b", Outcome.TIE, 4), ("b", "c", Outcome.BOTH_BAD, 2))
    for prior in (0.0, 1.0):
        assert fit(pairs, prior=prior).ratings.tolist() == [0, 0, 0]


def test_multiplied_counts_leave_the_maximum_where_it_is() -> None:
    cells = reference.load("food").cells
    more = Cells(cells.models, cells.a, cells.b, cells.outcome, cells.count * 1000)
    assert fit(more.pairs(), prior=0).ratings == pytest.approx(fit(cells.pairs(), prior=0).ratings, abs=1e-12)


def test_a_million_lopsided_votes_converge() -> None:
    pairs = pairs_of(("a", "b", Outcome.A, 10**6), ("b", "c", Outcome.A, 10**6), ("c", "a", Outcome.A, 1))
    assert fit(pairs, prior=0).ratings[0] > 3
    assert np.isfinite(fit(pairs, prior=1e-6).ratings).all()


@pytest.mark.parametrize("n_models", [5, 60])
def test_a_round_is_the_fit_of_its_own_counts_alone_or_among_others(n_models: int) -> None:
    """Both ways of fitting rounds, Newton's (few models) and the chord (many), against one fit at a time."""
    rng = np.random.default_rng(11)
    pairs = small(rng, n_models, 60 * n_models)
    likelihood, start = Likelihood.of(pairs, prior=1.0), fit(pairs, prior=1.0)
    won, lost, tied = (
        rng.poisson(mean, (9, len(mean))).T.astype(float) for mean in (pairs.won, pairs.lost, pairs.tied)
    )
    y, n = won + tied / 2, won + lost + tied
    together = fit_rounds(likelihood, y, n, start)
    assert (together[:, 3:5] == fit_rounds(likelihood, y[:, 3:5].copy(), n[:, 3:5].copy(), start)).all()
    for i in range(9):
        alone = fit(Pairs(pairs.models, pairs.a, pairs.b, won[:, i], lost[:, i], tied[:, i]), prior=1.0)
        assert together[:, i] == pytest.approx(alone.ratings, abs=1e-9)


def test_rounds_far_from_the_start_converge_too() -> None:
    rng = np.random.default_rng(2)
    pairs = small(rng, 40, 80)
    likelihood, start = Likelihood.of(pairs, prior=0.1), fit(pairs, prior=0.1)
    y: Floats = rng.integers(0, 2, (len(pairs.a), 20)).astype(np.float64) * 50
    n = np.full((len(pairs.a), 20), 50.0)
    r = fit_rounds(likelihood, y, n, start)
    for i in range(20):
        alone = fit(Pairs(pairs.models, pairs.a, pairs.b, y[:, i], 50 - y[:, i], np.zeros(len(n))), prior=0.1)
        assert r[:, i] == pytest.approx(alone.ratings, abs=1e-8)


def test_a_damped_step_never_lowers_the_likelihood() -> None:
    rng = np.random.default_rng(8)
    for _ in range(200):
        pairs = small(rng, 4, int(rng.integers(3, 30)))
        n_models = pairs.n_models
        likelihood = Likelihood.of(pairs, prior=0.2)
        r = rng.normal(0, 4, (n_models, 1))
        p, q = likelihood.chances(r)
        slope = likelihood.gradient(r, pairs.points[:, None], pairs.games[:, None], p, q)
        newton = np.linalg.solve(likelihood.information(r, pairs.games[:, None], p, q)[0], slope)
        before = naive_likelihood(r[:, 0], pairs, 0.2)
        assert naive_likelihood((r + damped(newton))[:, 0], pairs, 0.2) >= before - 1e-9 * abs(before)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            [("a", "b", Outcome.A, 5)],
            "no finite maximum: against all others, 'a' never lost a point and 'b' never won a point; use a prior",
        ),
        (
            [
                ("a", "b", Outcome.TIE, 5),
                ("c", "d", Outcome.A, 1),
                ("d", "c", Outcome.A, 1),
                ("d", "e", Outcome.TIE, 1),
            ],
            "no path of battles leads from 'a', 'b' to the other models; use a prior",
        ),
        (
            [("a", "b", Outcome.TIE, 1), ("c", "d", Outcome.TIE, 1), ("b", "c", Outcome.A, 3)],
            "against all others, 'a', 'b' never lost a point and 'c', 'd' never won a point",
        ),
    ],
)
def test_votes_without_a_maximum_raise_with_the_models_named(
    counts: list[tuple[str, str, Outcome, int]], message: str
) -> None:
    with pytest.raises(NoMaximumError, match=message):
        fit(pairs_of(*counts), prior=0)
    assert np.isfinite(fit(pairs_of(*counts), prior=1).ratings).all()


def test_a_round_has_a_maximum_when_everybody_is_within_reach() -> None:
    pairs = pairs_of(("a", "b", Outcome.TIE, 5), ("b", "c", Outcome.TIE, 5))
    n = np.array([5.0, 5.0])
    assert has_maximum(pairs, np.array([2.5, 0.5]), n)
    assert not has_maximum(pairs, np.array([2.5, 0.0]), n)
    assert not has_maximum(pairs, np.array([2.5, 0.0]), np.array([5.0, 0.0]))


def test_no_convergence_is_no_rating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.fit.bradley_terry._MAX_STEPS", 2)
    monkeypatch.setattr("elo.fit.network._MAX_STEPS", 2)
    pairs = small(np.random.default_rng(0))
    with pytest.raises(ConvergenceError, match="no convergence in 2 steps; use a prior above 0, or a larger one"):
        fit(pairs, prior=1)
    with pytest.raises(ConvergenceError, match="no convergence in 2 steps"):
        fit(pairs, prior=0)
    start = Fit(np.full(6, 3.0), np.eye(6))
    with pytest.raises(ConvergenceError, match="1 of 1 rounds did not converge; use a prior above 0, or a larger one"):
        fit_rounds(Likelihood.of(pairs, prior=1), pairs.points[:, None], pairs.games[:, None], start)


def test_renaming_the_models_leaves_their_ratings() -> None:
    votes = reference.load("llmfao_crowd").votes
    mirrored = {model: model[::-1] + "x" for model in votes.models}
    renamed = Votes(tuple(mirrored.values()), votes.a, votes.b, votes.outcome)
    before, after = Cells.from_votes(votes).pairs(), Cells.from_votes(renamed).pairs()
    ratings = on_elo_scale(after, fit(after, prior=1))
    expected = {mirrored[model]: rating for model, rating in on_elo_scale(before, fit(before, prior=1)).items()}
    assert ratings == pytest.approx(expected, abs=1e-9)
