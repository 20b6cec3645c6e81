import pytest

from db import queries
from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.queries.boards import judged
from db.queries.boards.judged import JudgedVote, judged_votes
from db.session import Database
from tests.db import building


@pytest.fixture
def voted(database: Database) -> Database:
    """Three battles, of which one does not count and one is withdrawn, and a prepared one."""
    with database.write() as tx:
        building.fight(tx, ("birch", "ash"), Outcome.B)
        reasons = [Reason.RATE_LIMITED, Reason.IDENTITY_LEAK]
        building.vote(tx, building.votable(tx, visitor="bob"), Outcome.TIE, "bob", reasons=reasons)
        taken_back = building.fight(tx, outcome=Outcome.BOTH_BAD)
        queries.withdraw_vote(tx, taken_back, visitor="ann", reason=None, now=30.0)
        building.vote(tx, building.votable_quick(tx))
    return database


def test_all_votes_come_in_order_with_reasons_and_prompts(voted: Database) -> None:
    asked = "What is 2 + 2?"
    with voted.read() as tx:
        assert list(judged_votes(tx)) == [
            JudgedVote("birch", "ash", Outcome.B, "ann", (), asked, 20.0),
            JudgedVote("ash", "birch", Outcome.TIE, "bob", (Reason.IDENTITY_LEAK, Reason.RATE_LIMITED), asked, 20.0),
            JudgedVote("ash", "birch", Outcome.BOTH_BAD, "ann", (Reason.WITHDRAWN,), asked, 20.0),
        ]
        quick = JudgedVote("ash", "birch", Outcome.A, "ann", (), None, 20.0)
        assert list(judged_votes(tx, BattleKind.QUICK)) == [quick]
        assert list(judged_votes(tx, None))[-1] == quick
        assert list(judged_votes(tx, BattleKind.NAMED)) == []


def test_batches_change_nothing(voted: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with voted.read() as tx:
        whole = list(judged_votes(tx, None))
        monkeypatch.setattr(judged, "_VOTES", judged._VOTES.limit(1))
        assert list(judged_votes(tx, None)) == whole
        assert len(whole) == 4
