import json
import math
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import scipy.stats
from scipy.optimize import minimize

from db.outcome import Outcome
from elo import estimate
from elo.battles import Cells, Floats, MissingDataError, Pairs, Votes
from elo.chance.sandwich import sandwich
from elo.fit import bradley_terry, contextual
from elo.fit.bradley_terry import ConvergenceError, Fit, Likelihood, NoMaximumError, centred, fit
from elo.fit.coefficient import Coefficient
from elo.fit.ties import TieFit
from elo.settings import Settings, TieModel
from tests.elo.reference import DATA

ALL: Any = ("length", "style", "side", "speed")
TRUE = {"tokens": 1.2, "headers": 0.3, "lists": -0.4, "bold": 0.0, "side": 0.15, "seconds": -0.6}
"""Log-odds per unit of the difference over the sum; of side: for side A."""
KINDS: tuple[TieModel, ...] = ("half", "davidson")
OUTCOMES = np.array([Outcome(code).swapped for code in range(4)])


def ratio(values: Floats, name: str) -> Floats:
    a, b = values.T
    found: Floats = (a - b) / (a + b + (name != "seconds"))
    return found


def random_votes(
    rng: np.random.Generator, *, n_votes: int, n_models: int = 5, ties: float = 0.5
) -> tuple[Votes, Floats]:
    """Votes that follow TRUE, with a taste for long answers that good models give more often."""
    ratings = rng.normal(0, 0.6, n_models)
    ratings -= ratings.mean()
    a = rng.integers(0, n_models, n_votes)
    b = (a + rng.integers(1, n_models, n_votes)) % n_models
    sides = np.stack([a, b], axis=1)
    features = {
        "tokens": np.exp(rng.normal(5 + 0.5 * ratings[sides], 0.7)).round(),
        "headers": rng.poisson(1.5, (n_votes, 2)).astype(float),
        "lists": rng.poisson(4, (n_votes, 2)).astype(float),
        "bold": rng.poisson(2, (n_votes, 2)).astype(float),
        "seconds": np.exp(rng.normal(1, 0.8, (n_votes, 2))),
    }
    eta = ratings[a] - ratings[b] + TRUE["side"]
    for name, values in features.items():
        eta += TRUE[name] * ratio(values, name)
    p = 1 / (1 + np.exp(-eta))
    tie, u = ties * np.minimum(p, 1 - p), rng.random(n_votes)
    outcome = np.where(u < p - tie / 2, 0, np.where(u < p + tie / 2, 2 + rng.integers(0, 2, n_votes), 1))
    models = tuple(f"model-{m:02}" for m in range(n_models))
    return Votes(models, a, b, outcome.astype(np.int8), features=features), ratings


@dataclass(frozen=True)
class Found:
    """A fit and its spread."""

    models: tuple[str, ...]
    r: Floats
    inverse: Floats
    pairs: Pairs
    covariance: Floats
    coefficients: tuple[Coefficient, ...]
    n_clusters: int | None
    n_left_out: int
    unused: tuple[str, ...]
    largest_gradient: float


def found(votes: Votes, weights: Floats | None = None, **settings: Any) -> Found:
    models = tuple(sorted({votes.models[m] for m in (*votes.a.tolist(), *votes.b.tolist())}))
    return joined(contextual.fit(votes, models, Settings(**settings), weights), Settings(**settings).level)


def joined(fitted: contextual.ContextualFit, level: float = 0.95) -> Found:
    covariance, K = contextual.spread(fitted), fitted.pairs.n_models
    return Found(
        fitted.pairs.models,
        fitted.fit.r,
        fitted.fit.inverse,
        fitted.pairs,
        centred(covariance[:K, :K]),
        contextual.coefficients(fitted, covariance, level=level),
        fitted.n_clusters,
        fitted.n_left_out,
        fitted.unused,
        fitted.largest_gradient,
    )


def values(fitted: Found) -> dict[str, float]:
    return {coefficient.name: coefficient.value for coefficient in fitted.coefficients}


