"""The board as of each day, from the ledger as it is now: votes that do not count any more are in no day's board.

A day's board is rated once and kept while its votes do not change: a withdrawal changes the boards of the days after
the vote, and nothing else does. At most `MOST_DAYS` days are rated, evenly spaced, the last among them. Intervals are
the sandwich's, which need no resampling (0.05 s for 50 models), with the official board's other settings; options that
need votes one by one (weights, clusters, control) are left out, and so history is by votes alone.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from arena.threads import in_thread
from db import queries
from db.codes import BattleKind
from db.queries import DayCells
from db.session import Database
from elo.battles import Cells
from elo.board.leaderboard import Leaderboard, rate
from elo.settings import Settings

MOST_DAYS = 60
_MOST_KEPT = 4 * MOST_DAYS
_Days = Mapping[str, tuple["DayRating", ...]]


@dataclass(frozen=True, slots=True)
class DayRating:
    """A model on the board of the votes up to `ends_at`, in seconds since 1970."""

    ends_at: float
    rating: float
    low: float | None
    high: float | None


class Histories:
    """The ratings over time of every model, for one revision of the ledger at a time. Use it on one event loop."""

    def __init__(self, database: Database, official: Settings) -> None:
        self._database = database
        self._settings = history_settings(official)
        self._boards: OrderedDict[int, Leaderboard] = OrderedDict()
        """By the hash of the day's counts, the one used last at the end."""
        self._found: tuple[int, _Days] | None = None
        self._running: asyncio.Task[_Days] | None = None

    async def all(self) -> _Days:
        """Return the ratings of each day in order, by model, at this revision or the one that is being computed.

        Raises:
            db.errors.DatabaseError: the database cannot be read.
        """
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(in_thread(self._compute))
        return await asyncio.shield(self._running)

    def _compute(self) -> _Days:
        with self._database.read() as tx:
            revision = queries.ledger_state(tx).revision
            if self._found is not None and self._found[0] == revision:
                return self._found[1]
            days = list(queries.daily_cells(tx, BattleKind.BATTLE))
        found: dict[str, list[DayRating]] = {}
        for day in spaced(days, MOST_DAYS):
            for row in self._board(day).rows:
                found.setdefault(row.model, []).append(DayRating(day.ends_at, row.rating, row.low, row.high))
        result = {model: tuple(ratings) for model, ratings in found.items()}
        self._found = revision, result
        return result

    def _board(self, day: DayCells) -> Leaderboard:
        key = hash(tuple(sorted(day.cells)))
        board = self._boards.pop(key, None) or rate(Cells.from_counts(day.cells), self._settings)
        self._boards[key] = board
        while len(self._boards) > _MOST_KEPT:
            self._boards.popitem(last=False)
        return board


def history_settings(official: Settings) -> Settings:
    """Return the settings of every day's board."""
    if official.method != "bradley-terry":
        return Settings(interval="sandwich", base=official.base, scale=official.scale, mean=official.mean)
    changed: dict[str, Any] = {"weights": "none", "half_life_days": None, "control": (), "cluster": "none"}
    if official.gauge == "anchor":
        changed |= {"gauge": "mean", "anchor": ()}  # an anchor may have no vote on the first days
    return replace(official, **changed, interval="sandwich", prior=official.prior or Settings().prior)


def spaced(days: Sequence[DayCells], most: int) -> list[DayCells]:
    """Return at most `most` of the days, evenly spaced, with the first and the last."""
    if len(days) <= most:
        return list(days)
    return [days[round(i * (len(days) - 1) / (most - 1))] for i in range(most)]
