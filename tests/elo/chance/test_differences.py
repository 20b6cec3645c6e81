import math
from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import pytest
from scipy.stats import studentized_range, t

from db.outcome import Outcome
from elo import Settings
from elo.battles import Cells, Floats, Index, Votes
from elo.chance import differences as module
from elo.chance.differences import Differences, differences, equal_variances, freedom, largest
from elo.chance.intervals import intervals
from elo.fit.bradley_terry import fit
from elo.fit.clusters import Clusters
from elo.fit.components import components
from elo.settings import Cluster, IntervalMethod


def one_group(K: int) -> Index:
    return np.ones(K, dtype=np.int64)


def random_covariance(rng: np.random.Generator, K: int) -> Floats:
    root = rng.normal(size=(K, 2 * K)) * np.geomspace(0.1, 1, K)[:, None]
    covariance: Floats = root @ root.T / K
    return covariance


def q_of(covariance: Floats, group: Index | None = None, *, level: float = 0.95, seed: int = 0) -> float:
    found = differences(covariance, one_group(len(covariance)) if group is None else group, level=level, seed=seed)
    assert np.ptp(found.reach) == 0
    return float(found.reach[0, 0])


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("n_models", [2, 3, 20, 129])
def test_equal_variances_have_tukeys_quantile(n_models: int, level: float) -> None:
    expected = studentized_range.ppf(level, n_models, np.inf) / math.sqrt(2)
    assert equal_variances((n_models,), level) == pytest.approx(expected, abs=1e-6)
    assert q_of(np.eye(n_models), level=level) == pytest.approx(expected, abs=1e-6)


def test_twenty_models_have_3_54_and_a_common_part_of_their_errors_changes_nothing() -> None:
    assert q_of(np.eye(20)) == pytest.approx(3.5438, abs=1e-4)
    assert q_of(np.eye(20) + 7) == pytest.approx(3.5438, abs=1e-3)
    P = np.eye(20) - 1 / 20
    assert q_of(0.01 * P) == pytest.approx(3.5438, abs=1e-4)


@pytest.mark.parametrize("level", [0.5, 0.95, 1 - 1e-6])
def test_two_models_are_the_test_of_a_pair(level: float) -> None:
    covariance = np.array([[0.04, 0.01], [0.01, 0.3]])
    assert q_of(covariance, level=level) == pytest.approx(NormalDist().inv_cdf((1 + level) / 2), abs=1e-6)


@pytest.mark.parametrize("K", [3, 8, 30])
def test_unequal_variances_have_the_quantile_of_their_own_largest_difference(K: int) -> None:
    """By plain simulation, through Cholesky's root."""
    rng = np.random.default_rng(K)
    covariance = random_covariance(rng, K)
    a, b = np.triu_indices(K, 1)
    own = np.diag(covariance)
    errors = np.sqrt(own[a] + own[b] - 2 * covariance[a, b])
    x = rng.normal(size=(60_000, K)) @ np.linalg.cholesky(covariance).T
    top = np.abs((x[:, a] - x[:, b]) / errors).max(axis=1)
    q = q_of(covariance)
    assert (top > q).mean() == pytest.approx(0.05, abs=0.005)
    assert q < equal_variances((K,), 0.95)


def test_seeds_and_scales_hardly_matter() -> None:
    covariance = random_covariance(np.random.default_rng(1), 12)
    found = [q_of(covariance, seed=seed) for seed in range(6)]
    assert found[0] == q_of(covariance) == pytest.approx(q_of(9 * covariance), abs=2e-6)
    assert 0 < np.ptp(found) < 0.08


def test_only_pairs_of_one_group_count() -> None:
    """Two pairs of models: P(max of two |z| < q) = (2 Phi(q) - 1)^2. A model alone adds nothing."""
    group = np.array([1, 1, 2, 2, 3])
    expected = NormalDist().inv_cdf((1 + math.sqrt(0.95)) / 2)
    assert q_of(np.eye(5), group) == pytest.approx(expected, abs=1e-6)
    assert q_of(np.eye(5)) > 2.7
    apart = differences(np.eye(5), group, level=0.95, seed=0)
    is_better = apart.better(np.array([9.0, 0, 9, 0, 20]), group)
    assert list(zip(*is_better.nonzero(), strict=True)) == [(0, 1), (2, 3)]


def test_models_that_are_all_alone_have_no_difference() -> None:
    apart = differences(np.eye(3), np.arange(3), level=0.95, seed=0)
    assert not apart.better(np.array([3.0, 2, 1]), np.arange(3)).any()
    one = differences(np.zeros((1, 1)), one_group(1), level=0.95, seed=0)
    assert one.better(np.zeros(1), one_group(1)).tolist() == [[False]]


