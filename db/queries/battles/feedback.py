"""What voters think of the answers, beside their votes."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from db import errors
from db.codes import Side, State
from db.queries.battles.rows import no_such_battle, owned
from db.queries.load import feedback_by_battle
from db.records.feedback import NO_FEEDBACK, Feedback, Tag
from db.schema import battles
from db.schema import feedback as feedback_table


def save_feedback(tx: Connection, battle_id: str, *, visitor: str, feedback: Feedback) -> None:
    """Store the feedback of a battle that has its vote; it replaces what was stored. An empty one deletes it.

    Raises NoSuchBattle; NotYours; NotAllowedNow before the vote.
    """
    battle = owned(tx, battle_id, visitor)
    if battle.state != State.VOTED:
        raise errors.NotAllowedNow(f"battle {battle_id} is {battle.state.label}; feedback comes after the vote")
    tx.execute(delete(feedback_table).where(feedback_table.c.battle_id == battle.id))
    insert_feedback(tx, [(battle.id, feedback)])


def feedback_of(tx: Connection, battle_id: str) -> Feedback:
    """Return the feedback of a battle, empty if there is none. Raises NoSuchBattle."""
    row_id = tx.scalar(select(battles.c.id).where(battles.c.uuid == battle_id))
    if row_id is None:
        raise no_such_battle(battle_id)
    return feedback_by_battle(tx, [row_id]).get(row_id, NO_FEEDBACK)


def insert_feedback(tx: Connection, given: Sequence[tuple[int, Feedback]]) -> None:
    """Store the feedback of battles that have none, by row number (for other queries)."""
    rows: list[dict[str, object]] = []
    for battle, feedback in given:
        for side, tags in ((Side.A, feedback.a), (Side.B, feedback.b)):
            rows += [
                {"battle_id": battle, "side": side, "tag": tag.value, "comment": None} for tag in Tag if tag in tags
            ]
        if feedback.comment:
            rows.append({"battle_id": battle, "side": None, "tag": None, "comment": feedback.comment})
    if rows:
        tx.execute(feedback_table.insert(), rows)
