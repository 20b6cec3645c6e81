from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array

from db.outcome import Outcome
from elo import Settings
from elo.battles import Cells, Floats, MissingDataError, Votes
from elo.chance.sandwich import clustered, sandwich
from elo.fit import clusters
from elo.fit.bradley_terry import Fit, Likelihood, fit, sigma
from elo.fit.clusters import ClusterError, Clusters, Terms, jackknife, terms_of
from elo.votes.votes_file import read_votes
from tests.elo import reference

MODELS = tuple(f"model-{i:03}" for i in range(6))
PAIR, VOTER = Settings(cluster="pair"), Settings(cluster="voter")


def votes_of(seed: int, *, n_votes: int = 300, n_models: int = 6, n_voters: int = 25, n_prepared: int = 40) -> Votes:
    """Some voters are not known, some battles are live. A prepared pair is one of two models."""
    rng = np.random.default_rng(seed)
    votes, _ = reference.random_votes(rng, n_votes=n_votes, n_models=n_models)
    prepared = rng.integers(-20, n_prepared, n_votes).clip(-1)
    a, b = votes.a.copy(), votes.b.copy()
    for code in range(n_prepared):
        same = np.flatnonzero(prepared == code)
        flip = rng.random(len(same)) < 0.5
        if same.size:
            a[same], b[same] = (
                np.where(flip, b[same[0]], a[same[0]]),
                np.where(flip, a[same[0]], b[same[0]]),
            )
    voter = rng.integers(-1, n_voters, n_votes)
    return replace(votes, a=a, b=b, voter=voter, voters=tuple(f"voter-{i}" for i in range(n_voters)), prepared=prepared)


def naive_jackknife(votes: Votes, code: NDArray[np.integer], fitted: Fit, *, prior: float, weights: Floats) -> Floats:
    """One vote after the other and one whole inverse a cluster, as the formula is written."""
    place = {model: i for i, model in enumerate(sorted(votes.models))}
    K, unit = len(place), np.eye(len(place))
    clusters: dict[int, tuple[Floats, Floats]] = {}
    for i, (model_a, model_b, outcome) in enumerate(votes):
        x = unit[place[model_a]] - unit[place[model_b]]
        p = float(sigma(x @ fitted.r))
        key = int(code[i]) if code[i] >= 0 else -1 - i
        gradient, information = clusters.get(key, (np.zeros(K), np.zeros((K, K))))
        gradient = gradient + weights[i] * (outcome.score - p) * x
        clusters[key] = gradient, information + weights[i] * p * (1 - p) * np.outer(x, x)
    H = sum(information for _, information in clusters.values()) + prior * np.diag(sigma(fitted.r) * sigma(-fitted.r))
    moved = np.array([np.linalg.solve(H - information, gradient) for gradient, information in clusters.values()])
    V: Floats = (len(moved) - 1) / len(moved) * moved.T @ moved
    return V


def jackknife_of(votes: Votes, settings: Settings, weights: Floats | None = None) -> tuple[Floats, Fit]:
    fitted = fit(Cells.from_votes(votes).pairs(), prior=settings.prior)
    found = Clusters.of(votes, tuple(sorted(votes.models)), settings, weights)
    assert found is not None
    return jackknife(fitted.inverse, terms_of(found, fitted), found.times), fitted


@pytest.mark.parametrize("settings", [PAIR, VOTER], ids=["pair", "voter"])
def test_jackknife_equals_its_definition(settings: Settings) -> None:
    votes = votes_of(1)
    V, fitted = jackknife_of(votes, settings)
    code = votes.prepared if settings is PAIR else votes.voter
    assert code is not None
    # The fit's inverse information is that of its last step but one, 1e-10 from the maximum
    assert pytest.approx(naive_jackknife(votes, code, fitted, prior=1, weights=np.ones(300)), abs=1e-11) == V


