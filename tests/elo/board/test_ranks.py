import numpy as np
import pytest

from elo.board import ranks
from tests.elo import reference


@pytest.mark.parametrize("name", ["llmfao_crowd", "chatbot_arena_33k"])
def test_upper_bounds_equal_the_rule_of_the_arena(name: str) -> None:
    peer = reference.load(name).results["arena_rank_sandwich"]
    models = list(peer["rating_lower"])
    low, high = (np.array([peer[key][model] for model in models]) for key in ("rating_lower", "rating_upper"))
    found = ranks.upper_bounds(low, high, np.ones(len(models), dtype=np.int64))
    assert dict(zip(models, found.tolist(), strict=True)) == peer["rank_ub_fastchat_rule"]


def test_upper_bounds_count_models_of_the_same_group_whose_interval_is_above() -> None:
    low, high = np.array([3.0, 1.0, 0.0, 9.0]), np.array([4.0, 3.5, 0.5, 9.5])
    assert ranks.upper_bounds(low, high, np.array([1, 1, 1, 2])).tolist() == [1, 1, 3, 1]


def test_a_span_leaves_out_the_places_of_better_and_of_worse_models() -> None:
    """Of four models a and b are better than d, and a is better than c; x is in a group of its own."""
    is_better = np.zeros((5, 5), dtype=bool)
    is_better[0, 2] = is_better[0, 3] = is_better[1, 3] = True
    found = ranks.spans(is_better, np.array([1, 1, 1, 1, 2]))
    assert found.best.tolist() == [1, 1, 2, 3, 1]
    assert found.worst.tolist() == [2, 3, 4, 4, 1]


def test_without_intervals_a_rank_is_one_place_and_equal_ratings_share_a_span() -> None:
    found = ranks.by_rating(np.array([2.0, 1.0, 1.0, 0.0, 5.0]), np.array([1, 1, 1, 1, 2]))
    assert found.best.tolist() == [1, 2, 2, 4, 1]
    assert found.worst.tolist() == [1, 3, 3, 4, 1]