def dense(votes: Votes, control: tuple[str, ...]) -> tuple[list[str], Floats, Floats, Floats]:
    """The plain way: names, the design matrix (N, K + F), y (N,), and the root mean squares (F,)."""
    used = {"length": ["tokens"], "style": ["headers", "lists", "bold"], "side": ["side"], "speed": ["seconds"]}
    names = [name for part in control for name in used[part]]
    assert votes.features is not None
    N, K = len(votes), len(votes.models)
    z = np.zeros((N, K + len(names)))
    z[np.arange(N), votes.a] += 1
    z[np.arange(N), votes.b] -= 1
    for f, name in enumerate(names):
        z[:, K + f] = 1.0 if name == "side" else ratio(votes.features[name], name)
    scale = np.sqrt((z[:, K:] ** 2).mean(axis=0))
    z[:, K:] /= scale
    return names, z, np.array([Outcome(code).score for code in votes.outcome]), scale


class Plain:
    """The definition, over a dense matrix."""

    def __init__(
        self, votes: Votes, *, control: tuple[str, ...] = ALL, prior: float, ridge: float = 0.0, w: Any = 1.0
    ) -> None:
        self.names, self.z, self.y, self.scale = dense(votes, control)
        self.K, self.prior, self.ridge, self.w = len(votes.models), prior, ridge, w

    def loss(self, theta: Floats) -> float:
        eta, r, beta = self.z @ theta, theta[: self.K], theta[self.K :]
        votes = (self.w * (self.y * eta - np.logaddexp(0, eta))).sum()
        prior = self.prior * (r / 2 - np.logaddexp(0, r)).sum()
        return float(-(votes + prior - self.ridge / 2 * beta @ beta))

    def best(self) -> Floats:
        start = np.zeros(self.z.shape[1])
        result: Floats = minimize(self.loss, start, method="BFGS", options={"gtol": 1e-7}).x
        return result

    def scores(self, theta: Floats) -> Floats:
        """(N, P)"""
        p = 1 / (1 + np.exp(-self.z @ theta))
        scores: Floats = (self.w * (self.y - p))[:, None] * self.z
        return scores

    def information(self, theta: Floats) -> Floats:
        """(P, P), by finite differences of the loss's slope, itself by finite differences of the loss."""
        P, h = len(theta), 1e-4
        H, unit = np.zeros((P, P)), np.eye(P) * h
        for i in range(P):
            for j in range(P):
                corners = [self.loss(theta + s * unit[i] + t * unit[j]) * s * t for s in (1, -1) for t in (1, -1)]
                H[i, j] = sum(corners) / (4 * h * h)
        return H


def centred_theta(theta: Floats, K: int) -> Floats:
    return np.concatenate([theta[:K] - theta[:K].mean(), theta[K:]])


@pytest.mark.parametrize(("prior", "ridge", "weighted"), [(0, 0, False), (1, 0, False), (1, 3, True), (0, 0.5, True)])
def test_fit_equals_a_plain_optimiser_of_the_definition(prior: float, ridge: float, weighted: bool) -> None:
    rng = np.random.default_rng(3)
    votes, _ = random_votes(rng, n_votes=400)
    weights = rng.uniform(0.2, 3, 400) if weighted else None
    fitted = found(votes, weights, control=ALL, prior=prior, ridge=ridge)
    plain = Plain(votes, prior=prior, ridge=ridge, w=1.0 if weights is None else weights)
    expected = centred_theta(plain.best(), plain.K)
    assert fitted.r - fitted.r.mean() == pytest.approx(expected[: plain.K], abs=2e-5)
    assert values(fitted) == pytest.approx(dict(zip(plain.names, expected[plain.K :], strict=True)), abs=2e-5)
    assert fitted.largest_gradient < 1e-8
    assert fitted.n_clusters is None
    assert (fitted.n_left_out, fitted.unused) == (0, ())


