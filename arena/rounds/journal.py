"""Where a battle is stored, and how another one takes its place; the arena provides both."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from db.queries import AnswerRecord, Check

TakeOver = Callable[[Sequence[AnswerRecord], float], Awaitable[None]]
"""Stores a battle's answers, makes it void, and asks the pair that was drawn in its place; the number is when the first
pair was asked. Raises `db.errors.DatabaseError`."""
Redraw = Callable[[], TakeOver | None]
"""Draws another pair; None if there is none."""


class Journal(Protocol):
    """Where a battle is stored. Raises `db.errors.DatabaseError`."""

    async def end_turn(
        self, battle_id: str, turn: int, answers: Sequence[AnswerRecord], checks: Sequence[Check] = ()
    ) -> None:
        """Store the attempts, and what was found in them, and make the battle votable, in one transaction."""
        ...

    async def void(self, battle_id: str) -> None: ...
