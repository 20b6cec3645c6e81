"""Databases of earlier versions, with what was in them, brought to the present schema."""

from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from db import queries
from db.codes import BattleKind, Reason, Side, State
from db.errors import AlreadyDealt, StorageFailed
from db.integrity import problems
from db.outcome import Outcome
from db.queries import AnswerRecord, BoardFilter, NewBattle, SideSums, StyleCounts
from db.session import Database, open_database
from tests.db.building import fight, votable, vote

_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("models", {"name": "ash", "added_at": 1.0}),
    ("models", {"name": "birch", "added_at": 1.0}),
    ("visitors", {"pseudonym": "ann", "created_at": 1.0}),
    *(
        (
            "battles",
            {"uuid": f"u{n}", "share_id": f"s{n}", "kind": 0, "visitor_id": 1, "model_a": 1, "model_b": 2}
            | {"state": 2, "opened_at": 1.0, "closed_at": 2.0},
        )
        for n in (1, 2)
    ),
    *(("turns", {"battle_id": n, "n": 1, "prompt": "Hi, 안녕"}) for n in (1, 2)),
    *(
        ("answers", {"battle_id": n, "turn": 1, "side": side, "attempt": 1, "text": f"# {n}\n- **{side}**", "seed": 7})
        for n in (1, 2)
        for side in (0, 1)
    ),
    *(
        (
            "votes",
            {"battle_id": n, "kind": 0, "model_a": 1, "model_b": 2, "outcome": 0, "cast_at": 2.0}
            | {"revision": n, "counted": n == 1, "rules_version": 1, "facts": '{"kind": "battle"}'},
        )
        for n in (1, 2)
    ),
    ("vote_reasons", {"vote_id": 2, "reason": 0}),
    ("vote_reasons", {"vote_id": 2, "reason": 11}),
]


def _at_version(url: str, version: str, monkeypatch: pytest.MonkeyPatch, *, revision: int = 2) -> None:
    """A database as the arena of that version left it, with two votes, or three."""

    def upgrade(config: Config, revision: str) -> None:
        command_upgrade(config, version)

    command_upgrade = command.upgrade
    with monkeypatch.context() as patch:
        patch.setattr("db.migrate.command.upgrade", upgrade)
        old = open_database(url)
    with old.write() as tx:
        for table, row in _ROWS + (_LATER_ROWS if revision > 2 else []):
            names = ", ".join(f":{name}" for name in row)
            tx.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({names})"), row)
        tx.execute(text(f"UPDATE ledger SET revision = {revision}"))
        if revision > 2:  # what the arena of that version counted, and the parameters that one side did not get
            counts = "n_chars = 11, n_headings = 1, n_list_items = 1, n_bold = 1, duration_ms = 12.5"
            tx.execute(text(f"UPDATE answers SET {counts}"))
            tx.execute(text("UPDATE answers SET sent = '{\"top_p\": null}' WHERE battle_id = 2 AND side = 0"))
            tx.execute(text("UPDATE battles SET n_turns = 1, prompt_chars = 6 WHERE id < 3"))
    old.close()


def _version(tx: Connection) -> object:
    return tx.scalar(text("SELECT version_num FROM alembic_version"))


