import numpy as np
import pytest

from elo.board import ranks
from tests.elo import reference


@pytest.mark.parametrize("name", ["llmfao_crowd", "chatbot_arena_33k"])
def test_ranks_by_interval_equal_the_rule_of_the_arena(name: str) -> None:
    peer = reference.load(name).results["arena_rank_sandwich"]
    models = list(peer["rating_lower"])
    low, high = (np.array([peer[key][model] for model in models]) for key in ("rating_lower", "rating_upper"))
    found = ranks.rank_spans(low, high, np.ones(len(models), dtype=np.int64)).best
    assert dict(zip(models, found.tolist(), strict=True)) == peer["rank_ub_fastchat_rule"]


def test_ranks_by_difference_are_those_of_every_two_models_alone() -> None:
    rng = np.random.default_rng(1)
    root = rng.normal(size=(7, 7)) / 7
    ratings, covariance, group = rng.normal(0, 0.6, 7), root @ root.T, np.array([1, 1, 1, 1, 1, 2, 2])
    found = ranks.by_difference(ratings, covariance, group, level=0.95)
    for m in range(7):
        better = 0
        for other in range(7):
            x = np.zeros(7)
            x[m] -= 1
            x[other] += 1
            is_better = group[m] == group[other] and x @ ratings > 1.959964 * np.sqrt(x @ covariance @ x)
            better += bool(is_better)
        assert found[m] == 1 + better
    assert found.max() > 1


def test_no_gauge_moves_a_rank_by_difference() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(5, 5)) / 5
    covariance, g = root @ root.T, np.array([1.0, 0, 0, 0, 0])
    P = np.eye(5) - np.outer(np.ones(5), g)
    ratings, group = rng.normal(0, 0.6, 5), np.ones(5, dtype=np.int64)
    found = ranks.by_difference(ratings, covariance, group, level=0.95)
    assert (found == ranks.by_difference(P @ ratings, P @ covariance @ P.T, group, level=0.95)).all()


def test_the_difference_separates_models_whose_intervals_overlap() -> None:
    """The worked example of the docstring: a gap of 0.70 between two ratings of variance 0.04, covariance -0.02."""
    covariance, ratings = np.array([[0.04, -0.02], [-0.02, 0.04]]), np.array([0.35, -0.35])
    group, reach = np.ones(2, dtype=np.int64), 1.96 * 0.2
    assert ranks.rank_spans(ratings - reach, ratings + reach, group).best.tolist() == [1, 1]
    assert ranks.by_difference(ratings, covariance, group, level=0.95).tolist() == [1, 2]


def test_a_rank_spans_the_places_that_the_intervals_leave_open() -> None:
    low, high = np.array([3.0, 1.0, 0.0, 9.0]), np.array([4.0, 3.5, 0.5, 9.5])
    found = ranks.rank_spans(low, high, np.array([1, 1, 1, 2]))
    assert found.best.tolist() == [1, 1, 3, 1]
    assert found.worst.tolist() == [2, 2, 3, 1]


def test_without_intervals_a_rank_is_one_place_and_equal_ratings_share_a_span() -> None:
    ratings = np.array([2.0, 1.0, 1.0, 0.0])
    found = ranks.rank_spans(ratings, ratings, np.ones(4, dtype=np.int64))
    assert found.best.tolist() == [1, 2, 2, 4]
    assert found.worst.tolist() == [1, 3, 3, 4]
