import doctest

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Cells, Settings, Votes
from elo.board import matrices
from elo.board.matrices import Matrices
from elo.estimate import fit
from elo.fit import bradley_terry
from tests.elo import reference


def test_the_worked_example_holds() -> None:
    assert doctest.testmod(matrices).failed == 0


@pytest.mark.parametrize("name", ["llmfao_crowd", "food", "chatbot_arena_33k"])
def test_battles_and_observed_shares_equal_a_plain_count(name: str) -> None:
    data = reference.load(name)
    pairs = data.cells.pairs()
    found = Matrices.of(pairs, np.zeros(pairs.n_models))
    place = {model: i for i, model in enumerate(found.models)}
    points = np.zeros((len(place), len(place)))
    met = np.zeros((len(place), len(place)), dtype=int)
    for model_a, model_b, outcome in data.votes:
        a, b = place[model_a], place[model_b]
        points[a, b] += outcome.score
        points[b, a] += 1 - outcome.score
        met[a, b] += 1
        met[b, a] += 1
    assert found.battles.tolist() == met.tolist()
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(found.observed, points / met, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", reference.NAMES)
def test_average_win_rate_over_opponents_met_equals_evalica(name: str) -> None:
    data = reference.load(name)
    pairs = data.cells.pairs()
    found = Matrices.of(pairs, np.zeros(pairs.n_models))
    averages = dict(zip(found.models, found.average_observed.tolist(), strict=True))
    assert averages == pytest.approx(data.results["evalica_average_win_rate"], abs=1e-9)


def test_predictions_of_a_pair_add_up_to_one_and_follow_the_curve() -> None:
    pairs = reference.load("llmfao_crowd").cells.pairs()
    ratings = bradley_terry.fit(pairs, prior=1.0).ratings
    found = Matrices.of(pairs, ratings)
    off_diagonal = ~np.eye(pairs.n_models, dtype=bool)
    np.testing.assert_allclose((found.predicted + found.predicted.T)[off_diagonal], 1, atol=1e-15)
    assert found.predicted[3, 8] == pytest.approx(1 / (1 + np.exp(ratings[8] - ratings[3])), abs=1e-15)
    assert found.average_win_rate[3] == pytest.approx(np.delete(found.predicted[3], 3).mean(), abs=1e-15)


def test_better_is_the_share_of_rounds_with_equals_as_half() -> None:
    pairs = Cells.from_counts([("a", "b", Outcome.A, 1), ("b", "c", Outcome.A, 1)]).pairs()
    rounds = np.array([[2.0, 1.0, 0.0], [1.0, 1.0, 3.0], [0.0, 1.0, 2.0], [5.0, 4.0, 1.0]])
    found = Matrices.of(pairs, np.zeros(3), rounds=rounds).better
    assert found is not None
    np.testing.assert_array_equal(found, [[np.nan, 0.625, 0.5], [0.375, np.nan, 0.5], [0.5, 0.5, np.nan]])


def test_models_without_a_path_of_battles_have_no_prediction() -> None:
    pairs = Cells.from_counts([("a", "b", Outcome.A, 1), ("c", "d", Outcome.TIE, 2), ("a", "e", Outcome.A, 1)]).pairs()
    found = Matrices.of(pairs, np.zeros(5), rounds=np.zeros((2, 5)))
    assert np.isnan(found.predicted[0, 2])
    assert found.predicted[0, 1] == found.predicted[1, 4] == 0.5
    assert found.better is not None
    assert np.isnan(found.better[3, 4])
    assert np.isnan(found.observed[1, 4]), "they never met"
    assert np.isfinite(found.average_win_rate).all()


def test_models_in_separate_groups_of_the_fit_have_no_prediction() -> None:
    """Met, but in ties alone, which the fit ignores."""
    cells = Cells.from_counts([("a", "b", Outcome.A, 1), ("b", "c", Outcome.TIE, 2)])
    fitted = fit(cells, Settings(ties="ignore", bootstrap=2))
    found = Matrices.of(fitted.counted, fitted.ratings, rounds=np.zeros((2, 3)), group=fitted.group)
    assert found.observed[1, 2] == 0.5
    assert np.isnan(found.predicted[1, 2])
    assert found.better is not None
    assert np.isnan(found.better[1, 2])
    assert np.isnan(found.average_win_rate[2])


def test_no_bootstrap_no_better() -> None:
    pairs = Cells.from_counts([("a", "b", Outcome.A, 1)]).pairs()
    assert Matrices.of(pairs, np.zeros(2)).better is None
    assert Matrices.of(pairs, np.zeros(2)).ordered(["b", "a"]).better is None


def test_ordered_moves_rows_and_columns_together() -> None:
    votes, _ = reference.random_votes(np.random.default_rng(1), n_votes=300, n_models=6)
    pairs = Cells.from_votes(votes).pairs()
    found = Matrices.of(pairs, np.arange(6, dtype=np.float64), rounds=np.random.default_rng(2).normal(size=(9, 6)))
    order = [found.models[i] for i in (4, 1, 0, 5, 2, 3)]
    moved = found.ordered(order)
    assert moved.models == tuple(order)
    assert moved.predicted[0, 2] == found.predicted[4, 0]
    assert moved.battles[1, 3] == found.battles[1, 5]
    assert moved.better is not None
    assert found.better is not None
    assert moved.better[2, 5] == found.better[0, 3]
    assert moved.average_win_rate[3] == found.average_win_rate[5]
    assert moved.average_observed[0] == found.average_observed[4]


def test_swapped_sides_give_the_same_matrices() -> None:
    votes, _ = reference.random_votes(np.random.default_rng(1), n_votes=300, n_models=6)
    swapped = np.array([outcome.swapped for outcome in Outcome])[votes.outcome]
    back = Votes(votes.models, votes.b, votes.a, swapped)
    forth, back_again = (
        Matrices.of(Cells.from_votes(v).pairs(), np.arange(6, dtype=np.float64)) for v in (votes, back)
    )
    np.testing.assert_array_equal(forth.observed, back_again.observed)
    np.testing.assert_array_equal(forth.battles, back_again.battles)
