from dataclasses import replace

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Settings
from elo.battles import Cells, Pairs, Votes
from elo.chance import short_records
from elo.chance.short_records import ShortRecords
from elo.fit import ties
from elo.fit.bradley_terry import Fit, Likelihood, centred, fit
from elo.fit.clusters import Clusters
from elo.fit.ties import TieFit
from tests.elo import reference

FIELD = [(x, y, Outcome.TIE if n % 2 else outcome) for x in "abcd" for y in "abcd" if x < y
         for outcome in (Outcome.A, Outcome.B) for n in range(20)]  # fmt: skip


def of_votes(pairs: Pairs, fitted: Fit | TieFit | None = None) -> ShortRecords:
    return short_records.of_votes(Likelihood.of(pairs, prior=1), pairs, fitted or fit(pairs, prior=1))


def with_weights(pairs: Pairs, weight: float) -> Pairs:
    won, lost, tied = (total * weight**2 for total in (pairs.won, pairs.lost, pairs.tied))
    weighted = replace(pairs, won2=won, lost2=lost, tied2=tied)
    return replace(weighted, won=pairs.won * weight, lost=pairs.lost * weight, tied=pairs.tied * weight)


def test_under_three_points_or_decided_battles_are_short() -> None:
    rows = [*FIELD, *[("new", "a", Outcome.A)] * 9, *[("new", "b", Outcome.B)] * 2, *[("even", "c", Outcome.TIE)] * 30]
    short = of_votes(Cells.from_votes(Votes.from_rows(rows)).pairs())
    assert short.is_short.tolist() == [False, False, False, False, True, True]
    longer = of_votes(Cells.from_votes(Votes.from_rows([*rows, ("new", "b", Outcome.B)])).pairs())
    assert longer.is_short.tolist() == [False, False, False, False, True, False]


def test_weights_that_are_equal_make_no_record_shorter_or_longer() -> None:
    pairs = reference.load("simple").cells.pairs()
    weighted = with_weights(pairs, 0.25)
    assert (of_votes(weighted, fit(pairs, prior=1)).is_short == of_votes(pairs).is_short).all()


def test_one_heavy_vote_counts_as_about_one() -> None:
    """Four wins and four losses, of which one each has all the weight: Kish's number is 1.1, not 4."""
    pairs = Cells.from_counts([("a", "b", Outcome.A, 4), ("a", "b", Outcome.B, 4)]).pairs()
    assert not of_votes(pairs).is_short.any()
    heavy = np.array([10.3]), np.array([100.03])  # 10 + 3 x 0.1, and the squares
    weighted = replace(pairs, won=heavy[0], lost=heavy[0], won2=heavy[1], lost2=heavy[1], tied2=pairs.tied)
    assert of_votes(weighted).is_short.all()


def test_weighted_votes_have_their_models_variance() -> None:
    """Two models, n votes of weight w, no prior: the Hessian has n w / 4, the score's variance n w^2 / 4."""
    pairs = Cells.from_counts([("a", "b", Outcome.A, 50), ("a", "b", Outcome.B, 50)]).pairs()
    weighted = with_weights(pairs, 3.0)
    fitted = fit(weighted, prior=0)
    short = short_records.of_votes(Likelihood.of(weighted, prior=0), weighted, fitted)
    expected = centred(fit(pairs, prior=0).inverse)
    assert short.covariance == pytest.approx(expected, abs=1e-12)


def test_clusters_of_one_are_the_votes_themselves() -> None:
    votes = replace(Votes.from_rows(FIELD), voter=np.r_[0, np.full(len(FIELD) - 1, -1)])
    pairs = Cells.from_votes(votes).pairs()
    fitted = fit(pairs, prior=1)
    clusters = Clusters.of(votes, pairs.models, Settings(cluster="voter"))
    assert clusters is not None
    short = short_records.of_clusters(Likelihood.of(pairs, prior=1), fitted, clusters)
    assert short.covariance == pytest.approx(of_votes(pairs).covariance, abs=1e-12)
    assert (short.is_short == of_votes(pairs).is_short).all()


