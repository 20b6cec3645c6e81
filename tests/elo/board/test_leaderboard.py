import csv
import hashlib
import io
import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest

from db.outcome import Outcome
from elo import Cells, Settings, Votes
from elo.board.leaderboard import Leaderboard, board_csv, board_from, rate, rate_online, source_of
from elo.estimate import fit, spread
from elo.fit.bradley_terry import NoMaximumError
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


def test_a_rank_counts_the_models_that_are_better_by_more_than_any_chance_difference() -> None:
    """From the covariance and q of the estimate, one pair after the other."""
    data = reference.load("chatbot_arena_33k")
    fitted = fit(data.cells, Settings(interval="sandwich"))
    found = spread(fitted)
    assert found.intervals is not None
    V, q = found.intervals.covariance, found.intervals.differences.reach[0, 1]
    assert q == pytest.approx(3.52, abs=0.03)
    models, r = fitted.counted.models, fitted.ratings

    def better(i: int, j: int) -> bool:
        x = np.eye(20)[i] - np.eye(20)[j]
        return bool(x @ r > q * 1.0003 * np.sqrt(x @ V @ x))  # 1.0003: what leverage takes

    for row in board_from(fitted, found).rows:
        m = models.index(row.model)
        assert row.rank == 1 + sum(better(other, m) for other in range(20))
        assert row.rank_worst == 20 - sum(better(m, other) for other in range(20))
    rows = board_from(fitted, found).rows
    assert [(row.rank, row.rank_worst) for row in rows[:3]] == [(1, 1), (2, 3), (2, 3)]


def test_a_models_place_is_in_its_span_and_the_older_rank_is_the_rule_of_the_arena() -> None:
    for settings in (QUICK, Settings(interval="sandwich")):
        board = rate(reference.load("chatbot_arena_33k").cells, settings)
        for place, row in enumerate(board.rows, start=1):
            assert row.high is not None
            assert row.rank <= place <= row.rank_worst
            assert row.rank_ub == 1 + sum(other.low is not None and other.low > row.high for other in board.rows)


