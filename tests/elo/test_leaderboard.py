import json
import math
import random

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Cells, Leaderboard, Settings, Votes, rate, rate_online
from elo.bradley_terry import NoMaximumError
from elo.leaderboard import ranks
from tests.elo import reference

QUICK = Settings(bootstrap=200)
ELO = Settings(method="elo")


def ratings_of(board: Leaderboard) -> dict[str, float]:
    return {row.model: row.rating for row in board.rows}


def counts(*rows: tuple[str, str, Outcome, int]) -> Cells:
    return Cells.from_counts(rows)


@pytest.mark.parametrize("name", reference.NAMES)
def test_ratings_without_a_prior_equal_the_published_maximum(name: str) -> None:
    data = reference.load(name)
    board = rate(data.cells, Settings(prior=0, interval="sandwich"))
    assert ratings_of(board) == pytest.approx(data.results["fastchat_compute_bt_tight"], abs=1e-3)
    assert np.mean([row.rating for row in board.rows]) == pytest.approx(1000, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "largest"), [("chatbot_arena_33k", 0.17), ("llmfao_crowd", 1.4), ("food", 12), ("simple", 31)]
)
def test_the_prior_moves_ratings_by_no_more_than_it_says(name: str, largest: float) -> None:
    cells = reference.load(name).cells
    with_prior, without = ratings_of(rate(cells, QUICK)), ratings_of(rate(cells, Settings(prior=0, bootstrap=0)))
    assert max(abs(with_prior[model] - without[model]) for model in without) == pytest.approx(largest, rel=0.06)


def test_order_sides_and_parts_leave_the_whole_board_bit_equal() -> None:
    votes = list(reference.load("llmfao_crowd").votes)
    expected = json.dumps(rate(Cells.from_votes(Votes.from_rows(votes)), QUICK).to_json())
    random.Random(1).shuffle(votes)
    turned = [(b, a, outcome.swapped) if i % 3 else (a, b, outcome) for i, (a, b, outcome) in enumerate(votes)]
    assert json.dumps(rate(Cells.from_votes(Votes.from_rows(turned)), QUICK).to_json()) == expected
    in_parts = Cells.from_counts([(*vote, 1) for vote in turned[5000:]] + [(*vote, 1) for vote in turned[:5000]])
    assert json.dumps(rate(in_parts, QUICK).to_json()) == expected


def test_rank_counts_the_models_that_are_better_for_sure() -> None:
    board = rate(reference.load("chatbot_arena_33k").cells, QUICK)
    for row in board.rows:
        assert row.low is not None
        assert row.high is not None
        assert row.rank == 1 + sum(other.low is not None and other.low > row.high for other in board.rows)
    assert board.rows[0].rank == 1
    assert board.rows[-1].rank > 15


@pytest.mark.parametrize("name", reference.NAMES)
def test_ranks_on_published_bounds_are_fastchats(name: str) -> None:
    published = reference.load(name).results["arena_rank_sandwich"]
    models = list(published["ratings"])
    low, high = (np.array([published[key][model] for model in models]) for key in ("rating_lower", "rating_upper"))
    found = ranks(low, high, np.ones(len(models), dtype=np.int64))
    assert dict(zip(models, found.tolist(), strict=True)) == published["rank_ub_fastchat_rule"]


def test_battles_and_win_rate_are_plain_counts() -> None:
    board = rate(counts(("a", "b", Outcome.A, 2), ("b", "a", Outcome.TIE, 1), ("b", "c", Outcome.BOTH_BAD, 1)), QUICK)
    rows = {row.model: (row.battles, row.win_rate) for row in board.rows}
    assert rows == {"a": (3, 2.5 / 3), "b": (4, 0.25), "c": (1, 0.5)}
    assert board.n_votes == 4


def test_equal_records_have_equal_ratings_and_stand_by_name() -> None:
    cells = counts(("b", "a", Outcome.TIE, 7), ("c", "a", Outcome.A, 3), ("c", "b", Outcome.A, 3))
    board = rate(cells, QUICK)
    assert [row.model for row in board.rows] == ["c", "a", "b"]
    assert board.rows[1].rating == board.rows[2].rating
    only_ties = rate(counts(("b", "a", Outcome.TIE, 7)), QUICK)
    assert [(row.model, row.rating) for row in only_ties.rows] == [("a", 1000.0), ("b", 1000.0)]


