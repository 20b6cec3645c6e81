import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from db.outcome import Outcome
from elo.battles import Cells, Floats, Pairs
from elo.fit import bradley_terry, ties
from elo.fit.bradley_terry import ConvergenceError, Likelihood, NoMaximumError
from tests.elo import reference

SCALE = 400 / math.log(10)
MODELS: tuple[ties.Model, ...] = ("davidson", "rao-kupper")
LIBRARY_NAME = {"davidson": "davidson", "rao-kupper": "rao_kupper"}


def pairs_of(*counts: tuple[str, str, Outcome, int]) -> Pairs:
    return Cells.from_counts(counts).pairs()


def small(rng: np.random.Generator, n_models: int = 5, n_votes: int = 300) -> Pairs:
    votes, _ = reference.random_votes(rng, n_votes=n_votes, n_models=n_models)
    return Cells.from_votes(votes).pairs()


def tie_fit(pairs: Pairs, model: ties.Model, prior: float) -> ties.TieFit:
    found = ties.fit(pairs, model, prior=prior)
    assert isinstance(found, ties.TieFit)
    return found


def log_chances(model: ties.Model, d: float, t: float) -> tuple[float, float, float]:
    """log P(a), log P(b), log P(tie) by the published definitions, in strengths rather than in log-odds."""
    strength = math.exp(d)
    if model == "davidson":
        nu = math.exp(t)
        total = strength + 1 + nu * math.sqrt(strength)
        return math.log(strength / total), math.log(1 / total), math.log(nu * math.sqrt(strength) / total)
    theta = math.exp(t)
    won, lost = strength / (strength + theta), 1 / (1 + theta * strength)
    tied = (theta**2 - 1) * strength / ((strength + theta) * (1 + theta * strength))
    return math.log(won), math.log(lost), math.log(tied)


def naive_likelihood(model: ties.Model, r: Floats, t: float, pairs: Pairs, prior: float) -> float:
    total = 0.0
    for a, b, *counts in zip(*(x.tolist() for x in (pairs.a, pairs.b, pairs.won, pairs.lost, pairs.tied)), strict=True):
        log_p = log_chances(model, float(r[a] - r[b]), t)
        total += sum(n * log_p[k] for k, n in enumerate(counts) if n)
    for x in r.tolist():
        total += prior * (x / 2 - math.log1p(math.exp(x)))
    return total


@pytest.mark.parametrize("name", reference.NAMES)
@pytest.mark.parametrize("model", MODELS)
def test_the_maximum_equals_leaderbots(name: str, model: ties.Model) -> None:
    data = reference.load(name)
    if "leaderbot" not in data.results:
        pytest.skip(f"leaderbot has no result on {name}")
    expected = data.results["leaderbot"][LIBRARY_NAME[model]]
    found = tie_fit(data.cells.pairs(), model, 0.0)
    middle = np.mean(list(expected["elo_scale"].values()))
    ratings = dict(zip(data.cells.models, (SCALE * found.ratings + middle).tolist(), strict=True))
    assert ratings == pytest.approx(expected["elo_scale"], abs=1e-3)
    assert found.tie == pytest.approx(expected["tie_param_raw"][0], abs=1e-6)


@pytest.mark.parametrize("name", reference.NAMES)
def test_davidson_equals_evalicas_newman(name: str) -> None:
    """Newman's iteration with every tie counted once is Davidson's model with nu = 2v."""
    data = reference.load(name)
    expected = data.results["evalica_newman_tie_weight_1"]
    scores = np.log([expected["scores"][model] for model in data.cells.models])
    found = tie_fit(data.cells.pairs(), "davidson", 0.0)
    assert SCALE * found.ratings == pytest.approx(SCALE * (scores - scores.mean()), abs=1e-6)
    assert math.exp(found.tie) == pytest.approx(2 * expected["v"], abs=1e-8)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_fit_equals_a_plain_optimiser_on_the_published_likelihood(model: ties.Model, prior: float) -> None:
    pairs = small(np.random.default_rng(3))
    is_free = model == "davidson"  # eta is above 0, so its logarithm is what may go anywhere

    def loss(x: Floats) -> float:
        return -naive_likelihood(model, x[:-1], x[-1] if is_free else math.exp(x[-1]), pairs, prior)

    x = minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-7}).x
    found = tie_fit(pairs, model, prior)
    assert found.ratings == pytest.approx(x[:-1] - x[:-1].mean(), abs=2e-5)
    assert found.tie == pytest.approx(x[-1] if is_free else math.exp(x[-1]), abs=2e-5)
    assert found.largest_gradient < 1e-10
    assert 3 <= found.iterations <= 15


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("prior", [0.0, 0.7])
def test_the_inverse_is_that_of_the_likelihoods_curvature(model: ties.Model, prior: float) -> None:
    """Against second differences of the definition; without a prior on ratings of sum 0, where there is curvature."""
    pairs = small(np.random.default_rng(9))
    found, step = tie_fit(pairs, model, prior), 1e-4
    at = np.append(found.r, found.tie)

    def value(x: Floats) -> float:
        return naive_likelihood(model, x[:-1], x[-1], pairs, prior)

    axes = np.eye(6) * step
    curvature = np.array(
        [[(value(at + i + j) - value(at + i - j) - value(at - i + j) + value(at - i - j)) for j in axes] for i in axes]
    ) / (4 * step**2)
    centre = np.eye(6)
    centre[:5, :5] -= (prior == 0) / 5
    assert -curvature @ found.inverse @ centre == pytest.approx(centre, abs=2e-5)