@pytest.mark.parametrize("settings", [PAIR, VOTER], ids=["pair", "voter"])
def test_weighted_jackknife_equals_its_definition(settings: Settings) -> None:
    """The weights are of the clusters; the fit around which they are taken may be any."""
    votes, weights = votes_of(2), np.random.default_rng(3).choice([0.25, 1.0, 1.75], 300)
    V, fitted = jackknife_of(votes, settings, weights)
    code = votes.prepared if settings is PAIR else votes.voter
    assert code is not None
    found = Clusters.of(votes, MODELS, settings, weights)
    assert found is not None
    terms = terms_of(found, fitted)
    total = terms.curvature * found.times[terms.cluster]
    H = (terms.x.T @ (terms.x * total[:, None])).toarray() + np.diag(sigma(fitted.r) * sigma(-fitted.r))
    V = jackknife(np.linalg.inv(H), terms, found.times)
    assert pytest.approx(naive_jackknife(votes, code, fitted, prior=1, weights=weights), abs=1e-12) == V


def test_a_cluster_with_more_pairs_than_models_takes_as_many_equations_as_models() -> None:
    votes = votes_of(4, n_voters=2)
    V, fitted = jackknife_of(votes, VOTER)
    found = Clusters.of(votes, MODELS, VOTER)
    assert found is not None
    assert np.bincount(found.cluster).max() > 6
    assert votes.voter is not None
    assert pytest.approx(naive_jackknife(votes, votes.voter, fitted, prior=1, weights=np.ones(300)), abs=1e-12) == V


def test_blocks_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = jackknife_of(votes_of(5), VOTER)
    monkeypatch.setattr(clusters, "_BLOCK", 1)
    assert jackknife_of(votes_of(5), VOTER)[0] == pytest.approx(whole, abs=1e-13)


def test_one_step_comes_near_the_refit_without_the_cluster() -> None:
    """What the step stands for: all other votes fitted again."""
    votes = votes_of(6, n_votes=1000, n_voters=100)
    assert votes.voter is not None
    V, fitted = jackknife_of(votes, VOTER)
    code = np.where(votes.voter >= 0, votes.voter, 1000 + np.arange(1000))
    moved = []
    for one in np.unique(code):
        rest = code != one
        part = Votes(votes.models, votes.a[rest], votes.b[rest], votes.outcome[rest])
        moved.append(fit(Cells.from_votes(part).pairs(), prior=1).r - fitted.r)
    d = np.array(moved)
    refitted = (len(d) - 1) / len(d) * d.T @ d
    assert np.sqrt(np.diag(V)) == pytest.approx(np.sqrt(np.diag(refitted)), rel=0.01)


def test_order_sides_and_names_of_voters_leave_every_bit_alone() -> None:
    votes, rng = votes_of(7), np.random.default_rng(8)
    assert votes.voter is not None
    assert votes.prepared is not None
    order, renamed = rng.permutation(300), rng.permutation(25)
    swap = rng.random(300) < 0.5
    a, b = np.where(swap, votes.b, votes.a)[order], np.where(swap, votes.a, votes.b)[order]
    swapped = np.array([outcome.swapped for outcome in Outcome])
    outcome = np.where(swap, swapped[votes.outcome], votes.outcome)[order]
    voter = np.where(votes.voter >= 0, renamed[votes.voter], -1)[order]
    other = replace(votes, a=a, b=b, outcome=outcome, voter=voter, prepared=votes.prepared[order])
    weights = rng.random(300)
    for settings in (PAIR, VOTER):
        assert (jackknife_of(votes, settings)[0] == jackknife_of(other, settings)[0]).all()
        one, two = Clusters.of(votes, MODELS, settings, weights), Clusters.of(other, MODELS, settings, weights[order])
        assert one is not None
        assert two is not None
        assert (one.counts == two.counts).all()
        assert (one.times == two.times).all()


def test_clusters_that_are_alike_are_kept_once() -> None:
    """40 live votes are at most three clusters a pair; 30 prepared pairs with one vote each as well."""
    rows = [("lark", "wren", Outcome.A)] * 40 + [("wren", "lark", Outcome.TIE)] * 30
    votes = replace(Votes.from_rows(rows), prepared=np.array([-1] * 40 + list(range(30))))
    found = Clusters.of(votes, ("lark", "wren"), PAIR)
    assert found is not None
    assert found.n_clusters == 70
    assert sorted(found.times.tolist()) == [30, 40]
    assert found.counts.tolist() == [[1, 0, 0], [0, 0, 1]]


def test_votes_of_weight_0_are_in_no_cluster() -> None:
    """So much has the oldest vote faded at a half-life of a day and after three years."""
    votes = replace(Votes.from_rows([("lark", "wren", Outcome.A)] * 4), voter=np.array([0, 0, 1, -1]))
    found = Clusters.of(votes, ("lark", "wren"), VOTER, np.array([1.0, 0.0, 0.0, 0.0]))
    assert found is not None
    assert found.n_clusters == 1
    assert found.counts.tolist() == [[1, 0, 0]]


