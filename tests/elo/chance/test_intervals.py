from dataclasses import replace

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Settings
from elo.battles import Cells, Floats, Votes, record
from elo.chance.intervals import bootstrap, intervals, projected
from elo.chance.sandwich import clustered, sandwich
from elo.fit import ties
from elo.fit.bradley_terry import Likelihood, centred, fit, sigma
from elo.fit.clusters import Clusters
from elo.fit.ties import Model, TieFit
from elo.settings import IntervalMethod
from tests.elo import reference

PLAIN = Settings(bootstrap=300)


def sandwich_of(cells: Cells, *, prior: float) -> Floats:
    pairs = cells.pairs()
    return sandwich(Likelihood.of(pairs, prior=prior), pairs, fit(pairs, prior=prior))


def naive_sandwich(cells: Cells, *, prior: float) -> Floats:
    """H^-1 G H^-1 from one gradient per vote (per virtual tie of the prior), the constant vector projected out."""
    pairs = cells.pairs()
    K, r = pairs.n_models, fit(pairs, prior=prior).r
    H, G, unit = np.zeros((K, K)), np.zeros((K, K)), np.eye(K)
    for a, b, outcome, count in zip(cells.a, cells.b, cells.outcome, cells.count, strict=True):
        x, p = unit[a] - unit[b], float(sigma(np.array(r[a] - r[b])))
        H += count * p * (1 - p) * np.outer(x, x)
        G += count * (Outcome(outcome).score - p) ** 2 * np.outer(x, x)
    for m in range(K):
        p = float(sigma(r[m]))
        H += prior * p * (1 - p) * np.outer(unit[m], unit[m])
        G += prior * (0.5 - p) ** 2 * np.outer(unit[m], unit[m])
    inverse = np.linalg.pinv(H) if not prior else np.linalg.inv(H)
    P = np.eye(K) - 1 / K
    covariance: Floats = P @ inverse @ G @ inverse @ P
    return covariance


@pytest.mark.parametrize("name", reference.NAMES)
def test_sandwich_equals_arena_rank(name: str) -> None:
    data = reference.load(name)
    expected = data.results["arena_rank_sandwich"]["variances"]
    variances = np.diag(sandwich_of(data.cells, prior=0)) * Settings().points_per_logit ** 2
    found = dict(zip(data.cells.models, np.sqrt(variances).tolist(), strict=True))
    assert found == pytest.approx({model: v**0.5 for model, v in expected.items()}, rel=0.01)


@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_sandwich_equals_its_definition(prior: float) -> None:
    cells = reference.load("simple").cells
    covariance = sandwich_of(cells, prior=prior)
    assert covariance == pytest.approx(naive_sandwich(cells, prior=prior), abs=1e-9)
    assert np.abs(covariance.sum(axis=0)).max() < 1e-12


def test_m_times_the_votes_divide_the_error_by_the_root_of_m() -> None:
    cells = reference.load("food").cells
    more = Cells(cells.models, cells.a, cells.b, cells.outcome, cells.count * 9)
    assert sandwich_of(more, prior=0) * 9 == pytest.approx(sandwich_of(cells, prior=0), abs=1e-10)


@pytest.mark.parametrize("name", ["llmfao_crowd", "chatbot_arena_33k"])
def test_bootstrap_equals_fastchat(name: str) -> None:
    data = reference.load(name)
    settings = Settings(prior=0)
    pairs = data.cells.pairs()
    rounds = bootstrap(Likelihood.of(pairs, prior=0), pairs, fit(pairs, prior=0), settings)
    assert rounds is not None
    points = 1000 + settings.points_per_logit * rounds
    expected = data.results["fastchat_bootstrap_bt"]
    for statistic, found, tolerance in (
        ("median", np.median(points, axis=0), {"abs": 4}),
        ("q025", np.quantile(points, 0.025, axis=0), {"abs": 8}),
        ("q975", np.quantile(points, 0.975, axis=0), {"abs": 8}),
        ("std", points.std(axis=0), {"rel": 0.1}),
    ):
        assert dict(zip(pairs.models, found.tolist(), strict=True)) == pytest.approx(expected[statistic], **tolerance)