@pytest.mark.parametrize("name", ["plain", "ridge", "pair"])
def test_ratings_coefficients_and_errors_equal_arena_rank(name: str) -> None:
    reference = json.loads((DATA / "reference" / "contextual.json").read_text(encoding="utf-8"))
    votes = Votes.from_rows((a, b, Outcome.parse(winner)) for a, b, winner, *_ in reference["votes"])
    counts = np.array([row[3:] for row in reference["votes"]], dtype=float)
    features = {
        feature: counts[:, 2 * i : 2 * i + 2] for i, feature in enumerate(("tokens", "headers", "lists", "bold"))
    }
    votes, weights = replace(votes, features=features), None
    if name == "pair":
        _, pair, met = np.unique(np.sort([votes.a, votes.b], axis=0), axis=1, return_inverse=True, return_counts=True)
        weights = 1 / np.maximum(met[pair], 30)
        weights /= weights.mean()
    ridge = 0.01 * len(votes) if name == "ridge" else 0.0
    fitted, expected = found(votes, weights, control=("length", "style", "side"), prior=0, ridge=ridge), reference[name]
    scale = Settings().points_per_logit
    ratings = dict(zip(fitted.models, (scale * (fitted.r - fitted.r.mean())).tolist(), strict=True))
    assert ratings == pytest.approx(expected["ratings"], abs=1e-3)
    assert values(fitted) == pytest.approx(expected["coefficients"], abs=1e-6)
    if "rating_errors" in expected:
        errors = scale * np.sqrt(np.diag(fitted.covariance))
        assert dict(zip(fitted.models, errors.tolist(), strict=True)) == pytest.approx(
            expected["rating_errors"], rel=1e-4
        )
        widths = {c.name: (c.high - c.low) / 2 / 1.959964 for c in fitted.coefficients}
        assert widths == pytest.approx(expected["coefficient_errors"], rel=1e-4)


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_covariances_equal_finite_differences_and_one_gradient_per_vote(prior: float) -> None:
    votes, _ = random_votes(np.random.default_rng(5), n_votes=300)
    w = np.random.default_rng(6).uniform(0.2, 3, 300)
    fitted = found(votes, w, control=ALL, prior=prior, ridge=0.5)
    plain = Plain(votes, prior=prior, ridge=0.5, w=w)
    K, theta = plain.K, np.concatenate([fitted.r, list(values(fitted).values())])
    H = plain.information(theta)
    if not prior:
        H[:K, :K] += 1  # along the constant vector, which no difference sees
    inverse: Any = np.linalg.inv(H)
    scores = plain.scores(theta)
    G = scores.T @ scores
    G[:K, :K] += np.diag(prior * (0.5 - 1 / (1 + np.exp(-theta[:K]))) ** 2)
    V = inverse @ G @ inverse
    assert centred(fitted.inverse) == pytest.approx(centred(inverse[:K, :K]), abs=2e-6)
    assert fitted.covariance == pytest.approx(centred(V[:K, :K]), abs=2e-6)
    for f, coefficient in enumerate(fitted.coefficients):
        reach = 1.959964 * math.sqrt(V[K + f, K + f])
        assert coefficient.high - coefficient.value == pytest.approx(reach, abs=1e-5)
        assert coefficient.value - coefficient.low == pytest.approx(reach, abs=1e-5)


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_without_control_it_is_the_plain_fit(prior: float) -> None:
    votes, _ = random_votes(np.random.default_rng(7), n_votes=2000)
    pairs = Cells.from_votes(votes).pairs()
    plain = fit(pairs, prior=prior)
    fitted = found(votes, prior=prior)
    assert fitted.r == pytest.approx(plain.r, abs=1e-12)
    assert fitted.inverse == pytest.approx(plain.inverse, abs=1e-12)
    covariance = sandwich(Likelihood.of(pairs, prior=prior), pairs, plain)
    assert fitted.covariance == pytest.approx(covariance, abs=1e-13)
    assert fitted.coefficients == ()
    for mine, theirs in (
        (fitted.pairs.won, pairs.won),
        (fitted.pairs.lost, pairs.lost),
        (fitted.pairs.tied, pairs.tied),
    ):
        assert (mine == theirs).all()


def test_a_large_ridge_leaves_the_plain_ratings() -> None:
    """It lies on the coefficients alone."""
    votes, _ = random_votes(np.random.default_rng(8), n_votes=1000)
    plain = fit(Cells.from_votes(votes).pairs(), prior=1)
    fitted = found(votes, control=ALL, ridge=1e9)
    assert fitted.r == pytest.approx(plain.r, abs=1e-5)
    assert np.abs(list(values(fitted).values())).max() < 1e-5


def test_coefficients_and_ratings_are_recovered() -> None:
    votes, ratings = random_votes(np.random.default_rng(9), n_votes=200_000)
    fitted = found(votes, control=ALL, level=0.999)
    _, _, _, scale = dense(votes, ALL)
    for coefficient, s in zip(fitted.coefficients, scale, strict=True):
        assert coefficient.low < TRUE[coefficient.name] * s < coefficient.high
        assert coefficient.high - coefficient.low < 0.04
    assert fitted.r - fitted.r.mean() == pytest.approx(ratings, abs=0.03)
    plain = fit(Cells.from_votes(votes).pairs(), prior=1)
    assert np.abs(plain.ratings - ratings).max() > 0.1  # what length had added to good models


