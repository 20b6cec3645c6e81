import math
from typing import Any, get_args

import numpy as np
import pytest

from db.outcome import Outcome
from db.queries import RatedVote, ShownAnswer
from elo.battles import Cells, Votes
from elo.settings import Settings
from elo.votes.style import Features
from elo.votes.vote_columns import (
    Column,
    Extras,
    Numbered,
    VoteColumns,
    columns_for,
    data_for,
    gathered,
    of_voters,
    reads_style,
)


def test_only_what_settings_make_use_of_is_asked_for() -> None:
    assert columns_for(Settings()) == {"prepared", "voter"}
    assert columns_for(Settings(cluster="pair")) == {"prepared"}
    assert columns_for(Settings(cluster="none", control=("side",))) == frozenset()
    everything = Settings(cluster="voter", half_life_days=1, weights="draw", control=("speed",))
    assert columns_for(everything) == {"voter", "time", "draw_probability", "features"}
    assert [reads_style(Settings(control=(name,))) for name in ("length", "style", "side", "speed")] == [
        True,
        True,
        False,
        False,
    ]


def test_names_are_numbered_in_the_order_in_which_they_come() -> None:
    one_by_one, at_once = Numbered(), Numbered({"q": 0})
    codes = np.array([2, 0, 2, 1, 4])
    names = ["x", "y", "z", "unused", None]
    assert [one_by_one.of(names[code] or "") for code in codes] == [0, 1, 0, 2, 3]
    assert at_once.of_codes(codes, names).tolist() == [1, 2, 1, 3, -1]
    assert at_once.numbers == {"q": 0, "z": 1, "x": 2, "y": 3}


def test_votes_one_by_one_and_at_once_are_the_same() -> None:
    wanted: frozenset[Column] = frozenset(get_args(Column))
    one_by_one, at_once = VoteColumns(wanted, set(wanted)), VoteColumns(wanted, set(wanted))
    one_by_one.add("x", "y", Outcome.A, Extras("ann", None, 5.0, 0.5))
    one_by_one.add("y", "z", Outcome.TIE)
    for name in "xyz":
        at_once.models.of(name)
    extras: dict[Column, Any] = {
        "voter": np.array([0, -1]),
        "time": np.array([5.0, math.nan]),
        "draw_probability": np.array([0.5, math.nan]),
    }
    at_once.voters.of("ann")
    at_once.add_many(np.array([0, 1]), np.array([1, 2]), np.array([0, 2]), extras)
    for votes in (one_by_one.votes(), at_once.votes()):
        assert list(votes) == [("x", "y", Outcome.A), ("y", "z", Outcome.TIE)]
        assert votes.voters == ("ann",)
        assert [None if column is None else column.tolist() for column in (votes.voter, votes.prepared)] == [
            [0, -1],
            [-1, -1],
        ]
        assert votes.time_s is not None
        assert votes.draw_probability is not None
        np.testing.assert_equal(votes.time_s, [5.0, math.nan])
        np.testing.assert_equal(votes.draw_probability, [0.5, math.nan])
        assert votes.features == {}


def test_a_column_that_no_source_had_is_none() -> None:
    columns = VoteColumns(frozenset({"voter", "time"}), {"time", "prepared"})
    columns.add("x", "y", Outcome.B, Extras("ann", "p", 5.0))
    votes = columns.votes()
    assert (votes.voter, votes.prepared, votes.draw_probability, votes.features) == (None, None, None, None)
    assert votes.time_s is not None


def test_the_votes_of_a_database_bring_what_is_wanted() -> None:
    rows = [
        RatedVote(
            "x", "y", Outcome.A, 7.0, "ann", None, 0.25, (ShownAnswer(None, 3, 500.0),), (ShownAnswer(None, 4, 250.0),)
        ),
        RatedVote("y", "x", Outcome.B, 8.0, "bob", "p:x|y", None, (ShownAnswer(None, 5, None),), ()),
    ]
    votes = gathered(rows, frozenset({"voter", "prepared", "time", "draw_probability", "features"}))
    assert list(votes) == [("x", "y", Outcome.A), ("y", "x", Outcome.B)]
    assert (votes.voters, votes.voter is not None and votes.voter.tolist()) == (("ann", "bob"), [0, 1])
    assert votes.prepared is not None
    assert votes.prepared.tolist() == [-1, 0]
    assert votes.features is not None
    np.testing.assert_equal(votes.features["tokens"], [[3.0, 4.0], [5.0, math.nan]])
    np.testing.assert_equal(votes.features["seconds"], [[0.5, 0.25], [math.nan, math.nan]])
    assert set(votes.features) == {"tokens", "seconds"}
    assert gathered(rows, frozenset()).features is None


@pytest.mark.parametrize("extras", [Extras(prepared="p"), Extras()])
def test_counts_are_enough_unless_votes_are_clustered_or_settings_need_them(extras: Extras) -> None:
    columns = VoteColumns(frozenset({"prepared"}), {"prepared"})
    columns.add("x", "y", Outcome.A, extras)
    votes = columns.votes()
    assert isinstance(data_for(votes, Settings()), Votes if extras.prepared else Cells)
    assert isinstance(data_for(votes, Settings(cluster="none")), Cells)
    assert isinstance(data_for(votes, Settings(half_life_days=1)), Votes)
    assert isinstance(data_for(votes, Settings(method="elo")), Votes)


def test_features_of_answers_are_kept_by_side() -> None:
    columns = VoteColumns(frozenset({"features"}), {"features"})
    columns.add("x", "y", Outcome.A, Extras(features=(Features(tokens=1, headers=2), Features(tokens=3))))
    found = columns.votes().features
    assert found is not None
    np.testing.assert_equal(found["headers"], [[2.0, math.nan]])
    assert found["tokens"].tolist() == [[1.0, 3.0]]


def test_votes_by_row_numbers_are_the_same_votes_with_voters() -> None:
    rows = [(7, 30, 10, 0), (9, 10, 20, 3), (7, 10, 30, 1)]
    votes = of_voters(rows, {10: "ash", 20: "birch", 30: "cedar", 40: "unmet"})
    assert [*votes] == [("cedar", "ash", Outcome.A), ("ash", "birch", Outcome.BOTH_BAD), ("ash", "cedar", Outcome.B)]
    assert votes.voter is not None
    assert votes.voter.tolist() == [0, 1, 0]
    assert (len(of_voters([], {})), of_voters([], {}).models) == (0, ())
