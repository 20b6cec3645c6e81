from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.outcome import Outcome
from elo.battles import Cells, Votes, names, record
from tests.elo import reference

VOTE = st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.sampled_from(Outcome)).filter(
    lambda vote: vote[0] != vote[1]
)


def as_rows(cells: Cells) -> list[tuple[str, str, Outcome, int]]:
    columns = (cells.a.tolist(), cells.b.tolist(), cells.outcome.tolist(), cells.count.tolist())
    return [(cells.models[a], cells.models[b], Outcome(o), n) for a, b, o, n in zip(*columns, strict=True)]


def counted_by_hand(votes: list[tuple[str, str, Outcome]]) -> list[tuple[str, str, Outcome, int]]:
    seen = [(a, b, o) if a < b else (b, a, o.swapped) for a, b, o in votes]
    return sorted((*vote, seen.count(vote)) for vote in set(seen))


@settings(deadline=None)
@given(st.lists(VOTE, max_size=40))
def test_cells_are_the_counts_by_pair_and_outcome_seen_from_the_first_name(
    votes: list[tuple[str, str, Outcome]],
) -> None:
    expected = counted_by_hand(votes)
    assert as_rows(Cells.from_votes(Votes.from_rows(votes))) == expected
    assert as_rows(Cells.from_counts([(*vote, 1) for vote in votes])) == expected


@settings(deadline=None)
@given(st.lists(VOTE, max_size=30), st.randoms())
def test_order_sides_and_splitting_leave_the_cells_equal(votes: list[tuple[str, str, Outcome]], random: object) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    turned = [(b, a, o.swapped) if i % 2 else (a, b, o) for i, (a, b, o) in enumerate(shuffled)]
    assert as_rows(Cells.from_votes(Votes.from_rows(turned))) == as_rows(Cells.from_votes(Votes.from_rows(votes)))


def test_many_models_are_counted_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    votes = reference.load("llmfao_crowd").votes
    dense = Cells.from_votes(votes)
    monkeypatch.setattr("elo.battles._MAX_TABLE", 0)
    monkeypatch.setattr("elo.battles._CHUNK", 1000)
    assert as_rows(Cells.from_votes(votes)) == as_rows(dense)
    assert dense.n_votes == len(votes) == 8931


def test_models_without_a_vote_are_no_part_of_the_cells() -> None:
    cells = Cells.from_counts([("b", "a", Outcome.A, 2), ("c", "d", Outcome.A, 0)])
    assert cells.models == ("a", "b")
    votes = Votes(("z", "b", "a"), np.array([1]), np.array([2]), np.array([0]))
    assert Cells.from_votes(votes).models == ("a", "b")


def test_no_votes_are_no_cells() -> None:
    assert Cells.from_counts([]).models == ()
    assert Cells.from_votes(Votes.from_rows([])).n_votes == 0
    assert len(Cells.from_counts([]).pairs().a) == 0


def test_votes_keep_their_order() -> None:
    rows = [("b", "a", Outcome.BOTH_BAD), ("a", "c", Outcome.A), ("b", "c", Outcome.B)]
    votes = Votes.from_rows(rows)
    assert votes.models == ("b", "a", "c")
    assert list(votes) == rows


def test_a_pair_joins_ties_and_both_bad() -> None:
    counts = [("a", "b", Outcome.A, 5), ("b", "a", Outcome.A, 3), ("a", "b", Outcome.TIE, 2)]
    pairs = Cells.from_counts([*counts, ("b", "a", Outcome.BOTH_BAD, 1)]).pairs()
    assert (pairs.won.tolist(), pairs.lost.tolist(), pairs.tied.tolist()) == ([5], [3], [3])
    assert (pairs.points.tolist(), pairs.games.tolist()) == ([6.5], [11])


@pytest.mark.parametrize("name", reference.NAMES)
def test_records_equal_evalica_and_pandas(name: str) -> None:
    data = reference.load(name)
    points = record(data.cells.pairs())
    won = dict(zip(data.cells.models, points.won.tolist(), strict=True))
    assert won == data.results["evalica_counting"]
    counted = data.results["battle_count_pandas"]
    battles = dict(zip(counted["order"], np.sum(counted["matrix"], axis=1).tolist(), strict=True))
    assert dict(zip(data.cells.models, points.battles.tolist(), strict=True)) == battles
    assert (points.won + points.lost == points.battles).all()


