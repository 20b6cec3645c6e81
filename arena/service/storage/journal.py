"""Where a battle stores its answers, and that it became void."""

from collections.abc import Callable, Sequence
from functools import partial

from arena.threads import in_thread
from db import queries
from db.codes import State
from db.queries import AnswerRecord, Check
from db.session import Database


class DatabaseJournal:
    """`arena.rounds.journal.Journal` in the database; each call is one transaction in a worker thread."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self.is_closing = False
        """Whether the process is ending. A battle that becomes void from then on stays open in the database: the next
        start voids it, and so knows whose battle a restart has ended."""

    async def end_turn(
        self, battle_id: str, turn: int, answers: Sequence[AnswerRecord], checks: Sequence[Check] = ()
    ) -> None:
        await in_thread(partial(self._end_turn, battle_id, turn, answers, checks))

    async def void(self, battle_id: str) -> None:
        if not self.is_closing:
            await in_thread(partial(self._void, battle_id))

    def _end_turn(self, battle_id: str, turn: int, answers: Sequence[AnswerRecord], checks: Sequence[Check]) -> None:
        with self._database.write() as tx:
            for answer in answers:
                queries.save_answer(tx, battle_id, turn, answer)
            for check in checks:
                queries.save_check(tx, check, battle_id=battle_id, now=self._now())
            queries.set_battle_state(tx, battle_id, State.VOTABLE, now=self._now())

    def _void(self, battle_id: str) -> None:
        with self._database.write() as tx:
            queries.set_battle_state(tx, battle_id, State.VOID, now=self._now())
