"""The tables refuse what must not be, by themselves: even a query with a bug cannot store it."""

import re
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event, text

from db import queries, schema
from db.codes import BattleKind
from db.errors import StorageFailed
from db.session import Database
from tests.db.building import fight, votable


def test_migrations_lead_to_the_schema(database: Database) -> None:
    with database.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []


def _definitions(create: str) -> list[str]:
    """Return what is between the outer brackets of a CREATE TABLE, split at commas outside inner brackets. A reference
    inside its column, which is how SQLite adds one, is a definition of its own."""
    depth, found = 0, [""]
    for character in create[create.index("(") + 1 : create.rindex(")")]:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            found.append("")
        else:
            found[-1] += character
    inside = re.compile(r"(\w+) (\w+) (CONSTRAINT \w+) (REFERENCES .*)")
    return [
        part for one in found for part in inside.sub(r"\1 \2;\3 FOREIGN KEY(\1) \4", " ".join(one.split())).split(";")
    ]


def test_migrations_lead_to_the_same_constraints_word_for_word(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL rewrites constraints; SQLite keeps them as they were given")
    expected = create_engine("sqlite://")
    schema.metadata.create_all(expected)

    def constraints(tx: Connection) -> dict[str, set[str]]:
        rows = tx.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name <> 'alembic_version'")
        )
        return {name: set(_definitions(sql)) for name, sql in rows}

    with database.read() as tx, expected.connect() as fresh:
        assert constraints(tx) == constraints(fresh)


def _battle(**changes: Any) -> dict[str, Any]:
    row = {"uuid": "u2", "share_id": "s2", "kind": 0, "visitor_id": 1, "model_a": 1, "model_b": 2, "state": 0}
    return {**row, "opened_at": 1.0, **changes}


def _vote(**changes: Any) -> dict[str, Any]:
    row = {"battle_id": 2, "kind": 0, "model_a": 1, "model_b": 2, "outcome": 0, "cast_at": 1.0, "revision": 7}
    return {**row, "counted": True, "rules_version": 1, "facts": {}, **changes}


def _verdict(**changes: Any) -> dict[str, Any]:
    return {"judge": "j", "battle_id": 1, "model_a": 1, "model_b": 2, "cast_at": 1.0, **changes}


