"""A battle's row, locked for a change, and the errors of those that cannot be changed. It is for other queries."""

from typing import Any

from sqlalchemy import Connection, Row, select

from db import errors
from db.codes import State
from db.schema import battles, visitors

FINAL = (State.VOTED, State.VOID)


def no_such_battle(battle_id: str) -> errors.NoSuchBattle:
    """Return the error of an unknown id."""
    return errors.NoSuchBattle(f"no battle has the id {battle_id!r}")


def locked(tx: Connection, battle_id: str) -> Row[Any]:
    """Lock and return a battle's row, with its visitor's `pseudonym`. Raises NoSuchBattle."""
    query = select(battles, visitors.c.pseudonym).join(visitors, battles.c.visitor_id == visitors.c.id)
    row = tx.execute(query.where(battles.c.uuid == battle_id).with_for_update(of=battles, key_share=True)).one_or_none()
    if row is None:
        raise no_such_battle(battle_id)
    return row


def owned(tx: Connection, battle_id: str, visitor: str) -> Row[Any]:
    """Lock and return the row of a visitor's battle. Raises NoSuchBattle; NotYours."""
    battle = locked(tx, battle_id)
    if battle.pseudonym != visitor:
        raise errors.NotYours(f"battle {battle_id} belongs to another visitor")
    return battle


def changeable(tx: Connection, battle_id: str, what: str) -> Row[Any]:
    """Lock and return the row of a battle that has not ended. Raises NoSuchBattle; NotAllowedNow, which names `what`
    cannot be done any more."""
    battle = locked(tx, battle_id)
    refuse_final(battle, what)
    return battle


def refuse_final(battle: Row[Any], what: str) -> None:
    """Raise NotAllowedNow for a battle that is voted or void."""
    if battle.state in FINAL:
        raise errors.NotAllowedNow(f"battle {battle.uuid} is {battle.state.label} and can no longer {what}")
