"""What a visitor deletes is gone from every table, and nothing that counts has moved."""

import sqlite3

import pytest
from sqlalchemy import Connection

from db import queries
from db.codes import Action, BattleKind, Reason, Side, State
from db.errors import NoSuchBattle
from db.integrity import problems
from db.queries import AnswerRecord, Check, Feedback, Forgotten, Tag
from db.schema import metadata
from db.session import Database
from tests.db.building import ELO, fight, votable, vote

SECRET = "wombat-7391"


def _secret_battle(tx: Connection, visitor: str = "ann") -> str:
    battle_id = votable(tx, visitor=visitor)
    queries.add_turn(tx, battle_id, f"More of {SECRET}", now=10.0)
    said = AnswerRecord(Side.A, 1, f"# It is\n- **{SECRET}**", reasoning=SECRET, sent={"top_p": None})
    queries.save_answer(tx, battle_id, 2, said)
    queries.set_battle_state(tx, battle_id, State.VOTABLE, now=12.0)
    return battle_id


def _everything(database: Database) -> str:
    with database.read() as tx:
        return "\n".join(str(row) for table in metadata.sorted_tables for row in tx.execute(table.select()))


def test_texts_links_and_the_pseudonym_go_and_what_counts_stays(database: Database) -> None:
    with database.write() as tx:
        queries.set_consent(tx, "ann", is_given=True, now=1.0)
        voted = _secret_battle(tx)
        vote(tx, voted, facts={"kind": "battle"})
        queries.save_feedback(tx, voted, visitor="ann", feedback=Feedback((Tag.USEFUL,), (), f"About {SECRET}"))
        link = queries.share_battle(tx, voted, visitor="ann", now=30.0)
        withdrawn = fight(tx)
        queries.withdraw_vote(tx, withdrawn, visitor="ann", reason="misread", now=31.0)
        vote(tx, votable(tx, kind=BattleKind.NAMED), reasons=[Reason.NAMED])
        fight(tx, visitor="bo")
        unvoted = _secret_battle(tx)
        before = queries.get_battle(tx, voted)
        elo = queries.refresh_elo_state(tx, ELO)
        counted = (
            queries.ledger_state(tx),
            queries.cells(tx),
            queries.exclusions(tx, None),
            queries.tally(tx, BattleKind.BATTLE),
        )
        assert queries.forget_visitor(tx, "ann", fresh="fresh", now=40.0) == Forgotten(n_battles=4, n_votes=3)

    found = _everything(database)
    assert SECRET not in found
    assert "'ann'" not in found
    with database.write() as tx:
        assert counted == (
            queries.ledger_state(tx),
            queries.cells(tx),
            queries.exclusions(tx, None),
            queries.tally(tx, BattleKind.BATTLE),
        )
        assert queries.elo_state(tx) == elo
        assert problems(tx, ELO) == []
        after = queries.get_battle(tx, voted)
        assert (after.visitor, after.has_texts, after.has_consent, after.shared_at) == ("fresh", False, False, None)
        assert (after.vote, after.n_turns, after.prompt_chars) == (before.vote, 2, before.prompt_chars)
        assert after.feedback == Feedback((Tag.USEFUL,))
        kept, old = after.turns[1].answers[0], before.turns[1].answers[0]
        assert (kept.style, kept.sent, kept.text, kept.reasoning) == (old.style, old.sent, "", None)
        assert after.share_id != link
        with pytest.raises(NoSuchBattle):
            queries.shared_battle(tx, link)
        assert queries.get_battle(tx, unvoted).state == State.VOID
        assert queries.count_recent(tx, visitor="ann", address="cafe", since=0.0).address_battles == 1  # bo's
        assert [one.prompt for one in queries.visitor_battles(tx, "fresh", limit=1)] == [None]
        assert queries.forget_visitor(tx, "ann", fresh="other", now=41.0) == Forgotten(0, 0)


def test_a_ban_stays_under_the_fresh_pseudonym(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        queries.ban_visitor(tx, "ann", reason="spam", now=30.0)
        queries.forget_visitor(tx, "ann", fresh="fresh", now=40.0)
        banned = queries.get_visitor(tx, "fresh")
        assert banned is not None
        assert (banned.banned_at, banned.ban_reason, banned.consent_at) == (30.0, "spam", None)
        assert queries.exclusions(tx) == {Reason.BANNED: 1}
        assert problems(tx, ELO) == []


def test_a_visitor_without_a_battle_leaves_nothing(database: Database) -> None:
    with database.write() as tx:
        queries.set_consent(tx, "ann", is_given=True, now=1.0)
        assert queries.forget_visitor(tx, "ann", fresh="fresh", now=2.0) == Forgotten(0, 0)
        assert queries.get_visitor(tx, "ann") is queries.get_visitor(tx, "fresh") is None


def test_a_visitor_whose_only_prompt_was_blocked_leaves_a_finding_of_nobody(database: Database) -> None:
    with database.write() as tx:
        blocked = Check(1, None, "illegal", Action.BLOCKED, "Judge")
        queries.save_check(tx, blocked, visitor="ann", now=1.0)
        assert queries.forget_visitor(tx, "ann", fresh="f" * 64, now=2.0) == Forgotten(0, 0)
        (count,) = queries.check_counts(tx)
        assert queries.get_visitor(tx, "ann") is None
        assert problems(tx) == []
    assert (count.category, count.n) == ("illegal", 1)


def test_deleted_texts_are_not_left_in_the_file(database: Database) -> None:
    if database.path is None:
        pytest.skip("PostgreSQL keeps its files; vacuum clears them")
    with database.write() as tx:
        battle_id = votable(tx)
        queries.add_turn(tx, battle_id, SECRET * 1000, now=10.0)
        queries.save_answer(tx, battle_id, 2, AnswerRecord(Side.A, 1, SECRET))
    with database.write() as tx:
        queries.forget_visitor(tx, "ann", fresh="fresh", now=40.0)
    with sqlite3.connect(database.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert SECRET.encode() not in database.path.read_bytes()


def test_the_limit_by_address_outlives_a_deletion_until_addresses_are_cleared(database: Database) -> None:
    with database.write() as tx:
        fight(tx)  # opened at 10
        queries.forget_visitor(tx, "ann", fresh="fresh", now=20.0, keep_addresses_since=10.0)
        assert queries.count_recent(tx, visitor="new", address="cafe", since=0.0).address_battles == 1
        queries.clear_addresses(tx, before=11.0)
        assert queries.count_recent(tx, visitor="new", address="cafe", since=0.0).address_battles == 0
        fight(tx)
        queries.forget_visitor(tx, "ann", fresh="other", now=20.0, keep_addresses_since=10.5)
        assert queries.count_recent(tx, visitor="new", address="cafe", since=0.0).address_battles == 0