@pytest.mark.parametrize("model", MODELS)
def test_the_terms_are_the_derivatives_of_each_outcomes_probability(model: ties.Model) -> None:
    h = 1e-5
    for d, t in [(0.0, 0.5), (1.3, 0.2), (-2.0, 1.1), (4.0, 0.05)]:
        at = ties.terms(model, np.array([d]), np.array(t))
        for k in range(3):

            def log_p(d: float, t: float, k: int = k) -> float:
                return log_chances(model, d, t)[k]

            assert math.exp(log_p(d, t)) == pytest.approx(ties.chances(model, np.array(d), np.array(t))[k], abs=1e-12)
            assert at.slope[k, 0] == pytest.approx((log_p(d + h, t) - log_p(d - h, t)) / (2 * h), abs=1e-6)
            assert at.tie_slope[k, 0] == pytest.approx((log_p(d, t + h) - log_p(d, t - h)) / (2 * h), abs=1e-6)
            ahead, behind = (ties.terms(model, np.array([d + s]), np.array(t)) for s in (h, -h))
            assert at.bend[k, 0] == pytest.approx((behind.slope - ahead.slope)[k, 0] / (2 * h), abs=1e-6)
            more, less = (ties.terms(model, np.array([d]), np.array(t + s)) for s in (h, -h))
            assert at.mixed_bend[k, 0] == pytest.approx((less.slope - more.slope)[k, 0] / (2 * h), abs=1e-6)
            bend = (less.tie_slope - more.tie_slope)[k, 0] / (2 * h)
            assert at.tie_bend[k, 0] == pytest.approx(bend, rel=1e-5, abs=1e-6)


def test_two_models_have_the_closed_form() -> None:
    """With three outcomes and two parameters the likeliest chances are the shares: 6, 2 and 4 of 12."""
    pairs = pairs_of(("a", "b", Outcome.A, 6), ("a", "b", Outcome.B, 2), ("a", "b", Outcome.TIE, 4))
    for model in MODELS:
        found = tie_fit(pairs, model, 0.0)
        d = found.r[:1] - found.r[1:]
        assert found.chances(d)[:, 0] == pytest.approx([6 / 12, 2 / 12, 4 / 12], abs=1e-12)
    davidson = tie_fit(pairs, "davidson", 0.0)
    assert davidson.r[0] - davidson.r[1] == pytest.approx(math.log(3))
    assert math.exp(davidson.tie) == pytest.approx(4 / math.sqrt(12))


def test_even_models_with_half_of_their_votes_ties() -> None:
    pairs = pairs_of(("a", "b", Outcome.A, 5), ("a", "b", Outcome.B, 5), ("a", "b", Outcome.BOTH_BAD, 10))
    assert [math.exp(tie_fit(pairs, model, 1.0).tie) for model in MODELS] == pytest.approx([2, 3])
    assert tie_fit(pairs, "davidson", 1.0).ratings.tolist() == [0, 0]


@pytest.mark.parametrize("model", MODELS)
def test_predicted_points_meet_the_points_scored(model: ties.Model) -> None:
    """Davidson's maximum expects of every model the points it has; Rao-Kupper's the same of wins and ties at large."""
    data = reference.load("food")
    pairs = data.cells.pairs()
    found = tie_fit(pairs, model, 0.0)
    won, _, tied = found.chances(found.r[pairs.a] - found.r[pairs.b])
    excess = pairs.points - pairs.games * (won + tied / 2)
    if model == "davidson":
        assert Likelihood.of(pairs, prior=0).incidence @ excess == pytest.approx(np.zeros(5), abs=1e-9)
    assert (pairs.games * tied).sum() == pytest.approx(pairs.tied.sum(), rel=0.1)