@pytest.fixture
def upgraded(url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    _at_version(url, "0001", monkeypatch)
    database = open_database(url)
    yield database
    database.close()


def test_what_an_older_arena_stored_is_there_after_the_upgrade(upgraded: Database) -> None:
    with upgraded.read() as tx:
        assert _version(tx) == "0005"
        assert problems(tx) == []
        first, second = queries.voted_battles(tx)
        assert first.turns[0].answers[0] == AnswerRecord(Side.A, 1, "# 1\n- **0**", 7)
        assert first.vote is not None
        assert (first.vote.reasons, first.vote.outcome, first.vote.facts) == ((), Outcome.A, {"kind": "battle"})
        assert second.vote is not None
        assert second.vote.reasons == (Reason.FAILED_SIDE, Reason.UNUSUAL_VOTER)


def test_what_stays_when_texts_go_is_counted_by_the_upgrade(upgraded: Database) -> None:
    with upgraded.read() as tx:
        battles = list(queries.voted_battles(tx))
        assert [(battle.n_turns, battle.prompt_chars, battle.shared_at) for battle in battles] == [(1, 6, None)] * 2
        styles = {answer.style for battle in battles for answer in battle.turns[0].answers}
        assert styles == {StyleCounts(11, n_headings=1, n_list_items=1, n_bold=1)}


_LATER_ROWS: list[tuple[str, dict[str, Any]]] = [
    ("deck_prompts", {"key": "k" * 16, "deck": "trees", "text": "Tree?", "tags": '["nature"]', "language": "en"}),
    ("deck_answers", {"deck_prompt_id": 1, "model_id": 1, "text": " Ash.\n", "completion_tokens": 3}),
    ("deck_answers", {"deck_prompt_id": 1, "model_id": 2, "text": "Ash."}),
    (
        "battles",
        {"uuid": "u3", "share_id": "s3", "kind": 1, "visitor_id": 1, "model_a": 2, "model_b": 1, "deck_prompt_id": 1}
        | {"state": 2, "opened_at": 3.0, "closed_at": 4.0, "n_turns": 1, "prompt_chars": 5, "replaced_by": None},
    ),
    (
        "battles",
        {"uuid": "u4", "share_id": "s4", "kind": 0, "visitor_id": 1, "model_a": 1, "model_b": 2, "state": 3}
        | {"opened_at": 5.0, "closed_at": 6.0, "language": "ko", "tags": '["code"]', "replaced_by": 1},
    ),
    (
        "votes",
        {"battle_id": 3, "kind": 1, "model_a": 2, "model_b": 1, "outcome": 2, "cast_at": 4.0, "revision": 3}
        | {"counted": True, "rules_version": 1, "facts": "{}"},
    ),
    ("checks", {"battle_id": 3, "turn": 1, "side": 0, "category": "none", "action": 0, "moderator": "m"}),
]


def test_votes_get_what_boards_are_filtered_by(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _at_version(url, "0004", monkeypatch, revision=3)
    database = open_database(url)
    with database.write() as tx:
        first, second, quick = queries.voted_battles(tx)
        assert [one.same_sent for one in (first, second, quick)] == [True, False, None]
        assert first.vote is not None
        assert first.vote.sums_a == SideSums(None, 11, 1, 1, 1, 12.5)
        assert quick.vote is not None
        assert (quick.vote.sums_a.n_chars, quick.vote.sums_b.n_tokens) == (4, 3)
        assert (quick.tags, quick.language) == (("nature",), "en")
        nature = BoardFilter(kinds=frozenset(BattleKind), tag="nature", language="en")
        assert [cell[:3] for cell in queries.filtered_tally(tx, nature).cells] == [("birch", "ash", Outcome.TIE)]
        assert [deck.name for deck in queries.list_decks(tx)] == ["trees"]
        ((one, other),) = (found.digests.values() for found in queries.deal_candidates(tx, "trees", "bo"))
        assert one == other
        assert tx.execute(text("SELECT created_at, visitor_id FROM checks")).one() == (3.0, 1)
        assert queries.get_battle(tx, "u4").replaced_by == "u1"
        tx.execute(text("UPDATE battles SET replaced_by = NULL"))
        assert problems(tx) == []
    dealt = NewBattle("ann", "ash", "birch", None, BattleKind.QUICK, deck_prompt="k" * 16)
    with pytest.raises(AlreadyDealt), database.write() as tx:
        queries.open_battle(tx, dealt, now=9.0)
    with pytest.raises(StorageFailed, match=r"(?i)unique"), database.write() as tx:
        tx.execute(text("UPDATE battles SET kind = 1, deck_prompt_id = 1 WHERE id = 4"))
    with pytest.raises(StorageFailed, match=r"(?i)foreign key"), database.write() as tx:
        tx.execute(text("UPDATE votes SET battle_id = 99 WHERE battle_id = 3"))
    database.close()


def test_an_upgraded_database_takes_what_is_new(upgraded: Database) -> None:
    sent = {"max_completion_tokens": 1024, "top_p": None}
    with upgraded.write() as tx:
        battle_id = votable(tx)
        turn = queries.add_turn(tx, battle_id, "more")
        queries.save_answer(tx, battle_id, turn, AnswerRecord(Side.A, 1, "yes", reasoning="hm", sent=sent))
        queries.set_battle_state(tx, battle_id, State.VOTABLE, now=3.0)
        assert queries.ledger_state(tx).revision == 2
    with upgraded.write() as tx:
        cast = vote(tx, battle_id, reasons=[Reason.NO_ANSWER])
        queries.share_battle(tx, battle_id, visitor="ann", now=21.0)
        fight(tx)
        assert cast.reasons == (Reason.NO_ANSWER,)
    with upgraded.read() as tx:
        answer = queries.get_battle(tx, battle_id).turns[1].answers[0]
        assert (answer.reasoning, answer.sent) == ("hm", sent)
        assert problems(tx) == []


def test_an_upgrade_that_fails_leaves_the_old_schema(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _at_version(url, "0001", monkeypatch)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.operations.Operations.batch_alter_table", fail)  # the last step of the second migration
        with pytest.raises(RuntimeError, match="power cut"):
            open_database(url)
    database = open_database(url)
    with database.read() as tx:
        assert _version(tx) == "0005"
        assert problems(tx) == []
    database.close()