_MUST_NOT_BE: list[tuple[str, dict[str, Any]]] = [
    ("models", {"name": "ash", "added_at": 1.0}),
    ("models", {"name": "new", "added_at": 1.0, "parameters": 0}),
    ("models", {"name": None, "added_at": 1.0}),
    ("visitors", {"pseudonym": "ann", "created_at": 1.0}),
    ("battles", _battle(uuid="taken")),
    ("battles", _battle(share_id="taken")),
    ("battles", _battle(visitor_id=99)),
    ("battles", _battle(model_a=99)),
    ("battles", _battle(replica="nobody")),
    ("battles", _battle(kind=5)),
    ("battles", _battle(policy=3)),
    ("battles", _battle(state=4)),
    ("battles", _battle(state=2)),
    ("battles", _battle(state=3)),
    ("battles", _battle(closed_at=2.0)),
    ("battles", _battle(model_b=1)),
    ("battles", _battle(model_b=None)),
    ("battles", _battle(kind=4)),
    ("battles", _battle(kind=2)),
    ("battles", _battle(kind=1)),
    ("battles", _battle(deck_prompt_id=1)),
    ("battles", _battle(draw_probability=0.0)),
    ("battles", _battle(draw_probability=1.5)),
    ("turns", {"battle_id": 1, "n": 0, "prompt": "x"}),
    ("turns", {"battle_id": 1, "n": 1, "prompt": "x"}),
    ("turns", {"battle_id": 99, "n": 1, "prompt": "x"}),
    ("answers", {"battle_id": 1, "turn": 9, "side": 0, "attempt": 1, "text": "x"}),
    ("answers", {"battle_id": 1, "turn": 1, "side": 2, "attempt": 1, "text": "x"}),
    ("answers", {"battle_id": 1, "turn": 1, "side": 0, "attempt": 0, "text": "x"}),
    ("answers", {"battle_id": 1, "turn": 1, "side": 0, "attempt": 1, "text": "x"}),
    ("votes", _vote(battle_id=1)),
    ("votes", _vote(battle_id=99)),
    ("votes", _vote(revision=1)),
    ("votes", _vote(outcome=4)),
    ("votes", _vote(kind=5)),
    ("votes", _vote(model_b=1)),
    ("votes", _vote(withdrawn_at=3.0)),
    ("votes", _vote(changed_revision=7)),
    ("vote_reasons", {"vote_id": 1, "reason": 13}),
    ("vote_reasons", {"vote_id": 99, "reason": 1}),
    ("checks", {"battle_id": 1, "turn": 1, "category": "x", "action": 4, "moderator": "m"}),
    ("feedback", {"battle_id": 1, "side": 0}),
    ("feedback", {"battle_id": 1, "side": 2, "tag": "useful"}),
    ("ledger", {"id": 2, "revision": 0, "elo_revision": 0, "elo_name": ""}),
    ("ledger", {"id": 1, "revision": 0, "elo_revision": 0, "elo_name": ""}),
    ("elo_state", {"model_id": 3, "rating": 1000.0, "games": 0}),
    ("elo_state", {"model_id": 99, "rating": 1000.0, "games": 1}),
    ("decks", {"name": "taken"}),
    ("campaigns", {"token": "t", "name": "n", "deck": "d", "created_at": 1.0, "max_people": 0}),
    ("campaign_pairs", {"campaign_id": 99, "deck_prompt_id": 1, "model_x": 1, "model_y": 2}),
    ("battles", _battle(campaign_pair_id=99)),
    ("deck_answers", {"deck_prompt_id": 99, "model_id": 1, "text": "x"}),
    ("scores", {"model_id": 99, "task": "t", "value": 1.0, "settings": {}}),
    ("verdicts", _verdict(battle_id=None)),
    ("verdicts", _verdict(deck_prompt_id=1)),
    ("verdicts", _verdict(model_a=2, model_b=1)),
    ("verdicts", _verdict(outcome_ab=4)),
    ("verdicts", _verdict(outcome_ba=4)),
]


def test_rows_that_must_not_be_are_refused(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        votable(tx)
        tx.execute(text("UPDATE battles SET uuid = 'taken', share_id = 'taken' WHERE id = 1"))
        queries.set_deck(tx, "taken", is_live=True)
    refusals = {}
    for table, row in _MUST_NOT_BE:
        values = {name: "{}" if isinstance(value, dict) else value for name, value in row.items()}
        insert = text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})")
        try:
            with database.write() as tx:
                tx.execute(insert, values)
        except StorageFailed as error:
            refusals[table, str(row)] = str(error)
    assert [row for row in _MUST_NOT_BE if (row[0], str(row[1])) not in refusals] == []
    assert [refusal for refusal in refusals.values() if not re.search("(?i)constraint", refusal)] == []


def test_one_verdict_of_a_judge_on_a_pair_of_a_subject(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        tx.execute(schema.verdicts.insert().values(_verdict()))
    with pytest.raises(StorageFailed, match=r"(?i)unique"), database.write() as tx:
        tx.execute(schema.verdicts.insert().values(_verdict()))


def test_the_index_alone_answers_a_board(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("the plan is SQLite's")
    statements: list[str] = []
    with database.write() as tx:
        fight(tx)
    with database.read() as tx:
        event.listen(tx, "before_cursor_execute", lambda _, cursor, statement, *rest: statements.append(statement))
        for kind in (BattleKind.BATTLE, None):
            queries.cells(tx, kind)
    grouped = [statement for statement in statements if "GROUP BY" in statement]
    assert len(grouped) == 2
    with database.read() as tx:
        for statement in grouped:
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple([0] * statement.count("?"))).all()
            assert [row[3] for row in plan] == ["SEARCH votes USING COVERING INDEX votes_board (counted=?)"]