@pytest.mark.parametrize("settings", [QUICK, Settings(cluster="pair"), Settings(interval="sandwich", prior=0)])
def test_intervals_of_all_models_at_once_and_another_gauge_leave_every_rank_as_it_is(settings: Settings) -> None:
    votes = reference.load("chatbot_arena_33k").votes
    votes = replace(votes, prepared=np.arange(len(votes)) // 9)
    board = rate(votes, settings)
    others = [replace(settings, simultaneous=True), replace(settings, gauge="anchor", anchor=(("gpt-4", 1200.0),))]
    for other in others:
        changed = rate(votes, other)
        assert [(row.model, row.rank, row.rank_worst) for row in changed.rows] == [
            (row.model, row.rank, row.rank_worst) for row in board.rows
        ]
        assert [row.high for row in changed.rows] != [row.high for row in board.rows]


def test_equal_records_and_single_models_have_every_place() -> None:
    board = rate(counts(("a", "b", Outcome.A, 900), ("b", "a", Outcome.A, 900), ("x", "y", Outcome.TIE, 5)), QUICK)
    assert {row.model: (row.rank, row.rank_worst) for row in board.rows} == dict.fromkeys("abxy", (1, 2))


def test_battles_and_win_rate_are_plain_counts() -> None:
    board = rate(counts(("a", "b", Outcome.A, 2), ("b", "a", Outcome.TIE, 1), ("b", "c", Outcome.BOTH_BAD, 1)), QUICK)
    rows = {row.model: (row.battles, row.win_rate) for row in board.rows}
    assert rows == {"a": (3, 2.5 / 3), "b": (4, 0.25), "c": (1, 0.5)}
    assert board.n_votes == 4


def test_equal_records_have_equal_ratings_and_are_sorted_by_name() -> None:
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


def test_listed_models_without_a_vote_are_unrated() -> None:
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
    assert {(row.rank_worst - row.rank, row.rank_ub) for row in board.rows} == {(0, None)}


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
    assert list(written)[:6] == ["models", "settings", "votes", "revision", "excluded", "unrated"]
    assert list(written)[6:] == ["source", "fit", "reach", "agreement", "clusters", "voters", "plain", "fragility"]
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
        "rank_worst": 2,
        "rank_ub": 1,
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
    with pytest.raises(ValueError, match="method 'elo' needs votes in their order; use rate_online"):
        rate(counts(), ELO)
    with pytest.raises(ValueError, match="method 'bradley-terry' does not replay votes; use rate"):
        rate_online([], Settings())


def test_the_source_is_a_hash_of_the_sorted_counts() -> None:
    """By hand: one line a cell, seen from the first name."""
    cells = counts(("b", "a", Outcome.A, 2), ("a", "b", Outcome.B, 1), ("a", "c", Outcome.BOTH_BAD, 4))
    source = rate(cells, QUICK).source
    assert source.n_votes == 7
    assert source.sha256 == hashlib.sha256(b"a\tb\tb\t3\na\tc\tboth_bad\t4\n").hexdigest()
    assert source == source_of(cells)
    empty = rate(counts(), QUICK)
    assert empty.source.sha256 == hashlib.sha256(b"").hexdigest()


def test_a_board_has_the_source_of_its_votes() -> None:
    board = rate(counts(("a", "b", Outcome.A, 5)), QUICK)
    told = board.sourced(revision=7, excluded={"banned": 2}, kind="quick", since="2026-01-01", until="2026-02-01")
    assert (told.n_votes, told.revision, told.excluded) == (5, 7, {"banned": 2})
    assert told.to_json()["source"] == {
        "votes": 5,
        "revision": 7,
        "sha256": board.source.sha256,
        "kind": "quick",
        "since": "2026-01-01",
        "until": "2026-02-01",
        "where": [],
        "where_left_out": 0,
    }


def test_a_board_has_the_facts_of_its_fit() -> None:
    board = rate(reference.load("llmfao_crowd").cells, QUICK)
    assert board.fit is not None
    assert 3 <= board.fit.iterations <= 10
    assert board.fit.largest_gradient < 1e-9
    assert board.agreement == pytest.approx(1, abs=0.1)
    assert (board.reach, board.n_clusters, board.plain) == (None, None, {})
    assert rate_online([("a", "b", Outcome.A)], ELO).fit is None


def test_votes_and_their_counts_give_the_same_board() -> None:
    data = reference.load("food")
    for settings in (QUICK, Settings(weights="pair"), Settings(ties="davidson"), Settings(ties="ignore", bootstrap=50)):
        of_votes, of_counts = rate(data.votes, settings), rate(data.cells, settings)
        assert json.dumps(of_votes.to_json()) == json.dumps(of_counts.to_json())
        fitted = fit(data.votes, settings)
        assert of_votes == board_from(fitted, spread(fitted))


@pytest.mark.parametrize(
    "settings",
    [
        Settings(gauge="anchor", anchor=(("GPT 4", 1234.5),)),
        Settings(gauge="anchor", anchor=(("GPT 4", 1234.5),), simultaneous=True, ties="davidson"),
    ],
)
def test_an_anchor_has_exactly_the_rating_that_it_is_given(settings: Settings) -> None:
    board = rate(reference.load("llmfao_crowd").cells, settings)
    row = next(row for row in board.rows if row.model == "GPT 4")
    assert (row.rating, row.low, row.high) == (1234.5, 1234.5, 1234.5)


def test_a_gauge_moves_all_ratings_alike() -> None:
    cells = reference.load("llmfao_crowd").cells
    plain, by_battles = ratings_of(rate(cells, QUICK)), rate(cells, Settings(bootstrap=200, gauge="battles"))
    shifts = [row.rating - plain[row.model] for row in by_battles.rows]
    assert np.ptp(shifts) == pytest.approx(0, abs=1e-9)
    assert abs(shifts[0]) > 0.01
    battles = np.array([row.battles for row in by_battles.rows])
    assert np.average([row.rating for row in by_battles.rows], weights=battles) == pytest.approx(1000, abs=1e-9)


def test_ratings_without_weights_are_added_where_they_differ() -> None:
    """One pair has 40 times the votes of the others, and says something else of the two."""
    rows = [("a", "b", Outcome.A, 4000), ("b", "a", Outcome.A, 2000)]
    rows += [
        ("b", "c", Outcome.A, 100),
        ("c", "b", Outcome.A, 50),
        ("c", "a", Outcome.A, 150),
        ("a", "c", Outcome.A, 50),
    ]
    weighted = rate(counts(*rows), Settings(weights="pair"))
    plain = rate(counts(*rows), Settings())
    assert weighted.plain == pytest.approx(ratings_of(plain), abs=1e-9)
    assert weighted.to_json()["plain"] == dict(weighted.plain)
    even = [("a", "b", Outcome.A, 60), ("b", "c", Outcome.A, 60), ("c", "a", Outcome.A, 60)]
    assert rate(counts(*even), Settings(weights="pair")).plain == {}


def test_it_has_the_rows_of_the_json_and_reads_back_the_same() -> None:
    food = reference.load("food")
    for board in (rate(food.cells, Settings(bootstrap=20)), rate_online(food.votes, Settings(method="elo"))):
        text = board_csv(board)
        assert "\r" not in text
        for line, row in zip(csv.DictReader(io.StringIO(text)), board.rows, strict=True):
            assert list(line) == list(row.to_json())
            assert line["model"] == row.model
            assert float(line["rating"]) == row.rating
            assert line["low"] == ("" if row.low is None else repr(row.low))
