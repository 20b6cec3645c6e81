"""The board as of each day, from the ledger as it is now: votes that do not count any more are in no day's board.

`elo.board.over_time` has the arithmetic. Here a day's board is rated once and kept while its votes do not change: a
withdrawal changes the boards of the days after the vote, and nothing else does. Histories of some votes, as a reader
chooses them, are computed one at a time, and the latest are kept.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from arena.rules import limits
from arena.standings import OFFICIAL, BoardsBusyError, View
from arena.standings.selection import board_filter
from arena.threads import in_thread
from db import queries
from db.session import Database
from elo.battles import Cells
from elo.board.leaderboard import Leaderboard, rate
from elo.board.over_time import MOST_DAYS, Day, RatedDay, history_settings, rated_days, spaced
from elo.settings import Settings

_MOST_KEPT = 4 * MOST_DAYS
_MOST_VIEWS = 32
_Days = Mapping[str, tuple[RatedDay, ...]]
_Key = tuple[View, str | None]


class Histories:
    """The ratings over time of every model, for one revision of the ledger at a time. Use it on one event loop."""

    def __init__(self, database: Database, official: Settings) -> None:
        self._database = database
        self._settings = history_settings(official)
        self._boards: OrderedDict[int, Leaderboard] = OrderedDict()
        """By the hash of the day's counts, the one used last at the end."""
        self._found: OrderedDict[_Key, tuple[int, _Days]] = OrderedDict()
        """With the revision, the one that was asked for last at the end."""
        self._running: dict[_Key, asyncio.Task[_Days]] = {}
        self._turn = asyncio.Lock()

    async def all(self, view: View = OFFICIAL, visitor: str | None = None, *, revision: int | None = None) -> _Days:
        """Return the ratings of each day in order, by model, from the votes that a view chooses: at this revision or
        the one that is being computed. `visitor` is the reader's pseudonym. If `revision` is given, ratings that are
        as new as that are new enough.

        Raises:
            db.errors.DatabaseError: the database cannot be read.
            BoardsBusyError: too many other views wait.
        """
        key = (replace(view.filters, has_style=False), visitor if view.is_mine else None)
        if revision is not None and key in self._found and self._found[key][0] >= revision:
            self._found.move_to_end(key)
            return self._found[key][1]
        if key not in self._running:
            if len(self._running) >= limits.FILTERED_BOARDS_WAITING and not view.is_official:
                raise BoardsBusyError
            task = self._running[key] = asyncio.create_task(self._computed(key))
            task.add_done_callback(partial(self._ended, key))
        return await asyncio.shield(self._running[key])

    def _ended(self, key: _Key, task: "asyncio.Task[_Days]") -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # each waiting request raises it; here it is only marked as seen

    async def _computed(self, key: _Key) -> _Days:
        async with self._turn:
            found = await in_thread(partial(self._compute, *key))
        self._found[key] = found
        self._found.move_to_end(key)
        if len(self._found) > _MOST_VIEWS:
            self._found.popitem(last=False)
        return found[1]

    def _compute(self, view: View, visitor: str | None) -> tuple[int, _Days]:
        with self._database.read() as tx:
            revision = queries.ledger_state(tx).revision
            kept = self._found.get((view, visitor))
            if kept is not None and kept[0] == revision:
                return kept
            days = list(queries.daily_cells(tx, board_filter(view, visitor)))
        counted = (Day(day.ends_at, Cells.from_counts(day.cells)) for day in spaced(days, MOST_DAYS))
        return revision, rated_days(counted, self._settings, board_of=self._board)

    def _board(self, cells: Cells) -> Leaderboard:
        key = hash((cells.models, cells.a.tobytes(), cells.b.tobytes(), cells.outcome.tobytes(), cells.count.tobytes()))
        board = self._boards.pop(key, None) or rate(cells, self._settings)
        self._boards[key] = board
        while len(self._boards) > _MOST_KEPT:
            self._boards.popitem(last=False)
        return board
