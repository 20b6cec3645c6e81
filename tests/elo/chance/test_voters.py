"""Whether voters matter is measured by an independent jackknife, and decided by the stated rule."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from elo import estimate
from elo.battles import Cells, Index, Votes
from elo.board.leaderboard import rate
from elo.board.notes import notes
from elo.chance.sandwich import sandwich
from elo.chance.voters import VoterEffect
from elo.fit import bradley_terry
from elo.fit.bradley_terry import Likelihood
from elo.fit.pointwise import pointwise
from elo.settings import MOST_BY_VOTER, Settings
from elo.votes.vote_columns import columns_for, data_for
from elo.votes.votes_file import read_votes
from tests.elo.reference import DATA

K = 8


def votes_of(voter: Index, *, taste: float, seed: int = 1) -> Votes:
    """Votes on K models; each voter adds a taste of this SD, in log-odds, to their ratings."""
    rng, N = np.random.default_rng(seed), len(voter)
    ratings = rng.normal(0, 0.4, K) + rng.normal(0, taste, (voter.max() + 1, K))
    a = rng.integers(0, K, N)
    b = (a + rng.integers(1, K, N)) % K
    p = 1 / (1 + np.exp(ratings[voter, b] - ratings[voter, a]))
    outcome = np.where(rng.random(N) < 0.2, 2, (rng.random(N) > p).astype(int)).astype(np.int8)
    names, voters = (tuple(f"{kind}{i}" for i in range(n)) for kind, n in (("m", K), ("v", voter.max() + 1)))
    return Votes(names, a, b, outcome, voter=voter, voters=voters)


def evenly(n_voters: int, each: int) -> Index:
    return np.repeat(np.arange(n_voters), each)


def effect(votes: Votes, **changes: object) -> VoterEffect | None:
    return estimate.spread(estimate.fit(votes, replace(Settings(), bootstrap=50, **changes))).voters  # type: ignore[arg-type]


def test_the_ratio_is_that_of_refits_without_each_voter() -> None:
    voter = evenly(60, 30)
    votes = votes_of(voter, taste=1.0)
    pairs = Cells.from_votes(votes).pairs()
    whole = bradley_terry.fit(pairs, prior=1)
    moved = np.array(
        [bradley_terry.fit(Cells.from_votes(votes.select(voter != v)).pairs(), prior=1).ratings for v in range(60)]
    )
    V = 59 / 60 * (moved - whole.ratings).T @ (moved - whole.ratings)
    ratios = np.sqrt(np.diag(V) / np.diag(sandwich(Likelihood.of(pairs, prior=1), pairs, whole)))
    found = effect(votes)
    assert found is not None
    assert found.ratio == pytest.approx(np.median(ratios) * pointwise(0.95, 59) / pointwise(0.95), rel=0.01)
    assert found.is_taken
    assert found.n_voters == 60


def test_voters_without_tastes_leave_the_intervals() -> None:
    votes = votes_of(evenly(200, 10), taste=0.0)
    found = effect(votes)
    assert found is not None
    assert 0.9 < found.ratio < 1.1
    assert not found.is_taken
    board = rate(votes, Settings())
    plain = rate(Cells.from_votes(votes), Settings())
    assert board.rows == plain.rows
    assert board.kinds == {"bootstrap"}
    assert (board.to_json()["voters"], plain.to_json()["voters"]) == (found.to_json(), None)


@pytest.mark.parametrize(
    "voter",
    [evenly(39, 40), np.append(evenly(60, 5), np.full(1500, 0))],
    ids=["39 voters", "one voter with most votes"],
)
def test_too_few_voters_do_not_decide(voter: Index) -> None:
    found = effect(votes_of(voter, taste=2.0))
    assert found is not None
    assert not found.is_taken


def test_of_fewer_than_ten_voters_nothing_is_said() -> None:
    assert effect(votes_of(evenly(9, 50), taste=2.0)) is None


def test_what_is_asked_for_is_not_overruled() -> None:
    votes = votes_of(evenly(60, 30), taste=1.0)
    sandwiches = effect(votes, interval="sandwich")
    assert sandwiches is not None
    assert not sandwiches.is_taken
    assert effect(votes, cluster="none") is None
    assert effect(votes, control=("side",)) is None


def test_voters_are_taken_up_to_a_number_of_votes_and_measured_for_any() -> None:
    few, many = (votes_of(np.arange(n) % 50, taste=1.0) for n in (MOST_BY_VOTER, MOST_BY_VOTER + 1))
    boards = [rate(data_for(votes, Settings()), Settings(bootstrap=50)) for votes in (few, many)]
    assert [board.voters is not None and board.voters.is_taken for board in boards] == [True, False]
    assert [board.kinds for board in boards] == [{"jackknife"}, {"bootstrap"}]
    of_few, of_many = (next(note for note in notes(board) if note.startswith("50 voters")) for board in boards)
    assert of_few.endswith(" times as wide as intervals by vote, and are used here.")
    assert of_many.endswith(" times as wide as intervals by vote; --cluster voter uses them.")
    assert boards[1].rows == rate(Cells.from_votes(many), Settings(bootstrap=50)).rows


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper", "ignore"])
@pytest.mark.parametrize("n_voters", [12, 300])
def test_many_votes_have_the_ratio_of_the_jackknife(ties: str, n_voters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Voters with unequal numbers of votes, some votes of unknown voters, weights by age."""
    rng = np.random.default_rng(5)
    voter = np.sort((n_voters * rng.random(6000) ** 1.5).astype(np.int64))
    votes = votes_of(voter, taste=0.8)
    votes = replace(votes, voter=np.where(rng.random(6000) < 0.1, -1, voter), time_s=86_400 * rng.random(6000))
    for changes in ({}, {"half_life_days": 0.5}):
        exact = effect(votes, ties=ties, **changes)
        with monkeypatch.context() as patched:
            patched.setattr("elo.settings.MOST_BY_VOTER", 5999)
            patched.setattr("elo.chance.many_clusters._CHUNK", 1000)
            summed = effect(votes, ties=ties, **changes)
        assert exact is not None
        assert summed is not None
        assert not summed.is_taken
        assert summed.n_voters == exact.n_voters == n_voters
        assert summed.ratio != exact.ratio
        assert summed.ratio == pytest.approx(exact.ratio, rel=0.02)


def test_a_board_by_voter_equals_one_that_asks_for_it_and_says_so() -> None:
    file = Path(DATA / "llmfao_crowd.csv")
    votes = read_votes([file], columns=columns_for(Settings())).votes
    board = rate(votes, Settings())
    asked = rate(votes, Settings(cluster="voter"))
    assert board.rows == asked.rows
    assert board.kinds == {"jackknife"}
    assert "124 voters; intervals by voter are 1.17 times as wide as intervals by vote, and are used here." in notes(
        board
    )
    assert "95 % intervals: jackknife by voter" in notes(board)[0]
