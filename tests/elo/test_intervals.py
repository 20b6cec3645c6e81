import numpy as np
import pytest

from db.outcome import Outcome
from elo import Settings
from elo.battles import Cells, Floats, record
from elo.bradley_terry import Likelihood, centred, fit, sigma
from elo.intervals import bootstrap, intervals, sandwich
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


@pytest.mark.parametrize("block", [2**6, 2**12, 2**22])
@pytest.mark.parametrize("name", ["simple", "llmfao_crowd"])
def test_blocks_change_nothing(name: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few models are fitted by Newton's method, many by the chord."""
    pairs = reference.load(name).cells.pairs()
    found = fit(pairs, prior=1)
    settings = Settings(bootstrap=41)
    expected = bootstrap(Likelihood.of(pairs, prior=1), pairs, found, settings)
    monkeypatch.setattr("elo.intervals._BLOCK", block)
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
def test_ties_are_not_told_to_be_certain(n_decided: int) -> None:
    """Ties draw the same rating in every round: a bootstrap of next to no width, which would look like certainty."""
    counts = [("a", "b", Outcome.TIE, 12), ("a", "b", Outcome.A, n_decided // 2), ("a", "b", Outcome.B, n_decided // 2)]
    pairs = Cells.from_counts(counts).pairs()
    bounds = intervals(pairs, fit(pairs, prior=1), PLAIN)
    assert bounds is not None
    assert bounds.kind == ("hessian", "hessian")
    assert (bounds.high - bounds.low > 0.5).all()


def test_a_clean_sweep_is_told_to_be_vague() -> None:
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


def test_progress_is_told_up_to_the_last_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.intervals._BLOCK", 100)
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
