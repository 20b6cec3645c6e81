import pytest
from sqlalchemy import text

from db.codes import Reason
from db.integrity import problems
from db.session import Database
from tests.db.building import ELO, fight, votable, vote


def _fill(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        fight(tx, ("birch", "cedar"))
        vote(tx, votable(tx), reasons=[Reason.STOPPED])


def test_a_sound_database_has_no_problem(database: Database) -> None:
    with database.read() as tx:
        assert problems(tx, ELO) == []
    _fill(database)
    with database.read() as tx:
        assert problems(tx) == problems(tx, ELO) == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("UPDATE battles SET state = 2, closed_at = 1 WHERE id = 4", "1 battles have state voted but no vote"),
        ("UPDATE battles SET state = 1, closed_at = NULL WHERE id = 1", "1 votes belong to a battle whose state"),
        ("UPDATE votes SET model_a = 3 WHERE id = 1", "1 votes have other models or another kind"),
        ("UPDATE votes SET kind = 3 WHERE id = 3", "1 votes have other models or another kind"),
        ("DELETE FROM vote_reasons", "1 votes count with a reason against them, or do not count without one"),
        ("INSERT INTO vote_reasons VALUES (2, 8)", "1 votes count with a reason against them"),
        ("INSERT INTO vote_reasons VALUES (3, 10)", "1 votes are withdrawn without that reason, or have it"),
        ("UPDATE visitors SET banned_at = 1", "3 votes of a banned visitor lack the reason banned"),
        ("INSERT INTO vote_reasons VALUES (3, 9)", "1 votes of a banned visitor lack the reason banned, or other"),
        ("UPDATE votes SET changed_revision = 4 WHERE id = 3", "1 votes have a revision after the ledger's"),
        ("UPDATE elo_state SET games = 9 WHERE model_id = 1", "the online-Elo state of 1 models"),
        ("UPDATE battles SET replaced_by = 2 WHERE id = 4", "1 battles that were replaced are not void"),
        ("UPDATE battles SET n_turns = 2 WHERE id = 4", "1 battles have another number of turns than was counted"),
        ("UPDATE battles SET shared_at = 1 WHERE id = 4", "1 battles are shared without a vote"),
        ("DELETE FROM elo_state WHERE model_id = 2", "the online-Elo state of 1 models"),
    ],
)
def test_damage_is_found_and_named(database: Database, damage: str, message: str) -> None:
    _fill(database)
    with database.write() as tx:
        votable(tx)
        tx.execute(text(damage))
    for elo in (None, ELO):
        with database.read() as tx:
            assert any(found.startswith(message) for found in problems(tx, elo)), problems(tx, elo)


def test_a_wrong_rating_is_found_where_the_arithmetic_is_known(database: Database) -> None:
    _fill(database)
    with database.write() as tx:
        tx.execute(text("UPDATE elo_state SET rating = rating + 1 WHERE model_id = 1"))
    with database.read() as tx:
        assert problems(tx, ELO) == ["the online-Elo state of 1 models differs from its replay (ash)"]
        assert problems(tx) == []


def test_an_elo_state_that_is_out_of_date_is_not_a_problem(database: Database) -> None:
    _fill(database)
    with database.write() as tx:
        tx.execute(text("UPDATE elo_state SET rating = 0"))
        tx.execute(text("UPDATE ledger SET elo_revision = 0"))
    with database.read() as tx:
        assert problems(tx, ELO) == []


def test_a_row_that_points_nowhere_is_found(other_database: Database) -> None:
    _fill(other_database)
    raw = other_database._engine.raw_connection()
    raw.cursor().execute("PRAGMA foreign_keys = OFF")
    raw.cursor().execute("DELETE FROM turns WHERE battle_id = 1")
    raw.close()
    with other_database.read() as tx:
        assert "a row of answers refers to a row of turns that does not exist" in problems(tx)
