"""The board that a reveal shows, without waiting long for a slow one.

After a vote the board is computed again, which takes 0.05 s for 100,000 votes of 20 models, and seconds if the settings
need the votes one by one. A reveal waits for `limits.REVEAL_WAIT_S` and else shows the board from before the vote until
the new one is there.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from arena.rules import limits
from arena.standings import Board, ModelCard, NoRatingsError, Standings
from db.errors import DatabaseError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ranks:
    """A board, and whether it was computed before the vote of its reveal. `models` are their cards, by name, also
    where there is no board."""

    board: Board | None = None
    is_older: bool = False
    models: Mapping[str, ModelCard] = field(default_factory=dict)


class RanksOfReveals:
    """Asks `standings` for boards. Use it on one event loop."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings
        self._asked: set[asyncio.Task[Ranks]] = set()

    async def known(self) -> Ranks:
        """Return the last board that was computed."""
        return await self._around(self._standings.latest, is_older=True)

    async def now(self, battle_id: str, later: Callable[[Ranks], None]) -> Ranks:
        """Return the board with every vote so far. If it takes too long, return the last one that was computed, and
        call `later` with the new one."""
        asked = asyncio.create_task(self._new(battle_id))
        self._asked.add(asked)  # a reference, or a task that outlives the reveal could be collected
        asked.add_done_callback(self._asked.discard)
        done, _ = await asyncio.wait({asked}, timeout=limits.REVEAL_WAIT_S)
        if done:
            return asked.result()
        logger.info("battle %s: its reveal shows the board from before the vote", battle_id)
        asked.add_done_callback(lambda task: None if task.cancelled() else later(task.result()))
        return await self.known()

    async def _new(self, battle_id: str) -> Ranks:
        try:
            return await self._around(await self._standings.board())
        except NoRatingsError:
            return await self._around(None)
        except DatabaseError:
            logger.exception("battle %s: no ranks in its reveal", battle_id)
            return Ranks()

    async def _around(self, board: Board | None, *, is_older: bool = False) -> Ranks:
        if board is not None:
            return Ranks(board, is_older, board.models)
        try:
            return Ranks(None, is_older, await self._standings.cards())
        except DatabaseError:
            logger.exception("a reveal lacks who made its models")
            return Ranks(None, is_older)