def test_intervals_of_coefficients_and_ratings_cover_the_truth() -> None:
    """120 simulated arenas: nominal 95 %, with room for chance."""
    rng = np.random.default_rng(10)
    of_beta, of_r = [], []
    for _ in range(120):
        votes, ratings = random_votes(rng, n_votes=600)
        fitted = found(votes, control=ALL)
        _, _, _, scale = dense(votes, ALL)
        truth = [TRUE[c.name] * s for c, s in zip(fitted.coefficients, scale, strict=True)]
        of_beta += [c.low < true < c.high for c, true in zip(fitted.coefficients, truth, strict=True)]
        reach = 1.959964 * np.sqrt(np.diag(fitted.covariance))
        of_r += (np.abs(fitted.r - fitted.r.mean() - ratings) < reach).tolist()
    assert 0.92 < np.mean(of_beta) < 0.98
    assert 0.92 < np.mean(of_r) < 0.98


# --- invariance


def swapped(votes: Votes, chosen: Any) -> Votes:
    assert votes.features is not None
    a, b = np.where(chosen, votes.b, votes.a), np.where(chosen, votes.a, votes.b)
    features = {name: np.where(chosen[:, None], column[:, ::-1], column) for name, column in votes.features.items()}
    outcome = np.where(chosen, OUTCOMES[votes.outcome], votes.outcome)
    return replace(votes, a=a, b=b, outcome=outcome, features=features)


def shuffled(votes: Votes, order: Any) -> Votes:
    assert votes.features is not None
    columns = {
        name: column[order]
        for name in ("a", "b", "outcome", "voter", "prepared")
        if (column := getattr(votes, name)) is not None
    }
    return replace(votes, **columns, features={name: column[order] for name, column in votes.features.items()})


def numbers(fitted: Found) -> list[Any]:
    coefficients = [(c.name, c.value, c.low, c.high) for c in fitted.coefficients]
    return [coefficients, fitted.r.tolist(), fitted.covariance.tolist(), fitted.inverse.tolist()]


def test_swapping_all_sides_changes_the_sign_of_the_side_coefficient_alone() -> None:
    votes, _ = random_votes(np.random.default_rng(11), n_votes=500)
    other = swapped(votes, np.ones(500, dtype=bool))
    here, there = found(votes, control=ALL), found(other, control=ALL)
    assert here.r == pytest.approx(there.r, abs=1e-12)
    assert here.covariance == pytest.approx(there.covariance, abs=1e-12)
    for mine, theirs in zip(here.coefficients, there.coefficients, strict=True):
        if mine.name == "side":
            assert (mine.value, mine.low, mine.high) == pytest.approx(
                (-theirs.value, -theirs.high, -theirs.low), abs=1e-12
            )
        else:
            assert (mine.value, mine.low, mine.high) == pytest.approx(
                (theirs.value, theirs.low, theirs.high), abs=1e-12
            )


@pytest.mark.parametrize("cluster", ["none", "voter", "pair"])
def test_the_order_of_votes_and_without_side_their_sides_change_no_bit(cluster: Any) -> None:
    rng = np.random.default_rng(12)
    votes, _ = random_votes(rng, n_votes=3000)
    votes = replace(votes, voter=rng.integers(-1, 60, 3000), prepared=rng.integers(-1, 100, 3000))
    control: Any = ("length", "style", "speed")
    here = numbers(found(votes, control=control, cluster=cluster))
    assert here == numbers(found(shuffled(votes, rng.permutation(3000)), control=control, cluster=cluster))
    assert here == numbers(found(swapped(votes, rng.random(3000) < 0.5), control=control, cluster=cluster))


def test_the_names_of_models_and_voters_change_nothing() -> None:
    rng = np.random.default_rng(13)
    votes, _ = random_votes(rng, n_votes=800)
    voter = rng.integers(0, 50, 800)
    votes = replace(votes, voter=voter, voters=tuple(map(str, range(50))))
    renamed = replace(votes, models=votes.models[::-1], voter=49 - voter)
    here, there = (found(v, control=ALL, cluster="voter") for v in (votes, renamed))
    assert here.r == pytest.approx(there.r[::-1], abs=1e-11)
    assert here.covariance == pytest.approx(there.covariance[::-1, ::-1], abs=1e-11)
    assert values(here) == pytest.approx(values(there), abs=1e-11)