def test_auto_clusters_where_a_vote_names_a_prepared_pair() -> None:
    votes = votes_of(9)
    assert Clusters.of(votes, MODELS, Settings()) is not None
    assert Clusters.of(replace(votes, prepared=None), MODELS, Settings()) is None
    assert Clusters.of(replace(votes, prepared=np.full(300, -1)), MODELS, Settings()) is None
    assert Clusters.of(votes, MODELS, Settings(cluster="none")) is None


def test_a_column_that_is_not_there_is_named() -> None:
    votes = votes_of(10)
    with pytest.raises(MissingDataError, match="intervals by voter need the column visitor"):
        Clusters.of(replace(votes, voter=None), MODELS, VOTER)
    nobody = replace(votes, voter=np.full(len(votes), -1), voters=())
    with pytest.raises(MissingDataError, match="intervals by voter need the column visitor"):
        Clusters.of(nobody, MODELS, VOTER)
    with pytest.raises(MissingDataError, match="no vote names a prepared pair"):
        Clusters.of(replace(votes, prepared=None), MODELS, PAIR)


def test_one_cluster_gives_no_covariance() -> None:
    votes = replace(votes_of(11), voter=np.zeros(300, dtype=int))
    with pytest.raises(ClusterError, match="1 cluster; the jackknife needs two or more"):
        jackknife_of(votes, VOTER)


@pytest.mark.parametrize("n_pairs_of_the_bridge", [1, 3])
def test_a_cluster_that_carries_the_scale_is_refused(n_pairs_of_the_bridge: int) -> None:
    """Only voter x has compared the two halves; without a prior nothing is known of one against the other then."""
    rows, voters = [], []
    for i, (a, b) in enumerate([("a", "b"), ("b", "c"), ("a", "c"), ("d", "e"), ("e", "f"), ("d", "f")] * 4):
        rows += [(a, b, Outcome.A if i % 2 else Outcome.B), (a, b, Outcome.TIE)]
        voters += [1 + i % 5, 1 + i % 5]
    for a, b in [("a", "d"), ("b", "e"), ("c", "f")][:n_pairs_of_the_bridge]:
        rows += [(a, b, Outcome.A), (a, b, Outcome.B)]
        voters += [0, 0]
    votes = replace(Votes.from_rows(rows), voter=np.array(voters), voters=tuple("xuvwyz"))
    with pytest.raises(ClusterError, match="have no common scale; use a larger prior"):
        jackknife_of(votes, replace(VOTER, prior=0.0))
    V, _ = jackknife_of(votes, VOTER)
    assert np.isfinite(V).all()


def test_a_term_without_curvature_counts_with_its_score() -> None:
    """Such as the parts of a likelihood whose gradient and Hessian do not share their directions."""
    x = csr_array(np.array([[1.0], [1.0], [1.0]]))
    V = jackknife(np.array([[0.5]]), Terms(x, np.array([0.3, -0.3, 0.0]), np.array([1.0, 0, 1]), np.array([0, 1, 1])))
    # H = 2; without the first cluster: 0.3 / 1, without the second: -0.3 / 1.
    assert float(V[0, 0]) == pytest.approx((0.3**2 + 0.3**2) / 2)


def test_real_voters_repeat_themselves() -> None:
    """The 124 voters of llmfao: the cluster sandwich was measured at 1.12 of the plain standard errors in the median of
    models and 3.9 at most; the jackknife is a little wider."""
    votes = read_votes([reference.DATA / "llmfao_crowd.csv"], columns={"voter"}).votes
    pairs = Cells.from_votes(votes).pairs()
    fitted, likelihood = fit(pairs, prior=0), Likelihood.of(pairs, prior=0)
    found = Clusters.of(votes, pairs.models, VOTER)
    assert found is not None
    assert found.n_clusters == 124
    ratios = np.sqrt(np.diag(clustered(likelihood, fitted, found)) / np.diag(sandwich(likelihood, pairs, fitted)))
    assert 1.12 < np.median(ratios) < 1.2
    assert 3.7 < ratios.max() < 4.2
