import pytest

from db import queries
from db.codes import BattleKind, Reason, State
from db.errors import AlreadyVoted, AlreadyWithdrawn, NoSuchBattle, NoSuchVisitor, NotVotable, NotYours, NoVote
from db.integrity import problems
from db.outcome import Outcome
from db.queries import EloChange, EloState, LedgerState, NewBattle, Restated
from db.session import Database
from tests.db.building import ELO, add_models, fight, votable, votable_quick, vote


def _sound(database: Database) -> None:
    with database.read() as tx:
        assert problems(tx, ELO) == []


def test_a_vote_is_stored_with_verdict_and_facts_and_moves_both_ratings(database: Database) -> None:
    with database.write() as tx:
        battle_id = votable(tx)
        cast = vote(tx, battle_id, Outcome.A, facts={"kind": "battle", "turns": [1, {"b": None}]}, now=21.5)
    assert (cast.revision, cast.reasons, cast.counted) == (1, (), True)
    assert (cast.a, cast.b) == (EloChange("ash", 1000.0, 1016.0), EloChange("birch", 1000.0, 984.0))
    with database.read() as tx:
        battle = queries.get_battle(tx, battle_id)
        assert queries.ledger_state(tx) == LedgerState(1, 1)
        assert queries.elo_state(tx) == {"ash": EloState(1016.0, 1), "birch": EloState(984.0, 1)}
    assert (battle.state, battle.closed_at) == (State.VOTED, 21.5)
    assert battle.vote == queries.VoteRecord(
        outcome=Outcome.A,
        cast_at=21.5,
        revision=1,
        reasons=(),
        rules_version=1,
        facts={"kind": "battle", "turns": [1, {"b": None}]},
    )
    _sound(database)