def test_blocks_change_only_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    votes, _ = random_votes(np.random.default_rng(14), n_votes=500)
    whole = found(votes, control=ALL)
    for block in (1, 7, 499):
        monkeypatch.setattr("elo.fit.row_likelihood._BLOCK", block)
        parts = found(votes, control=ALL)
        assert parts.r == pytest.approx(whole.r, abs=1e-12)
        assert parts.covariance == pytest.approx(whole.covariance, abs=1e-12)


# --- clusters


def test_clusters_are_left_out_one_by_one() -> None:
    """One Newton step for each cluster, from the definition."""
    rng = np.random.default_rng(15)
    votes, _ = random_votes(rng, n_votes=300)
    prepared = rng.integers(-1, 40, 300)
    votes = replace(votes, prepared=prepared)
    w = rng.uniform(0.5, 2, 300)
    fitted = found(votes, w, control=ALL)
    assert fitted.n_clusters is not None
    plain = Plain(votes, prior=1, w=w)
    K, theta = plain.K, np.concatenate([fitted.r, list(values(fitted).values())])
    p = 1 / (1 + np.exp(-plain.z @ theta))
    h = (w * p * (1 - p))[:, None]
    q = 1 / (1 + np.exp(-theta[:K]))
    H = plain.z.T @ (h * plain.z) + np.diag(np.append(q * (1 - q), np.zeros(len(theta) - K)))
    scores, V = plain.scores(theta), np.zeros_like(H)
    clusters = [np.flatnonzero(prepared == c) for c in np.unique(prepared[prepared >= 0])]
    clusters += [np.array([i]) for i in np.flatnonzero(prepared < 0)]
    for rows in clusters:
        z = plain.z[rows]
        d = np.linalg.solve(H - z.T @ (h[rows] * z), scores[rows].sum(axis=0))
        V += np.outer(d, d)
    V *= (len(clusters) - 1) / len(clusters)
    inverse = np.linalg.inv(H)
    V += inverse @ np.diag(np.append((0.5 - q) ** 2, np.zeros(len(theta) - K))) @ inverse  # the prior's ties
    assert fitted.covariance == pytest.approx(centred(V[:K, :K]), abs=1e-10)
    assert fitted.n_clusters == len(clusters)
    student = float(scipy.stats.t.ppf(0.975, len(clusters) - 1))
    for f, c in enumerate(fitted.coefficients):
        assert c.high - c.value == pytest.approx(student * math.sqrt(V[K + f, K + f]), abs=1e-6)


def test_the_same_vote_many_times_over_is_one_vote_where_votes_are_clustered() -> None:
    """Twenty who vote alike on a prepared pair tell as much as one of them."""
    votes, _ = random_votes(np.random.default_rng(16), n_votes=400)
    one = found(votes, control=("length",), prior=0)
    many = shuffled(votes, np.repeat(np.arange(400), 20))
    many = replace(many, prepared=np.repeat(np.arange(400), 20))
    clustered = found(many, control=("length",), prior=0)
    blind = found(many, control=("length",), prior=0, cluster="none")

    def width(fitted: Found) -> float:
        return fitted.coefficients[0].high - fitted.coefficients[0].low

    assert width(clustered) == pytest.approx(width(one), rel=0.05)
    assert width(blind) == pytest.approx(width(one) / math.sqrt(20), rel=0.05)


# --- what is missing


def test_votes_of_which_a_feature_is_unknown_are_left_out() -> None:
    votes, _ = random_votes(np.random.default_rng(17), n_votes=500)
    assert votes.features is not None
    tokens = votes.features["tokens"].copy()
    tokens[::5, 1] = np.nan
    holey = replace(votes, features={**votes.features, "tokens": tokens})
    fitted = found(holey, control=("length",))
    rest = found(votes.select(np.arange(500) % 5 != 0), control=("length",))
    assert fitted.n_left_out == 100
    assert fitted.pairs.games.sum() == 400
    assert numbers(fitted) == numbers(rest)
    assert found(holey, control=("side",)).n_left_out == 0


def test_clusters_and_weights_are_those_of_the_votes_that_are_used() -> None:
    rng = np.random.default_rng(27)
    votes, _ = random_votes(rng, n_votes=400)
    assert votes.features is not None
    is_known, prepared, weights = rng.random(400) < 0.7, rng.integers(0, 50, 400), rng.uniform(0.5, 2, 400)
    tokens = np.where(is_known[:, None], votes.features["tokens"], np.nan)
    holey = replace(votes, features={"tokens": tokens}, prepared=np.where(is_known, -1, prepared))
    assert found(holey, control=("length",)).n_clusters is None
    holey = replace(holey, prepared=prepared)
    here = found(holey, weights, control=("length",))
    assert here.n_clusters is not None
    assert numbers(here) == numbers(found(holey.select(is_known), weights[is_known], control=("length",)))


