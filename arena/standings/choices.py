"""What a reader of the board can choose from: the languages and tags of the votes so far."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from arena.standings.view import is_short_line
from arena.threads import in_thread
from db import queries
from db.codes import BattleKind
from db.errors import DatabaseError
from db.session import Database

logger = logging.getLogger(__name__)

_QUICK_S = 0.05
_KEEP_S = 60.0
_MOST_TAGS = 200


@dataclass(frozen=True, slots=True)
class Choices:
    """Each value that a vote has and an address can ask for, the most frequent first."""

    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class KnownChoices:
    """The choices. A page waits until they are read again, if that took at most `_QUICK_S` the last time; else they are
    read at most once in `_KEEP_S`, and pages show those from before meanwhile."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._known = Choices()
        self._read_at = self._took_s = 0.0
        self._reading: asyncio.Task[None] | None = None

    async def latest(self) -> Choices:
        """Return the choices; none while the database does not answer."""
        is_quick = self._took_s <= _QUICK_S
        if self._reading is None and (is_quick or self._clock() - self._read_at > _KEEP_S):
            self._reading = asyncio.create_task(self._read())
        if is_quick and self._reading is not None:
            await asyncio.shield(self._reading)
        return self._known

    async def _read(self) -> None:
        began = self._clock()
        try:
            self._known = await in_thread(self._stored)
        except DatabaseError:
            logger.exception("the choices of the leaderboard cannot be read")
        finally:
            self._read_at, self._reading = self._clock(), None
            self._took_s = self._read_at - began

    def _stored(self) -> Choices:
        with self._database.read() as tx:
            found = queries.filter_choices(tx, (BattleKind.BATTLE, BattleKind.QUICK))
        return Choices(tuple(found.languages), tuple(filter(is_short_line, found.tags))[:_MOST_TAGS])