def test_bootstrap_agrees_with_the_sandwich() -> None:
    votes, _ = reference.random_votes(np.random.default_rng(4), n_votes=20_000, n_models=8)
    cells = Cells.from_votes(votes)
    pairs = cells.pairs()
    rounds = bootstrap(Likelihood.of(pairs, prior=1), pairs, fit(pairs, prior=1), Settings(bootstrap=2000))
    assert rounds is not None
    assert rounds.std(axis=0) == pytest.approx(np.sqrt(np.diag(sandwich_of(cells, prior=1))), rel=0.06)


def test_rounds_beyond_the_last_one_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With seed 21 the fourth round is the first without a maximum; blocks of two rounds draw it for three too."""
    counts = [("x", "y", 4, 2), ("y", "z", 4, 3), ("x", "z", 3, 2)]
    won = [(a, b, Outcome.A, n) for a, b, n, _ in counts]
    pairs = Cells.from_counts([*won, *((b, a, Outcome.A, n) for a, b, _, n in counts)]).pairs()
    found, likelihood = fit(pairs, prior=0), Likelihood.of(pairs, prior=0)
    settings = Settings(prior=0, bootstrap=3, seed=21)
    whole = bootstrap(likelihood, pairs, found, settings)
    monkeypatch.setattr("elo.chance.intervals._BLOCK", 6)
    assert bootstrap(likelihood, pairs, found, replace(settings, bootstrap=4)) is None
    parts = bootstrap(likelihood, pairs, found, settings)
    assert whole is not None
    assert parts is not None
    assert (whole == parts).all()


@pytest.mark.parametrize("block", [2**6, 2**12, 2**22])
@pytest.mark.parametrize("name", ["simple", "llmfao_crowd"])
def test_blocks_change_nothing(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few models are fitted by Newton's method, many by the chord."""
    pairs = reference.load(name).cells.pairs()
    found = fit(pairs, prior=1)
    settings = Settings(bootstrap=41)
    expected = bootstrap(Likelihood.of(pairs, prior=1), pairs, found, settings)
    monkeypatch.setattr("elo.chance.intervals._BLOCK", block)
    rounds = bootstrap(Likelihood.of(pairs, prior=1), pairs, found, settings)
    assert rounds is not None
    assert expected is not None
    assert (rounds == expected).all()


def test_fewer_rounds_are_the_first_of_more() -> None:
    pairs = reference.load("simple").cells.pairs()
    found, likelihood = fit(pairs, prior=1), Likelihood.of(pairs, prior=1)
    few, many = (bootstrap(likelihood, pairs, found, Settings(bootstrap=n)) for n in (1, 50))
    assert few is not None
    assert many is not None
    assert (few == many[:1]).all()


def test_another_seed_is_another_sample() -> None:
    pairs = reference.load("simple").cells.pairs()
    found, likelihood = fit(pairs, prior=1), Likelihood.of(pairs, prior=1)
    one, other = (bootstrap(likelihood, pairs, found, Settings(bootstrap=9, seed=seed)) for seed in (1, 2**64 - 1))
    assert one is not None
    assert other is not None
    assert (one != other).all()


def test_a_short_record_gets_the_inverse_hessian() -> None:
    cells = Cells.from_counts(
        [("a", "b", Outcome.A, 30), ("b", "a", Outcome.A, 20), ("new", "a", Outcome.A, 5), ("b", "c", Outcome.TIE, 9)]
    )
    pairs = cells.pairs()
    found = fit(pairs, prior=1)
    bounds = intervals(pairs, found, PLAIN)
    assert bounds is not None
    assert dict(zip(pairs.models, bounds.kind, strict=True)) == {
        "a": "bootstrap",
        "b": "bootstrap",
        "c": "hessian",  # nine ties, and no battle decided
        "new": "hessian",
    }
    reach = 1.959964 * np.sqrt(np.diag(centred(found.inverse)))[3]
    assert bounds.high[3] - found.ratings[3] == pytest.approx(reach, abs=1e-6)
    points = record(pairs)
    assert (points.won[3], points.lost[3]) == (5, 0)