def test_a_feature_that_never_differs_has_no_coefficient() -> None:
    votes, _ = random_votes(np.random.default_rng(18), n_votes=500)
    assert votes.features is not None
    plain_text = replace(votes, features={**votes.features, "bold": np.zeros((500, 2))})
    fitted = found(plain_text, control=("style",))
    assert [c.name for c in fitted.coefficients] == ["headers", "lists"]
    assert fitted.unused == ("bold",)


def test_a_model_of_which_no_vote_is_used_stays_at_the_priors_zero() -> None:
    votes, _ = random_votes(np.random.default_rng(20), n_votes=500)
    assert votes.features is not None
    has_last = (votes.a == 4) | (votes.b == 4)
    tokens = np.where(has_last[:, None], np.nan, votes.features["tokens"])
    fitted = found(replace(votes, features={"tokens": tokens}), control=("length",))
    assert fitted.r[4] == 0
    assert fitted.inverse[4, 4] == pytest.approx(4)  # 1 / (p (1 - p)) of the prior's one tie


def test_a_coefficient_that_votes_follow_without_exception_is_refused() -> None:
    votes, _ = random_votes(np.random.default_rng(24), n_votes=200)
    assert votes.features is not None
    longer = ratio(votes.features["tokens"], "tokens") > 0
    always = replace(votes, outcome=np.where(longer, 0, 1))
    for prior in (0, 1):
        with pytest.raises(
            NoMaximumError, match=r"coefficient of tokens has no finite maximum.*set a ridge above 0, or a larger"
        ):
            found(always, control=("length", "side"), prior=prior)
    with pytest.raises(NoMaximumError, match="set a ridge above 0, or a larger one"):
        found(always, control=("length",), ridge=1e-12)
    assert values(found(always, control=("length", "side"), ridge=1))["tokens"] > 1


def test_small_arenas_are_fitted_or_refused_in_words() -> None:
    """Whatever happens to few votes: a maximum, or an error that says what to do."""
    refusals = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        votes, _ = random_votes(rng, n_votes=int(rng.integers(3, 40)), n_models=3, ties=float(rng.choice([0, 0.5])))
        control = tuple(part for part in ALL if rng.random() < 0.6)
        try:
            fitted = found(votes, control=control, prior=float(rng.choice([0, 1])))
        except (NoMaximumError, MissingDataError) as error:
            refusals.append(str(error))
        else:
            assert fitted.largest_gradient < 1e-9
            assert np.isfinite(fitted.covariance).all()
    assert 10 < len(refusals) < 100
    assert all(re.search("use a prior above 0|set a( ridge above 0|$)", told) for told in refusals)


def test_a_fit_that_does_not_converge_says_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("x", "y", Outcome.A), ("y", "x", Outcome.A), ("u", "v", Outcome.TIE), ("u", "v", Outcome.A)] * 3
    monkeypatch.setattr("elo.fit.contextual._MAX_STEPS", 1)
    monkeypatch.setattr("elo.fit.network._MAX_STEPS", 1)
    with pytest.raises(ConvergenceError, match=r"no convergence in 1 steps; use a prior above 0, .* or a larger ridge"):
        found(Votes.from_rows(rows), control=("side",), prior=1)


def test_two_groups_that_only_a_tiny_prior_puts_on_one_scale_are_rated() -> None:
    rows = [("x", "y", Outcome.A), ("y", "x", Outcome.A), ("u", "v", Outcome.TIE), ("u", "v", Outcome.A)] * 3
    fitted = found(Votes.from_rows(rows), control=("side",), prior=1e-9)
    assert fitted.largest_gradient < 1e-14


def test_very_different_weights_do_not_fail_the_check_of_covariates() -> None:
    """Two groups, of which one weighs 2^-70: what its votes tell is lost in rounding, and that is all."""
    rows = [("x", "y", Outcome.A), ("y", "x", Outcome.A), ("x", "y", Outcome.B)] * 8 + [("u", "v", Outcome.A)]
    fitted = found(Votes.from_rows(rows), np.array([1.0] * 24 + [2.0**-70]), control=("side",))
    assert abs(fitted.r[fitted.models.index("u")]) < 1e-12


