import numpy as np
import pytest

from arena.rounds.matchmaking import Known, known_from
from elo.battles import Cells
from elo.board.planning import expected_shrinkage
from tests.arena.rounds.matchmaking.board import known


def test_without_votes_every_pair_is_worth_the_same() -> None:
    nothing = known_from(Cells.from_counts([]))
    assert nothing.votes_of(["a", "b"]).tolist() == [0, 0]
    gain = nothing.shrinkage_of(["a", "b", "c"])
    # C = 4 I, h = 1/4: h |C e|^2 / (1 + h e'C e) = 1/4 * 32 / (1 + 1/4 * 8)
    assert gain == pytest.approx((1 - np.eye(3)) * 8 / 3)


def test_models_come_in_the_order_asked_for_and_new_ones_have_no_votes() -> None:
    found = known({"ab": 10, "bc": 4})
    assert found.votes_of(["c", "new", "b"]).tolist() == [4, 0, 14]


def test_a_pair_is_worth_what_it_takes_from_the_candidates_own_intervals() -> None:
    found = known({"ab": 40, "bc": 10, "ca": 20})
    assert found.fit is not None
    at = [2, 0]
    whole = expected_shrinkage(found.fit.inverse[np.ix_(at, at)], found.fit.r[at])
    assert found.shrinkage_of(["c", "a"]) == pytest.approx(whole)


def test_a_new_model_and_the_least_certain_pair_are_worth_most() -> None:
    gain = known({"ab": 400, "bc": 40, "ca": 400}).shrinkage_of(["a", "b", "c", "new"])
    assert gain[3, :3].min() > 100 * gain[:3, :3].max()
    assert gain[1, 2] > gain[0, 1]


def test_nothing_is_known_before_the_first_board() -> None:
    assert Known().shrinkage_of(["a", "b"])[0, 1] > 0