@pytest.mark.parametrize("n_decided", [0, 2])
def test_ties_alone_do_not_make_a_rating_certain(n_decided: int) -> None:
    """Ties draw the same rating in every round: a bootstrap of next to no width, which would look like certainty."""
    counts = [("a", "b", Outcome.TIE, 12), ("a", "b", Outcome.A, n_decided // 2), ("a", "b", Outcome.B, n_decided // 2)]
    pairs = Cells.from_counts(counts).pairs()
    bounds = intervals(pairs, fit(pairs, prior=1), PLAIN)
    assert bounds is not None
    assert bounds.kind == ("hessian", "hessian")
    assert (bounds.high - bounds.low > 0.5).all()


def test_a_clean_sweep_has_a_wide_interval() -> None:
    """The interval of a 5-0 newcomer against an average field; bootstrap and sandwich would be much too sure."""
    field = [(x, y, Outcome.TIE, 200) for x in "abcd" for y in "abcd" if x < y]
    pairs = Cells.from_counts(
        [*field, *(("new", x, Outcome.A, n) for x, n in zip("abcd", (2, 1, 1, 1), strict=True))]
    ).pairs()
    found = fit(pairs, prior=1)
    widths = {}
    for method in ("auto", "sandwich", "bootstrap"):
        bounds = intervals(pairs, found, Settings(interval=method, bootstrap=300))
        assert bounds is not None
        widths[method] = float(bounds.high[4] - bounds.low[4]) * Settings().points_per_logit
    assert 700 < widths["auto"] < 1100
    assert widths["bootstrap"] < 600


def test_without_a_prior_a_round_without_a_maximum_makes_all_intervals_the_sandwichs() -> None:
    data = reference.load("simple")
    pairs = data.cells.pairs()
    found = fit(pairs, prior=0)
    settings = Settings(prior=0)
    assert bootstrap(Likelihood.of(pairs, prior=0), pairs, found, settings) is None
    bounds = intervals(pairs, found, settings)
    assert bounds is not None
    assert set(bounds.kind) == {"sandwich"}
    peer = data.results["arena_rank_sandwich"]
    ratings = Settings().points_per_logit * np.stack([bounds.low, bounds.high]) + 1000
    for row, key in zip(ratings, ("rating_lower", "rating_upper"), strict=True):
        assert dict(zip(pairs.models, row.tolist(), strict=True)) == pytest.approx(peer[key], abs=0.5)


def test_no_rounds_are_no_intervals() -> None:
    pairs = reference.load("simple").cells.pairs()
    assert intervals(pairs, fit(pairs, prior=1), Settings(bootstrap=0)) is None


def test_a_lower_level_is_a_narrower_interval() -> None:
    pairs = reference.load("food").cells.pairs()
    found = fit(pairs, prior=1)
    for method in ("bootstrap", "sandwich"):
        wide, narrow = (intervals(pairs, found, Settings(interval=method, level=level)) for level in (0.95, 0.5))
        assert wide is not None
        assert narrow is not None
        assert (wide.low < narrow.low).all()
        assert (narrow.high < wide.high).all()


def test_progress_is_reported_up_to_the_last_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.chance.intervals._BLOCK", 100)
    pairs = reference.load("simple").cells.pairs()
    told: list[tuple[int, int]] = []
    intervals(pairs, fit(pairs, prior=1), Settings(bootstrap=25), progress=lambda *done: told.append(done))
    assert told[-1] == (25, 25)
    assert len(told) == 3


@pytest.mark.parametrize(("n_arenas", "n_models", "n_votes"), [(120, 4, 60), (50, 10, 800)])
def test_intervals_cover_the_truth(n_arenas: int, n_models: int, n_votes: int) -> None:
    """Simulated arenas: nominal 95 %, with room for chance and for the prior on few votes."""
    rng = np.random.default_rng(12)
    hits = []
    for _ in range(n_arenas):
        votes, ratings = reference.random_votes(rng, n_votes=n_votes, n_models=n_models)
        pairs = Cells.from_votes(votes).pairs()
        bounds = intervals(pairs, fit(pairs, prior=1), Settings(bootstrap=200))
        assert bounds is not None
        hits.append((bounds.low <= ratings) & (ratings <= bounds.high))
    assert 0.92 < np.mean(hits) < 0.98


def log_chance(theta: Floats, model: Model, a: int, b: int, column: int) -> float:
    return float(np.log(ties.chances(model, np.array(theta[a] - theta[b]), np.array(theta[-1]))[column]))


def slope_and_bend(theta: Floats, model: Model, a: int, b: int, column: int) -> tuple[Floats, Floats]:
    """Gradient and minus the Hessian of one vote's log-likelihood in (r, t), by central differences."""
    P, step = len(theta), 1e-4
    moves = step * np.eye(P)

    def f(change: Floats) -> float:
        return log_chance(theta + change, model, a, b, column)

    slope = np.array([(f(e) - f(-e)) / (2 * step) for e in moves])
    bend = np.array([[-(f(e + g) - f(e - g) - f(g - e) + f(-e - g)) / (4 * step**2) for g in moves] for e in moves])
    return slope, bend


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_sandwich_of_a_model_of_ties_equals_its_definition(model: Model) -> None:
    pairs = reference.load("food").cells.pairs()
    found = ties.fit(pairs, model, prior=1)
    assert isinstance(found, TieFit)
    theta, K = np.append(found.r, found.tie), pairs.n_models
    G = np.zeros((K + 1, K + 1))
    for a, b, *counts in zip(pairs.a, pairs.b, pairs.won, pairs.lost, pairs.tied, strict=True):
        for column, count in enumerate(counts):
            slope, _ = slope_and_bend(theta, model, a, b, column)
            G += count * np.outer(slope, slope)
    G[range(K), range(K)] += (0.5 - sigma(found.r)) ** 2
    expected = centred((found.inverse @ G @ found.inverse)[:K, :K])
    assert sandwich(Likelihood.of(pairs, prior=1), pairs, found) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_jackknife_of_a_model_of_ties_equals_its_definition(model: Model) -> None:
    votes, _ = reference.random_votes(np.random.default_rng(8), n_votes=120, n_models=4)
    votes = replace(votes, voter=np.random.default_rng(9).integers(0, 9, 120))
    pairs = Cells.from_votes(votes).pairs()
    found = ties.fit(pairs, model, prior=1)
    assert isinstance(found, TieFit)
    theta, H = np.append(found.r, found.tie), np.linalg.inv(found.inverse)
    parts = [(np.zeros(5), np.zeros((5, 5))) for _ in range(9)]
    place = [pairs.models.index(model) for model in votes.models]
    assert votes.voter is not None
    for a, b, outcome, voter in zip(votes.a, votes.b, votes.outcome, votes.voter, strict=True):
        slope, bend = slope_and_bend(theta, model, place[a], place[b], min(int(outcome), 2))
        parts[voter] = (parts[voter][0] + slope, parts[voter][1] + bend)
    d = np.array([np.linalg.solve(H - bend, slope) for slope, bend in parts])
    prior = np.diag((0.5 - sigma(found.r)) ** 2)
    expected = centred(8 / 9 * (d.T @ d)[:4, :4] + found.inverse[:4, :4] @ prior @ found.inverse[:4, :4])
    settings = Settings(cluster="voter", ties=model)
    clusters = Clusters.of(votes, pairs.models, settings)
    assert clusters is not None
    assert clustered(Likelihood.of(pairs, prior=1), found, clusters) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("model", ["davidson", "rao-kupper"])
def test_bootstrap_of_a_model_of_ties_agrees_with_its_sandwich(model: Model) -> None:
    votes, _ = reference.random_votes(np.random.default_rng(4), n_votes=4000, n_models=6)
    pairs = Cells.from_votes(votes).pairs()
    found = ties.fit(pairs, model, prior=1)
    likelihood = Likelihood.of(pairs, prior=1)
    rounds = bootstrap(likelihood, pairs, found, Settings(bootstrap=1000, ties=model))
    assert rounds is not None
    errors = np.sqrt(np.diag(sandwich(likelihood, pairs, found)))
    assert rounds.std(axis=0) == pytest.approx(errors, rel=0.1)
    asked = intervals(pairs, found, Settings(interval="bootstrap", bootstrap=200, ties=model))
    usual = intervals(pairs, found, Settings(ties=model))
    assert asked is not None
    assert usual is not None
    assert set(asked.kind) == {"bootstrap"}
    assert set(usual.kind) == {"sandwich"}


def test_a_round_without_a_tie_makes_the_intervals_of_a_model_of_ties_the_sandwichs() -> None:
    counts = [("a", "b", Outcome.A, 20), ("a", "b", Outcome.B, 20), ("a", "b", Outcome.TIE, 1)]
    pairs = Cells.from_counts(counts).pairs()
    found = ties.fit(pairs, "davidson", prior=1)
    settings = Settings(ties="davidson", interval="bootstrap", bootstrap=50)
    assert bootstrap(Likelihood.of(pairs, prior=1), pairs, found, settings) is None
    bounds = intervals(pairs, found, settings)
    assert bounds is not None
    assert set(bounds.kind) == {"sandwich"}


def test_weighted_sandwich_squares_the_weights() -> None:
    """By one gradient a vote: each of "simple" with a weight of its own."""
    cells = reference.load("simple").cells
    rng = np.random.default_rng(3)
    w = [rng.uniform(0.3, 2, count) for count in cells.count]
    sums: Floats = np.array([float(x.sum()) for x in w])
    squares: Floats = np.array([float((x**2).sum()) for x in w])
    pairs = cells.weighted(sums, squares)
    found, unit = fit(pairs, prior=1), np.eye(pairs.n_models)
    G = np.diag((0.5 - sigma(found.r)) ** 2)
    for a, b, outcome, weights in zip(cells.a, cells.b, cells.outcome, w, strict=True):
        x = unit[a] - unit[b]
        score = Outcome(outcome).score - float(sigma(x @ found.r))
        for weight in weights:
            G += (weight * score) ** 2 * np.outer(x, x)
    covariance = sandwich(Likelihood.of(pairs, prior=1), pairs, found)
    assert covariance == pytest.approx(centred(found.inverse @ G @ found.inverse), abs=1e-12)


def test_weighted_votes_are_not_resampled() -> None:
    cells = reference.load("llmfao_crowd").cells
    half = np.full(len(cells.count), 0.5)
    pairs = cells.weighted(cells.count * half, cells.count * half**2)
    bounds = intervals(pairs, fit(pairs, prior=1), Settings(weights="pair"))
    assert bounds is not None
    assert set(bounds.kind) == {"sandwich"}
    assert bounds.agreement is None


def test_projection_equals_its_formula() -> None:
    rng = np.random.default_rng(1)
    root, g = rng.normal(size=(5, 5)), rng.dirichlet(np.ones(5))
    P = np.eye(5) - np.outer(np.ones(5), g)
    assert projected(root @ root.T, g) == pytest.approx(P @ root @ root.T @ P.T, abs=1e-12)
    assert (projected(root @ root.T, None) == centred(root @ root.T)).all()
    assert projected(root @ root.T, np.full(5, 0.2)) == pytest.approx(centred(root @ root.T), abs=1e-12)


@pytest.mark.parametrize("method", ["auto", "bootstrap", "sandwich"])
def test_an_anchor_has_no_interval_and_others_that_of_the_difference(method: IntervalMethod) -> None:
    pairs = reference.load("chatbot_arena_33k").cells.pairs()
    found, anchor = fit(pairs, prior=1), np.eye(pairs.n_models)[4]
    settings = Settings(interval=method, bootstrap=200)
    bounds, plain = (intervals(pairs, found, settings, gauge=gauge) for gauge in (anchor, None))
    assert bounds is not None
    assert plain is not None
    assert bounds.low[4] == pytest.approx(0, abs=1e-12)
    assert bounds.high[4] == pytest.approx(0, abs=1e-12)
    assert bounds.rounds is not None
    assert np.abs(bounds.rounds[:, 4]).max() < 1e-12
    V = plain.covariance
    expected = 2 * 1.96 * np.sqrt(V[7, 7] + V[4, 4] - 2 * V[4, 7])
    assert bounds.high[7] - bounds.low[7] == pytest.approx(expected, rel=0.15 if bounds.reach is None else 1e-4)


def test_a_newcomer_widens_the_intervals_of_all_under_the_plain_mean_only() -> None:
    """The measured case: 20 models of 95,000 votes each, one of 50."""
    field = [(f"m{i:02}", f"m{j:02}", o, 2500) for i in range(20) for j in range(i) for o in (Outcome.A, Outcome.B)]
    pairs = Cells.from_counts([*field, ("new", "m00", Outcome.A, 25), ("new", "m01", Outcome.B, 25)]).pairs()
    found, battles = fit(pairs, prior=1), record(pairs).battles
    bounds = [
        intervals(pairs, found, Settings(interval="sandwich"), gauge=gauge) for gauge in (None, battles / battles.sum())
    ]
    errors = [np.sqrt(np.diag(b.covariance)[0]) * Settings().points_per_logit for b in bounds if b is not None]
    assert errors[0] > 2 * errors[1]


def test_rounds_keep_the_gauge() -> None:
    pairs = reference.load("food").cells.pairs()
    g = np.random.default_rng(2).dirichlet(np.ones(5))
    for method in ("auto", "sandwich"):
        bounds = intervals(pairs, fit(pairs, prior=1), Settings(interval=method, bootstrap=50), gauge=g)
        assert bounds is not None
        assert bounds.rounds is not None
        assert np.abs(bounds.rounds @ g).max() < 1e-7
        assert np.abs((bounds.low + bounds.high) @ g / 2).max() < (1e-12 if method == "sandwich" else 0.2)


def test_normal_draws_replace_rounds() -> None:
    pairs = reference.load("chatbot_arena_33k").cells.pairs()
    bounds = intervals(pairs, fit(pairs, prior=1), Settings(interval="sandwich", bootstrap=4000))
    assert bounds is not None
    assert bounds.rounds is not None
    assert np.cov(bounds.rounds.T) == pytest.approx(bounds.covariance, abs=0.1 * np.diag(bounds.covariance).max())
    none = intervals(pairs, fit(pairs, prior=1), Settings(interval="sandwich", bootstrap=0))
    assert none is not None
    assert none.rounds is None


def test_simultaneous_intervals_are_wider_standard_errors() -> None:
    pairs = reference.load("chatbot_arena_33k").cells.pairs()
    found = fit(pairs, prior=1)
    bounds = intervals(pairs, found, Settings(simultaneous=True))
    assert bounds is not None
    assert bounds.reach == pytest.approx(3.0, abs=0.1)
    assert bounds.high - found.ratings == pytest.approx(bounds.reach * np.sqrt(np.diag(bounds.covariance)), abs=1e-12)
    assert set(bounds.kind) == {"sandwich"}


def test_bootstrap_and_sandwich_agree_where_both_can_be_trusted() -> None:
    pairs = reference.load("chatbot_arena_33k").cells.pairs()
    bounds = intervals(pairs, fit(pairs, prior=1), Settings())
    assert bounds is not None
    assert bounds.agreement == pytest.approx(1, abs=0.03)


def test_a_short_record_is_uncertain_in_the_rounds_and_the_covariance_too() -> None:
    """A newcomer's 5-0 would be in the first place in every round."""
    field = [(x, y, o, 100) for x in "abcd" for y in "abcd" if x < y for o in (Outcome.A, Outcome.B)]
    pairs = Cells.from_counts([*field, ("new", "a", Outcome.A, 5)]).pairs()
    found = fit(pairs, prior=1)
    bounds = intervals(pairs, found, Settings(bootstrap=3000))
    assert bounds is not None
    assert bounds.rounds is not None
    width = bounds.high[4] - bounds.low[4]
    low, high = np.quantile(bounds.rounds[:, 4], [0.025, 0.975])
    assert high - low == pytest.approx(width, rel=0.15)
    assert 2 * 1.96 * np.sqrt(bounds.covariance[4, 4]) == pytest.approx(width, rel=0.15)


@pytest.mark.parametrize("interval", ["auto", "sandwich"])
def test_clusters_make_jackknife_intervals(interval: IntervalMethod) -> None:
    """Voters who repeat themselves: 30 times the same vote is as good as one."""
    votes, _ = reference.random_votes(np.random.default_rng(5), n_votes=300, n_models=5)
    names = tuple(f"voter-{i}" for i in range(300))
    once = replace(votes, voter=np.arange(300), voters=names)
    a, b, outcome = (np.repeat(column, 30) for column in (votes.a, votes.b, votes.outcome))
    often = Votes(votes.models, a, b, outcome, voter=np.arange(9000) // 30)
    settings = Settings(cluster="voter", interval=interval, prior=0)
    widths = []
    for one in (once, often):
        pairs = Cells.from_votes(one).pairs()
        bounds = intervals(pairs, fit(pairs, prior=0), settings, clusters=Clusters.of(one, pairs.models, settings))
        assert bounds is not None
        assert set(bounds.kind) == {"jackknife"}
        assert bounds.n_clusters == 300
        widths.append(bounds.high - bounds.low)
    assert widths[0] == pytest.approx(widths[1], abs=1e-9)


def test_clusters_of_one_give_the_sandwich_with_leverages() -> None:
    votes, _ = reference.random_votes(np.random.default_rng(6), n_votes=20_000, n_models=5)
    votes = replace(votes, voter=np.r_[0, np.full(19_999, -1)])
    pairs = Cells.from_votes(votes).pairs()
    found, likelihood = fit(pairs, prior=1), Likelihood.of(pairs, prior=1)
    clusters = Clusters.of(votes, pairs.models, Settings(cluster="voter"))
    assert clusters is not None
    plain = sandwich(likelihood, pairs, found)
    assert clustered(likelihood, found, clusters) == pytest.approx(plain, rel=2e-3, abs=1e-7)
    assert (np.diag(clustered(likelihood, found, clusters)) > np.diag(plain)).all()


def test_a_record_of_few_clusters_gets_the_inverse_hessian_of_as_many_battles() -> None:
    """Twenty voters on each of two prepared pairs, all for the newcomer: two wins, and not forty."""
    field = [(x, y, o) for x in "abcd" for y in "abcd" if x < y for o in (Outcome.A, Outcome.B)] * 20
    rows, prepared = [*field, *[("new", "a", Outcome.A)] * 40], [-1] * len(field) + [0] * 20 + [1] * 20
    votes = replace(Votes.from_rows(rows), prepared=np.array(prepared))
    pairs = Cells.from_votes(votes).pairs()
    found = fit(pairs, prior=1)
    bounds = intervals(pairs, found, Settings(), clusters=Clusters.of(votes, pairs.models, Settings()))
    assert bounds is not None
    assert bounds.kind == ("jackknife",) * 4 + ("hessian",)
    two = Cells.from_votes(Votes.from_rows([*field, *[("new", "a", Outcome.A)] * 2])).pairs()
    few = intervals(two, fit(two, prior=1), Settings())
    assert few is not None
    assert bounds.high[4] - bounds.low[4] > few.high[4] - few.low[4]


@pytest.mark.parametrize("n_pairs", [1, 2, 4])
def test_a_board_of_few_prepared_pairs_has_intervals(n_pairs: int) -> None:
    """The first quick votes of an arena: no spread between clusters can be seen, so all are the inverse Hessian's."""
    rows = [("a", "b", Outcome.A), ("a", "b", Outcome.B), ("a", "b", Outcome.A)] * n_pairs
    votes = replace(Votes.from_rows(rows), prepared=np.repeat(np.arange(n_pairs), 3))
    pairs = Cells.from_votes(votes).pairs()
    clusters = Clusters.of(votes, pairs.models, Settings())
    bounds = intervals(pairs, fit(pairs, prior=1), Settings(), clusters=clusters)
    assert bounds is not None
    assert set(bounds.kind) == {"hessian"}
    assert (bounds.high - bounds.low > 1.0).all()
    assert (bounds.high - bounds.low < 5.0).all()


def test_the_reach_of_few_clusters_is_students() -> None:
    votes, _ = reference.random_votes(np.random.default_rng(7), n_votes=600, n_models=4)
    votes = replace(votes, voter=np.arange(600) % 12)
    pairs = Cells.from_votes(votes).pairs()
    found, settings = fit(pairs, prior=1), Settings(cluster="voter")
    bounds, all_at_once = (
        intervals(pairs, found, one, clusters=Clusters.of(votes, pairs.models, one))
        for one in (settings, replace(settings, simultaneous=True))
    )
    assert bounds is not None
    assert all_at_once is not None
    assert bounds.freedom == 11
    assert bounds.reach == pytest.approx(2.200985, abs=1e-5)
    assert bounds.high - found.ratings == pytest.approx(bounds.reach * np.sqrt(np.diag(bounds.covariance)), abs=1e-9)
    assert all_at_once.reach is not None
    assert 2.6 < all_at_once.reach < 3.1