def test_a_tiny_prior_has_ratings_also_without_covariates() -> None:
    votes = Votes.from_rows([("x", "y", Outcome.A)] * 300)
    votes = replace(votes, features={"seconds": np.ones((300, 2))})
    plain = bradley_terry.fit(Cells.from_votes(votes).pairs(), prior=1e-9)
    assert found(votes, control=("speed",), prior=1e-9).r == pytest.approx(plain.r, abs=1e-7)


def test_a_covariate_that_follows_from_the_models_is_refused() -> None:
    """One model always on side A."""
    votes = Votes(("x", "y"), np.zeros(40, int), np.ones(40, int), np.array([0, 1, 0, 2] * 10))
    with pytest.raises(MissingDataError, match="cannot separate side from the models and the other controls"):
        found(votes, control=("side",))
    assert found(votes, control=("side",), ridge=1).coefficients[0].name == "side"


def test_covariates_that_say_the_same_are_refused() -> None:
    votes, _ = random_votes(np.random.default_rng(25), n_votes=300)
    assert votes.features is not None
    same = replace(votes, features={**votes.features, "lists": votes.features["headers"]})
    with pytest.raises(MissingDataError, match=r"cannot separate (headers|lists) from the models"):
        found(same, control=("style",))


def test_without_a_prior_an_unbeaten_model_is_named() -> None:
    votes, _ = random_votes(np.random.default_rng(26), n_votes=300)
    outcome = np.where(votes.a == 2, 0, np.where(votes.b == 2, 1, votes.outcome))
    with pytest.raises(NoMaximumError, match="'model-02' never lost a point"):
        found(replace(votes, outcome=outcome), control=("length",), prior=0)


def football(rng: np.random.Generator, n_votes: int, model: str, home: float = 0.4) -> tuple[Votes, Floats]:
    """Games of 8 teams, each at home on side A, with draws by Davidson's or Rao and Kupper's law."""
    strength = rng.normal(0, 0.5, 8)
    strength -= strength.mean()
    a = rng.integers(0, 8, n_votes)
    b = (a + rng.integers(1, 8, n_votes)) % 8
    chances = np.exp(_log_chances(model, strength[a] - strength[b] + home, -0.3 if model == "davidson" else 0.4))
    u = rng.random(n_votes)
    outcome = np.where(u < chances[0], 0, np.where(u < chances[0] + chances[1], 1, 2))
    return Votes(tuple(f"t{i}" for i in range(8)), a, b, outcome.astype(np.int8)), strength


def _log_chances(model: str, d: Floats, t: float) -> Floats:
    """(3, N): won, lost, drawn, from the definitions."""
    if model == "davidson":
        parts = np.stack([d / 2, -d / 2, np.full_like(d, t)])
        return np.asarray(parts - np.log(np.exp(parts).sum(axis=0)))
    won, lost = 1 / (1 + np.exp(t - d)), 1 / (1 + np.exp(t + d))
    return np.log(np.stack([won, lost, 1 - won - lost]))


def _naive(theta: Floats, votes: Votes, model: str, prior: float, ridge: float) -> float:
    """Minus the log-likelihood of 8 teams, home advantage and t, game by game."""
    r, home, t = theta[:8], theta[8], theta[9]
    log_p = _log_chances(model, r[votes.a] - r[votes.b] + home, t)
    votes_part = log_p[votes.outcome, np.arange(len(votes))].sum()
    prior_part = prior * (r / 2 - np.log1p(np.exp(r))).sum()
    return float(-votes_part - prior_part + ridge / 2 * home**2)