def test_no_gauge_moves_a_difference() -> None:
    rng = np.random.default_rng(2)
    covariance, ratings = random_covariance(rng, 6), rng.normal(0, 2, 6)
    P = np.eye(6) - np.outer(np.ones(6), np.eye(6)[0])  # the first model is fixed
    group = one_group(6)
    here = differences(covariance, group, level=0.95, seed=0)
    there = differences(P @ covariance @ P.T, group, level=0.95, seed=0)
    assert here.errors == pytest.approx(there.errors, abs=1e-12)
    assert (here.better(ratings, group) == there.better(P @ ratings, group)).all()
    assert here.better(ratings, group).any()


def test_a_difference_without_an_error_shows_nothing_and_does_not_count() -> None:
    """Two ratings that move together, up to rounding."""
    covariance = np.zeros((3, 3))
    covariance[:2, :2], covariance[2, 2] = 1.0, 1.0
    covariance[1, 1] += 1e-16
    found = differences(covariance, one_group(3), level=0.95, seed=0)
    assert found.errors[0, 1] == 0
    assert not found.better(np.array([1e-9, 0, 0]), one_group(3)).any()
    assert found.reach[0, 1] == pytest.approx(1.96, abs=0.03)  # the two other differences are the same variable


def test_the_largest_of_each_draw_is_that_of_the_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    x, inverse = rng.normal(size=(41, 5)), np.triu(rng.uniform(0, 1, (5, 5)), 1)
    inverse += inverse.T
    expected = [max(abs(row[a] - row[b]) * inverse[a, b] for a in range(5) for b in range(a)) for row in x]
    assert largest(x, inverse).tolist() == pytest.approx(expected)
    whole = largest(x, inverse)
    monkeypatch.setattr(module, "_BLOCK", 10)
    assert (largest(x, inverse) == whole).all()


def test_rounds_count_where_their_tails_are_heavier_than_normal_ones() -> None:
    rng = np.random.default_rng(5)
    group, normal = one_group(4), rng.normal(size=(4000, 4))
    heavy = rng.standard_t(3, size=(4000, 4))
    covariance: Floats = np.cov(heavy.T).astype(np.float64)
    a, b = np.triu_indices(4, 1)
    own = np.diag(covariance)
    z = np.abs(heavy[:, a] - heavy[:, b]) / np.sqrt(own[a] + own[b] - 2 * covariance[a, b])
    found = differences(covariance, group, level=0.99, seed=0, rounds=heavy + rng.normal(size=(4000, 1)))
    assert found.reach[0, 0] == pytest.approx(np.quantile(z.max(axis=1), 0.99), abs=1e-5)
    assert found.reach[0, 0] > equal_variances((4,), 0.99)
    thin = differences(np.eye(4), group, level=0.99, seed=0, rounds=0.7 * normal)
    assert thin.reach[0, 0] == pytest.approx(equal_variances((4,), 0.99), abs=1e-6)


# --- clusters


def of_voters(n_voters: int, each: int, K: int = 6, *, cluster: Cluster = "voter", seed: int = 0) -> Clusters:
    rng = np.random.default_rng(seed)
    n = n_voters * each
    a = rng.integers(0, K, n)
    b = (a + rng.integers(1, K, n)) % K
    models = tuple(f"model-{i}" for i in range(K))
    voter = np.repeat(np.arange(n_voters), each)
    votes = Votes(models, a, b, rng.integers(0, 3, n), voter=voter, voters=tuple(f"v{i}" for i in range(n_voters)))
    found = Clusters.of(votes, models, Settings(cluster=cluster))
    assert found is not None
    return found


def test_voters_of_all_models_are_as_many_degrees_of_freedom_less_one() -> None:
    assert freedom(of_voters(40, 3000)) == pytest.approx(np.full((6, 6), 39), rel=0.01)
    assert freedom(of_voters(10, 6000)) == pytest.approx(np.full((6, 6), 9), rel=0.01)


def test_degrees_of_freedom_are_those_of_satterthwaite() -> None:
    """By a plain loop over clusters, of voters who differ in what they met."""
    clusters = of_voters(12, 7, seed=3)
    n = np.zeros((12, 6))
    copies = np.repeat(np.arange(len(clusters.times)), clusters.times)
    for row, cluster in enumerate(clusters.cluster):
        for model in (clusters.a[row], clusters.b[row]):
            n[copies == cluster, model] += clusters.counts[row].sum()
    w = n / n.sum(axis=0) ** 2
    for i in range(6):
        for j in range(i):
            parts = w[:, i] + w[:, j]
            assert freedom(clusters)[i, j] == pytest.approx(max(parts.sum() ** 2 / (parts**2).sum() - 1, 1))


def test_a_cluster_with_most_of_a_models_votes_leaves_it_few_degrees_of_freedom() -> None:
    votes = Votes(
        ("a", "b", "c"),
        np.array([0] * 100 + [1] * 400),
        np.array([1] * 100 + [2] * 400),
        np.tile([0, 1, 0, 1, 2], 100),
        prepared=np.array([0] * 90 + [-1] * 410),
    )
    clusters = Clusters.of(votes, ("a", "b", "c"), Settings())
    assert clusters is not None
    found = freedom(clusters)
    assert found[0, 1] < 2 < 100 < found[1, 2]
    apart = differences(np.eye(3), one_group(3), level=0.95, seed=0, clusters=clusters)
    assert apart.reach[0, 1] > 4 * apart.reach[1, 2]