@pytest.mark.parametrize("model", ["half", "davidson"])
def test_the_votes_of_a_cluster_on_a_pair_are_one_battle(model: str) -> None:
    """ "new" wins 40 of 60 votes on two prepared pairs: a short record of two battles and 1.3 points."""
    new = [("new", "a", Outcome.A)] * 20 + [("new", "a", Outcome.B)] * 10
    votes = Votes.from_rows([*FIELD, *new, *new])
    prepared = np.array([-1] * len(FIELD) + [0] * 30 + [1] * 30)
    votes = replace(votes, prepared=prepared)
    pairs = Cells.from_votes(votes).pairs()
    likelihood = Likelihood.of(pairs, prior=1)
    fitted = fit(pairs, prior=1) if model == "half" else ties.fit(pairs, "davidson", prior=1)
    clusters = Clusters.of(votes, pairs.models, Settings())
    assert clusters is not None
    short = short_records.of_clusters(likelihood, fitted, clusters)
    assert short.is_short.tolist() == [False, False, False, False, True]
    assert not of_votes(pairs, fitted).is_short.any()
    # As many battles with the pair's own shares as there are clusters.
    few = replace(pairs, won=pairs.won.copy(), lost=pairs.lost.copy())
    is_new = pairs.b == 4
    few.won[is_new] /= 30
    few.lost[is_new] /= 30
    h = np.zeros(len(pairs.a))
    d = fitted.r[few.a] - fitted.r[few.b]
    if isinstance(fitted, Fit):
        h = few.games / (2 + 2 * np.cosh(d))
    else:
        nu = np.exp(fitted.tie)
        total = 2 * np.cosh(d / 2) + nu
        won, lost = np.exp(d / 2) / total, np.exp(-d / 2) / total
        h = few.games * ((won + lost) / 4 - ((won - lost) / 2) ** 2)
    expected = centred(np.linalg.inv(likelihood.laplacian(h[:, None], fitted.r[:, None])[0]))
    assert short.covariance == pytest.approx(expected, abs=1e-12)


def test_a_voter_counts_once_for_a_model_however_many_pairs_they_judge() -> None:
    """Five voters with 6 pairs each are five battles for every model; three more are enough."""
    rows = [(x, y, outcome) for x in "abcd" for y in "abcd" if x < y for outcome in (Outcome.A, Outcome.B)]
    for n_voters, is_short in ((5, True), (8, False)):
        votes = replace(Votes.from_rows(rows * n_voters), voter=np.repeat(np.arange(n_voters), len(rows)))
        pairs = Cells.from_votes(votes).pairs()
        clusters = Clusters.of(votes, pairs.models, Settings(cluster="voter"))
        assert clusters is not None
        short = short_records.of_clusters(Likelihood.of(pairs, prior=1), fit(pairs, prior=1), clusters)
        assert short.is_short.tolist() == [is_short] * 4


def test_a_record_that_has_faded_is_short() -> None:
    """A thousand votes that weigh a thousandth each, together one: by Kish's number alone they would be a thousand."""
    pairs = Cells.from_counts([("a", "b", Outcome.A, 500), ("a", "b", Outcome.B, 500)]).pairs()
    assert of_votes(with_weights(pairs, 0.001)).is_short.all()
    assert not of_votes(with_weights(pairs, 0.5)).is_short.any()
    votes = Votes.from_rows([("a", "b", Outcome.A), ("a", "b", Outcome.B)] * 500)
    votes = replace(votes, voter=np.repeat(np.arange(100), 10))
    for weight, is_short in ((0.001, True), (0.5, False)):
        clusters = Clusters.of(votes, pairs.models, Settings(cluster="voter"), np.full(1000, weight))
        assert clusters is not None
        faded = with_weights(pairs, weight)
        short = short_records.of_clusters(Likelihood.of(faded, prior=1), fit(faded, prior=1), clusters)
        assert short.is_short.tolist() == [is_short] * 2


def test_only_short_records_lack_variance() -> None:
    short = ShortRecords(np.array([True, True, False]), np.diag([4.0, 1.0, 9.0]))
    assert short.lacking(np.diag([1.0, 2.0, 3.0])).tolist() == [3.0, 0.0, 0.0]