@pytest.mark.parametrize("model", MODELS)
def test_a_round_is_the_fit_of_its_own_counts(model: ties.Model) -> None:
    rng = np.random.default_rng(11)
    pairs = small(rng, 7, 500)
    start = tie_fit(pairs, model, 1.0)
    won, lost, tied = (
        rng.poisson(mean, (9, len(mean))).T.astype(float) for mean in (pairs.won, pairs.lost, pairs.tied)
    )
    together = ties.fit_rounds(pairs, won, lost, tied, start, prior=1.0)
    few = [counts[:, 3:5].copy() for counts in (won, lost, tied)]
    assert (together[:, 3:5] == ties.fit_rounds(pairs, few[0], few[1], few[2], start, prior=1.0)).all()
    for i in range(9):
        alone = ties.fit(Pairs(pairs.models, pairs.a, pairs.b, won[:, i], lost[:, i], tied[:, i]), model, prior=1.0)
        assert together[:, i] == pytest.approx(alone.ratings, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_lopsided_votes_and_rare_ties_converge(model: ties.Model) -> None:
    pairs = pairs_of(("a", "b", Outcome.A, 10**6), ("b", "c", Outcome.A, 10**6), ("a", "c", Outcome.TIE, 1))
    assert (np.diff(tie_fit(pairs, model, 1.0).ratings) < -1).all()
    pairs = pairs_of(("a", "b", Outcome.A, 3), ("a", "b", Outcome.TIE, 10**6), ("b", "a", Outcome.A, 1))
    assert tie_fit(pairs, model, 0.0).tie > 5


def test_without_a_tie_it_is_bradley_terry() -> None:
    pairs = pairs_of(("a", "b", Outcome.A, 6), ("a", "b", Outcome.B, 2))
    for model in MODELS:
        found = ties.fit(pairs, model, prior=1.0)
        assert isinstance(found, bradley_terry.Fit)
        assert (found.r == bradley_terry.fit(pairs, prior=1.0).r).all()


STEPS = [("a", "b", Outcome.A, 5), ("a", "b", Outcome.TIE, 5)]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("counts", "prior", "message"),
    [
        (
            [("a", "b", Outcome.TIE, 5)],
            1.0,
            "all votes on 'a', 'b' are ties or both-bad, which",
        ),
        ([("a", "b", Outcome.A, 5), ("b", "c", Outcome.TIE, 1)], 0.0, "'a' never lost a point"),
        (STEPS, 0.0, "the ratings of 'a', 'b' have no finite maximum under ties .* every winner above"),
    ],
)
def test_votes_without_a_maximum_raise_with_the_models_named(
    model: ties.Model, counts: list[tuple[str, str, Outcome, int]], prior: float, message: str
) -> None:
    with pytest.raises(NoMaximumError, match=message):
        ties.fit(pairs_of(*counts), model, prior=prior)


@pytest.mark.parametrize("model", MODELS)
def test_a_round_has_a_maximum_exactly_where_the_fit_finds_one(model: ties.Model) -> None:
    """Against the likelihood itself: where there is none, it still rises far out; where there is one, it does not."""
    rng = np.random.default_rng(4)
    pairs = pairs_of(("a", "b", Outcome.A, 1), ("b", "c", Outcome.A, 1), ("a", "c", Outcome.A, 1))
    seen = set()
    for _ in range(60):
        counts = rng.integers(0, 3, (3, 3)).astype(float) * (rng.random((3, 3)) < 0.7)
        has_maximum = ties.has_maximum(pairs, *counts, prior=0.0)
        seen.add(has_maximum)
        assert ties.has_maximum(pairs, *counts, prior=1.0) == bool(counts[2].any() and counts[:2].any())
        if not (counts[2].any() and counts[:2].any()):
            assert not has_maximum
            continue
        round_pairs = Pairs(pairs.models, pairs.a, pairs.b, *counts)

        def loss(x: Floats, pairs: Pairs = round_pairs) -> float:
            return -naive_likelihood(model, x[:-1], x[-1] if model == "davidson" else math.exp(x[-1]), pairs, 1e-9)

        far = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-9, "maxiter": 500}).x
        assert has_maximum == (np.ptp(far[:-1]) < 8), (counts, far)
    assert seen == {True, False}


def test_no_convergence_is_no_rating(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = small(np.random.default_rng(0))
    start = ties.fit(pairs, "davidson", prior=1)
    assert isinstance(start, ties.TieFit)
    monkeypatch.setattr("elo.fit.ties._MAX_STEPS", 2)
    monkeypatch.setattr("elo.fit.network._MAX_STEPS", 2)
    for prior in (0, 1):
        with pytest.raises(ConvergenceError, match="the fit with ties did not converge in 2 steps; use a prior above"):
            ties.fit(pairs, "davidson", prior=prior)
        far = replace(start, r=start.r + np.arange(len(start.r)))
        won, lost, tied = (2 * column[:, None] for column in (pairs.won, pairs.lost, pairs.tied))
        with pytest.raises(ConvergenceError, match="1 of 1 fits with ties did not converge; use a prior above 0"):
            ties.fit_rounds(pairs, won, lost, tied, far, prior=prior)