def test_a_vote_with_a_reason_is_kept_and_moves_nothing(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        cast = vote(tx, votable(tx), reasons=[Reason.IDENTITY_LEAK, Reason.STOPPED])
        assert cast.reasons == (Reason.STOPPED, Reason.IDENTITY_LEAK)
        assert not cast.counted
        assert cast.a == EloChange("ash", 1016.0, 1016.0)
        assert cast.revision == 2
        assert queries.ledger_state(tx) == LedgerState(2, 2)
    _sound(database)


def test_a_quick_battle_is_voted_on_like_any_other(database: Database) -> None:
    with database.write() as tx:
        assert vote(tx, votable_quick(tx), Outcome.TIE).a == EloChange("ash", 1000.0, 1000.0)
    _sound(database)


def test_a_second_vote_on_a_battle_is_refused_and_changes_nothing(database: Database) -> None:
    with database.write() as tx:
        battle_id = fight(tx)
    with pytest.raises(AlreadyVoted, match="can have only one"), database.write() as tx:
        vote(tx, battle_id, Outcome.B)
    with database.read() as tx:
        stored = queries.get_battle(tx, battle_id).vote
        assert stored is not None
        assert stored.outcome == Outcome.A
        assert queries.ledger_state(tx) == LedgerState(1, 1)


def test_a_vote_needs_a_votable_battle_of_its_visitor(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        opened = queries.open_battle(tx, NewBattle("ann", "ash", "birch", None), now=1.0)
        void = votable(tx)
        queries.set_battle_state(tx, void, State.VOID, now=1.0)
        chat = queries.open_battle(tx, NewBattle("ann", "ash", None, None, BattleKind.CHAT), now=1.0)
        queries.set_battle_state(tx, chat, State.VOTABLE, now=1.0)
        ready = votable(tx)
    with pytest.raises(NotVotable, match="is open; a vote needs state votable"), database.write() as tx:
        vote(tx, opened)
    with pytest.raises(NotVotable, match="is void"), database.write() as tx:
        vote(tx, void)
    with pytest.raises(NotVotable, match="is a chat with one model"), database.write() as tx:
        vote(tx, chat)
    with pytest.raises(NotYours, match="belongs to another visitor"), database.write() as tx:
        vote(tx, ready, visitor="bo")
    with pytest.raises(NoSuchBattle, match="'nope'"), database.write() as tx:
        vote(tx, "nope")
    with database.read() as tx:
        assert queries.ledger_state(tx) == LedgerState(0, 0)


def test_a_withdrawn_vote_is_kept_and_counts_no_more(database: Database) -> None:
    with database.write() as tx:
        battle_id = fight(tx)
        fight(tx, outcome=Outcome.B)
        withdrawn = queries.withdraw_vote(tx, battle_id, visitor="ann", reason="misclick", now=30.0)
        assert queries.ledger_state(tx) == LedgerState(3, 0)
    assert withdrawn.reasons == (Reason.WITHDRAWN,)
    assert (withdrawn.withdrawn_at, withdrawn.withdraw_reason) == (30.0, "misclick")
    assert (withdrawn.revision, withdrawn.changed_revision) == (1, 3)
    with database.write() as tx:
        assert queries.get_battle(tx, battle_id).vote == withdrawn
        assert queries.refresh_elo_state(tx, ELO) == {"ash": EloState(984.0, 1), "birch": EloState(1016.0, 1)}
        assert queries.ledger_state(tx) == LedgerState(3, 3)
    _sound(database)


def test_the_next_vote_after_a_withdrawal_replays_first(database: Database) -> None:
    with database.write() as tx:
        queries.withdraw_vote(tx, fight(tx), visitor="ann", reason=None, now=30.0)
        assert vote(tx, votable(tx), Outcome.B).a == EloChange("ash", 1000.0, 984.0)
        assert queries.ledger_state(tx) == LedgerState(3, 3)
    _sound(database)


def test_withdrawing_a_vote_that_did_not_count_leaves_the_ratings_right(database: Database) -> None:
    with database.write() as tx:
        battle_id = votable(tx)
        vote(tx, battle_id, reasons=[Reason.STOPPED])
        fight(tx)
        assert queries.withdraw_vote(tx, battle_id, visitor="ann", reason=None, now=30.0).reasons == (
            Reason.STOPPED,
            Reason.WITHDRAWN,
        )
        assert queries.ledger_state(tx) == LedgerState(3, 3)
    _sound(database)


def test_what_cannot_be_withdrawn_is_refused(database: Database) -> None:
    with database.write() as tx:
        unvoted, voted = votable(tx), fight(tx)
        queries.withdraw_vote(tx, voted, visitor="ann", reason=None, now=30.0)
    with pytest.raises(NoVote, match="has no vote to withdraw"), database.write() as tx:
        queries.withdraw_vote(tx, unvoted, visitor="ann", reason=None, now=30.0)
    with pytest.raises(AlreadyWithdrawn, match="is already withdrawn"), database.write() as tx:
        queries.withdraw_vote(tx, voted, visitor="ann", reason=None, now=31.0)
    with pytest.raises(NotYours), database.write() as tx:
        queries.withdraw_vote(tx, voted, visitor="bo", reason=None, now=31.0)
    with pytest.raises(NoSuchBattle), database.write() as tx:
        queries.withdraw_vote(tx, "nope", visitor="ann", reason=None, now=31.0)


def test_a_ban_takes_out_all_votes_and_lifting_it_brings_them_back_to_their_places(database: Database) -> None:
    with database.write() as tx:
        fight(tx, ("ash", "birch"), Outcome.A, "ann")
        fight(tx, ("birch", "ash"), Outcome.TIE, "bo")
        vote(tx, votable(tx), reasons=[Reason.STOPPED])
        fight(tx, ("ash", "cedar"), Outcome.B, "ann")
        ratings, order = queries.elo_state(tx), [*queries.votes_in_order(tx)]
    with database.write() as tx:
        assert queries.ban_visitor(tx, "ann", reason="spam", now=40.0) == Restated(3, 2, 5)
        assert [*queries.votes_in_order(tx)] == [("birch", "ash", Outcome.TIE)]
        assert queries.exclusions(tx) == {Reason.STOPPED: 1, Reason.BANNED: 3}
        banned = queries.get_visitor(tx, "ann")
        assert banned is not None
        assert (banned.banned_at, banned.ban_reason) == (40.0, "spam")
    _sound(database)
    with database.write() as tx:
        assert queries.unban_visitor(tx, "ann") == Restated(3, 2, 6)
        assert [*queries.votes_in_order(tx)] == order
        assert queries.refresh_elo_state(tx, ELO) == ratings
        assert queries.exclusions(tx) == {Reason.STOPPED: 1}
        freed = queries.get_visitor(tx, "ann")
        assert freed is not None
        assert (freed.banned_at, freed.ban_reason) == (None, None)
    _sound(database)


def test_votes_of_a_banned_visitor_are_kept_and_do_not_count(database: Database) -> None:
    with database.write() as tx:
        queries.get_or_create_visitor(tx, "ann", now=1.0)
        assert queries.ban_visitor(tx, "ann", reason="spam", now=5.0) == Restated(0, 0, 0)
        cast = vote(tx, votable(tx))
        assert cast.reasons == (Reason.BANNED,)
        assert queries.ban_visitor(tx, "ann", reason="again", now=6.0) == Restated(0, 0, 1)
        banned = queries.get_visitor(tx, "ann")
        assert banned is not None
        assert (banned.banned_at, banned.ban_reason) == (5.0, "spam")
        assert queries.unban_visitor(tx, "ann") == Restated(1, 1, 2)
        assert queries.unban_visitor(tx, "ann") == Restated(0, 0, 2)
    _sound(database)


def test_only_a_known_visitor_can_be_banned(database: Database) -> None:
    with pytest.raises(NoSuchVisitor, match="'nobody'"), database.write() as tx:
        queries.ban_visitor(tx, "nobody", reason="x", now=1.0)
    with pytest.raises(NoSuchVisitor, match="'nobody'"), database.write() as tx:
        queries.unban_visitor(tx, "nobody")