def test_groups_without_a_path_between_them_are_numbered_and_ranked_apart() -> None:
    sure = [("a", "b", Outcome.A, 300), ("a", "b", Outcome.B, 100)]
    even = [("x", "y", Outcome.A, 50), ("x", "y", Outcome.B, 50)]
    other = [("y", "z", Outcome.A, 300), ("y", "z", Outcome.B, 100), *even]
    board = rate(counts(*sure, *other), QUICK)
    rows = {row.model: (row.component, row.rank) for row in board.rows}
    assert rows == {"a": (2, 1), "b": (2, 2), "x": (1, 1), "y": (1, 1), "z": (1, 3)}
    assert board.n_components == 2
    with pytest.raises(NoMaximumError, match="no path of battles leads from 'a', 'b' to the other models"):
        rate(counts(*sure, *other), Settings(prior=0))


def test_a_sweep_without_a_prior_names_the_models() -> None:
    with pytest.raises(NoMaximumError, match="'a' never lost a point and 'b' never won a point"):
        rate(counts(("a", "b", Outcome.A, 5)), Settings(prior=0))
    board = rate(counts(("a", "b", Outcome.A, 5)), QUICK)
    assert board.rows[0].rating - board.rows[1].rating == pytest.approx(478.8, abs=0.1)
    assert {row.interval for row in board.rows} == {"hessian"}


def test_listed_models_without_a_vote_stand_below_without_numbers() -> None:
    cells = counts(("b", "a", Outcome.A, 5))
    assert rate(cells, QUICK, listed=["d", "a", "c", "c"]).unrated == ("c", "d")
    assert rate_online([("b", "a", Outcome.A)], ELO, listed=["d", "a"]).unrated == ("d",)


def test_no_votes_are_an_empty_board() -> None:
    for board in (rate(counts(), Settings(), listed=["b", "a"]), rate_online([], ELO, listed=["b", "a"])):
        assert (board.rows, board.unrated, board.n_votes, board.n_components) == ((), ("a", "b"), 0, 0)


def test_no_rounds_are_a_board_ranked_by_rating() -> None:
    board = rate(reference.load("food").cells, Settings(bootstrap=0))
    assert [row.rank for row in board.rows] == [1, 2, 3, 4, 5]
    assert {(row.low, row.high, row.interval) for row in board.rows} == {(None, None, "none")}


def test_online_board_is_the_replay() -> None:
    data = reference.load("llmfao_crowd")
    board = rate_online(data.votes, Settings(method="elo", k=4))
    assert ratings_of(board) == pytest.approx(data.results["fastchat_compute_elo_online"], abs=1e-9)
    assert {(row.low, row.high, row.interval, row.component) for row in board.rows} == {(None, None, "none", 1)}
    assert [row.rating for row in board.rows] == sorted((row.rating for row in board.rows), reverse=True)
    assert [row.rank for row in board.rows] == list(range(1, 60))
    assert board.rows[0].battles == next(row.battles for row in rate(data.cells, QUICK).rows if row.model == "GPT 4")


def test_another_scale_is_the_same_board_stretched() -> None:
    cells = reference.load("food").cells
    plain, natural = rate(cells, QUICK), rate(cells, Settings(bootstrap=200, base=math.e, scale=1, mean=0))
    for row, other in zip(plain.rows, natural.rows, strict=True):
        assert row.rating == pytest.approx(1000 + 400 / math.log(10) * other.rating, abs=1e-7)


def test_the_json_is_the_published_one() -> None:
    board = rate(counts(("a", "b", Outcome.A, 5)), QUICK, listed=["c"]).sourced(revision=7, excluded={"banned": 2})
    written = board.to_json()
    assert list(written) == ["models", "settings", "votes", "revision", "excluded", "unrated"]
    row = board.rows[0]
    models = written["models"]
    assert isinstance(models, list)
    assert models[0] == {
        "model": "a",
        "rank": 1,
        "rating": row.rating,
        "low": row.low,
        "high": row.high,
        "interval": "hessian",
        "battles": 5,
        "win_rate": 1.0,
        "component": 1,
    }
    assert written["settings"] == QUICK.to_json()
    assert (written["votes"], written["revision"], written["excluded"], written["unrated"]) == (
        5,
        7,
        {"banned": 2},
        ["c"],
    )
    assert json.loads(json.dumps(written)) == written


def test_each_method_has_its_function() -> None:
    with pytest.raises(ValueError, match="cannot be rated by elo; use rate_online with votes"):
        rate(counts(), ELO)
    with pytest.raises(ValueError, match="method 'bradley-terry' does not replay votes; use rate with cells"):
        rate_online([], Settings())