@pytest.mark.parametrize(("n_voters", "simulated"), [(12, 5.194), (40, 3.909), (150, 3.621)])
def test_students_law_is_that_of_differences_with_an_error_each(n_voters: int, simulated: float) -> None:
    """The simulation: 6,000 means of so many normal vectors of 20, each difference with its own variance."""
    clusters = of_voters(n_voters, 6000, K=20)
    found = differences(np.eye(20), one_group(20), level=0.95, seed=0, clusters=clusters)
    assert found.reach[0, 1] == pytest.approx(simulated, rel=0.012)
    # More than the studentized range allows, whose differences share one estimate of their error.
    assert found.reach.min() > studentized_range.ppf(0.95, 20, n_voters - 1) / math.sqrt(2)


def test_two_models_and_clusters_are_students_test_of_a_pair() -> None:
    clusters = of_voters(8, 50, K=2)
    found = differences(np.eye(2), one_group(2), level=0.95, seed=0, clusters=clusters)
    assert found.reach[0, 1] == pytest.approx(t.ppf(0.975, 7), abs=1e-4)


def test_few_clusters_with_unlike_errors_are_exceeded_as_rarely_as_promised() -> None:
    """Ratings as means of 12 clusters, whose covariance is estimated from them."""
    rng = np.random.default_rng(8)
    U, K, n = 12, 6, 1500
    clusters, group = of_voters(U, 600, K), one_group(6)
    shares: Floats = np.zeros((2, n))
    for i in range(n):
        x = rng.normal(size=(U, K))
        found = differences(np.cov(x.T) / U, group, level=0.95, seed=0, clusters=clusters)
        normal = Differences(found.errors, np.full((K, K), equal_variances((K,), 0.95)))
        shares[:, i] = [one.better(x.mean(axis=0), group).any() for one in (found, normal)]
    of_student, of_normal = shares.mean(axis=1)
    assert 0.02 < of_student < 0.066
    assert of_normal > 0.13


# --- boards


def boards(K: int, n_votes: int, n: int, *, tied: float = 0.3) -> Iterator[Cells]:
    """Of equal models, on pairs drawn at random."""
    models, rng = tuple(f"model-{i}" for i in range(K)), np.random.default_rng([K, n_votes])
    for _ in range(n):
        a = rng.integers(0, K, n_votes)
        b = (a + rng.integers(1, K, n_votes)) % K
        outcome = rng.choice(3, n_votes, p=[(1 - tied) / 2, (1 - tied) / 2, tied])
        yield Cells.from_votes(Votes(models, a, b, outcome))


def share_of_false(of: Iterator[Cells], settings: Settings) -> float:
    found = []
    for cells in of:
        pairs = cells.pairs()
        fitted, group = fit(pairs, prior=settings.prior), components(pairs)
        bounds = intervals(pairs, fitted, settings)
        assert bounds is not None
        found.append(bounds.differences.better(fitted.ratings, group).any())
    return float(np.mean(found))


@pytest.mark.parametrize(("interval", "least"), [("sandwich", 0.02), ("auto", 0.0)])
def test_equal_models_are_called_better_on_one_board_of_twenty_at_most(interval: IntervalMethod, least: float) -> None:
    """200 boards of 8 models: the share has a standard error of 1.5 %."""
    share = share_of_false(boards(8, 400, 200), Settings(interval=interval, bootstrap=300))
    assert least <= share <= 0.085


def test_without_a_prior_the_sandwich_keeps_its_word_too() -> None:
    settings = Settings(prior=0, interval="sandwich")
    assert 0.01 <= share_of_false(boards(6, 600, 250), settings) <= 0.085


def test_six_votes_for_each_model_claim_nothing() -> None:
    assert share_of_false(boards(10, 30, 60), Settings(bootstrap=200)) == 0


def test_the_sandwich_gets_back_what_leverage_takes() -> None:
    """Its variance, HC2, is unbiased: for three models with equal records it is the model's own."""
    a, b = ("x", "y", "z"), ("y", "z", "x")
    rows = [(i, j, Outcome.A, 1) for i, j in zip(a, b, strict=True)]
    rows += [(j, i, Outcome.A, 1) for i, j in zip(a, b, strict=True)]
    pairs = Cells.from_counts(rows).pairs()
    fitted = fit(pairs, prior=0)
    bounds = intervals(pairs, fitted, Settings(prior=0, interval="sandwich"))
    assert bounds is not None
    # Six votes and two free ratings: each has leverage 1/3. Without ties the sandwich equals the inverse Hessian.
    expected = bounds.covariance / (1 - 1 / 3)
    assert bounds.differences.errors**2 == pytest.approx(module.variance_of_difference(expected), rel=1e-9)