@pytest.mark.parametrize("ridge", [0.0, 3.0])
@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_home_advantage_and_draws_are_those_of_a_general_optimiser(model: TieModel, ridge: float) -> None:
    votes, _ = football(np.random.default_rng(4), 500, model)
    fitted = contextual.fit(votes, votes.models, Settings(ties=model, control=("side",), ridge=ridge))
    start = np.append(np.zeros(9), 0.3)
    expected = minimize(_naive, start, (votes, model, 1.0, ridge), method="BFGS", options={"gtol": 1e-8})
    assert fitted.theta == pytest.approx(expected.x, abs=2e-5)
    assert fitted.largest_gradient < 1e-10


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_hessian_and_squared_scores_of_ties_equal_finite_differences(model: TieModel) -> None:
    votes, _ = football(np.random.default_rng(5), 200, model)
    weights = np.random.default_rng(6).uniform(0.5, 1.5, 200)
    fitted = contextual.fit(votes, votes.models, Settings(ties=model, control=("side",), weights="draw"), weights)
    theta, step = fitted.theta, 1e-5
    moves = [step * row for row in np.eye(10)]
    H = -np.array([fitted.likelihood.gradient(theta + e) - fitted.likelihood.gradient(theta - e) for e in moves])
    assert np.linalg.inv(fitted.inverse) == pytest.approx(H / (2 * step), abs=1e-6)
    scores = np.zeros((200, 10))
    for i, e in enumerate(moves):
        up, down = ((theta + s * e) for s in (1, -1))
        columns = [
            _log_chances(model, x[votes.a] - x[votes.b] + x[8], x[9])[votes.outcome, np.arange(200)] for x in (up, down)
        ]
        scores[:, i] = weights * (columns[0] - columns[1]) / (2 * step)
    prior = np.zeros((10, 10))
    prior[np.arange(8), np.arange(8)] = (0.5 - 1 / (1 + np.exp(-theta[:8]))) ** 2
    assert fitted.likelihood.squares(theta) == pytest.approx(scores.T @ scores + prior, abs=1e-6)


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_jackknife_of_ties_by_voter_equals_one_step_without_each_voter(model: TieModel) -> None:
    votes, _ = football(np.random.default_rng(7), 300, model)
    voter = np.random.default_rng(8).integers(0, 30, 300)
    votes = replace(votes, voter=voter, voters=tuple(f"v{i}" for i in range(30)))
    fitted = contextual.fit(votes, votes.models, Settings(ties=model, control=("side",), cluster="voter"))
    theta, H, step = fitted.theta, np.linalg.inv(fitted.inverse), 1e-4
    moved = []
    for v in range(30):
        own = votes.select(voter == v)

        def value(x: Floats, own: Votes = own) -> float:
            return -_naive(x, own, model, 0.0, 0.0)

        moves = [step * row for row in np.eye(10)]
        g = np.array([(value(theta + e) - value(theta - e)) / (2 * step) for e in moves])
        H_own = np.array(
            [
                [
                    value(theta + e + f) - value(theta + e - f) - value(theta - e + f) + value(theta - e - f)
                    for f in moves
                ]
                for e in moves
            ]
        ) / (-4 * step**2)
        moved.append(np.linalg.solve(H - H_own, g))
    d = np.array(moved)
    prior = np.append((0.5 - 1 / (1 + np.exp(-theta[:8]))) ** 2, [0, 0])
    expected = 29 / 30 * d.T @ d + fitted.inverse @ np.diag(prior) @ fitted.inverse
    assert contextual.spread(fitted) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_intervals_of_home_advantage_and_draws_cover_the_truth(model: TieModel) -> None:
    covered = []
    tie = -0.3 if model == "davidson" else 0.4
    for seed in range(120):
        votes, strength = football(np.random.default_rng(100 + seed), 400, model)
        found = estimate.fit(votes, Settings(ties=model, control=("side",), prior=0.01))
        spread = estimate.spread(found)
        assert spread.intervals is not None
        assert spread.tie is not None
        home = spread.coefficients[0]
        covered.append(
            [
                float(home.low < 0.4 < home.high),
                float(spread.tie.low < tie < spread.tie.high),
                float(((spread.intervals.low < strength) & (strength < spread.intervals.high)).mean()),
            ]
        )
    assert np.mean(covered, axis=0) == pytest.approx(0.95, abs=0.06)


def test_without_a_draw_a_model_of_ties_is_bradley_terry() -> None:
    votes, _ = football(np.random.default_rng(9), 200, "davidson")
    votes = votes.select(votes.outcome < 2)
    plain, tied = (contextual.fit(votes, votes.models, Settings(ties=kind, control=("side",))) for kind in KINDS)
    assert (plain.theta == tied.theta).all()
    assert isinstance(tied.fit, Fit)


def test_expected_scores_are_those_of_the_model_of_ties() -> None:
    votes, _ = football(np.random.default_rng(9), 400, "davidson")
    found = estimate.fit(votes, Settings(ties="davidson", control=("side",)))
    assert isinstance(found.fit, TieFit)
    won, _, drawn = np.exp(_log_chances("davidson", np.array([0.7]), found.fit.tie))
    assert found.expected_score(np.array([0.7])) == pytest.approx(won + drawn / 2, abs=1e-12)