def test_a_message_names_a_few_models() -> None:
    assert names(["a", "b", "c"], [0, 2]) == "'a', 'c'"
    assert names([f"m{i}" for i in range(9)], range(9)) == "'m0', 'm1', 'm2', 'm3', 'm4' and 4 more"


def test_a_model_against_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="vote 2: 'a' against itself"):
        Votes.from_rows([("a", "b", Outcome.A), ("a", "a", Outcome.A)])
    with pytest.raises(ValueError, match="vote 1: 'a' against itself"):
        Cells.from_votes(Votes(("a",), np.array([0]), np.array([0]), np.array([0])))
    with pytest.raises(ValueError, match="3 votes of 'a' against itself"):
        Cells.from_counts([("a", "a", Outcome.A, 3)])


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 votes of 'a' against 'b'"):
        Cells.from_counts([("a", "b", Outcome.A, -1)])


def test_columns_that_do_not_fit_the_votes_are_refused() -> None:
    side = np.array([0, 1])
    with pytest.raises(ValueError, match=r"column 'time_s' has shape \(3,\), but column 'a' has \(2,\); expected one"):
        Votes(("a", "b"), side, 1 - side, 0 * side, time_s=np.zeros(3))
    with pytest.raises(ValueError, match=r"feature tokens has shape \(2,\); expected \(2, 2\)"):
        Votes(("a", "b"), side, 1 - side, 0 * side, features={"tokens": np.zeros(2)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"a": np.array([0, -1])}, "vote 2: a -1; expected a whole number from 0 to 1"),
        ({"b": np.array([2, 0])}, "vote 1: b 2; expected a whole number from 0 to 1"),
        ({"outcome": np.array([0, 4])}, "vote 2: outcome 4; expected a whole number from 0 to 3"),
    ],
)
def test_numbers_of_no_model_and_no_outcome_are_refused(changes: dict[str, Any], message: str) -> None:
    """An outcome of 4 would be counted as the next pair's, a model of -1 as the last one."""
    with pytest.raises(ValueError, match=message):
        replace(Votes(("a", "b"), np.array([0, 1]), np.array([1, 0]), np.array([0, 3])), **changes)


def test_a_choice_of_votes_keeps_their_columns() -> None:
    side = np.array([0, 1, 0])
    votes = Votes(
        ("a", "b"), side, 1 - side, 0 * side, time_s=np.array([0.0, 1.0, 2.0]), features={"bold": np.ones((3, 2))}
    )
    chosen = votes.select(votes.time_s > 0) if votes.time_s is not None else votes
    assert list(chosen) == list(votes)[1:]
    assert chosen.time_s is not None
    assert chosen.time_s.tolist() == [1, 2]
    assert chosen.features is not None
    assert chosen.features["bold"].shape == (2, 2)
    assert votes.select(np.array([2])).voter is None


def test_every_vote_has_its_cell() -> None:
    votes = reference.load("llmfao_crowd").votes
    cells = Cells.from_votes(votes)
    assert (np.bincount(cells.of_votes(votes)) == cells.count).all()
    with pytest.raises(KeyError, match="a vote of a pair and outcome that has no cell"):
        Cells.from_counts([("a", "b", Outcome.A, 1)]).of_votes(Votes.from_rows([("a", "b", Outcome.B)]))


def test_weighted_cells_hold_sums_in_place_of_counts() -> None:
    cells = Cells.from_counts([("a", "b", Outcome.A, 2), ("a", "b", Outcome.TIE, 1), ("a", "b", Outcome.BOTH_BAD, 1)])
    pairs = cells.weighted(np.array([3.0, 0.5, 0.25]), np.array([5.0, 0.25, 0.0625]))
    assert (pairs.won.tolist(), pairs.tied.tolist()) == ([3], [0.75])
    assert [column.tolist() for column in pairs.squares] == [[5], [0], [0.3125]]
