"""Boards of some votes: those that a view chooses, rated as the official board is.

Each is computed from one consistent read, in a worker thread, one after the other, so that no flood of different
filters takes more than one processor from the arena. A view that is being computed is not computed twice. The latest
boards are kept: a board is used again while nothing has changed in the ledger, or if computing it again so soon would
take more than a tenth of the time. A reader's own votes are kept under the reader's pseudonym.
"""

import asyncio
import logging
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from arena.rules import limits
from arena.standings.board import Board
from arena.standings.cards import ModelCard, scores_of
from arena.standings.official import NoRatingsError
from arena.standings.rating import rated
from arena.standings.selection import selected
from arena.standings.view import View
from arena.threads import in_thread
from db import queries
from db.session import Database
from elo.settings import Settings

logger = logging.getLogger(__name__)

_MOST_KEPT = 64
_MOST_SENDERS = 1_000
_SHARE = 0.1
"""Of the time may go into one view: a board that took 0.2 s is used for 2 s, also if votes have come since."""
_MINUTE_S = 60.0
_Key = tuple[View, str | None]


class TooFewVotesError(Exception):
    """The view chooses `n` votes that count, and `least` make a board."""

    def __init__(self, n: int, least: int) -> None:
        super().__init__(f"{n} votes; a board needs {least}")
        self.n, self.least = n, least


class BoardsBusyError(Exception):
    """As many boards wait to be computed as are allowed, of all visitors or of this one."""


class TooManyBoardsError(Exception):
    """The visitor has had as many boards computed as are allowed in a minute; one is possible again in `wait_s`."""

    def __init__(self, limit: int, wait_s: float) -> None:
        super().__init__(f"{limit} boards in a minute; wait {wait_s:.0f} s")
        self.limit, self.wait_s = limit, wait_s


class FilteredBoards:
    """The boards of views. `cards` reads the cards of all models."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        cards: Callable[[Connection], Mapping[str, ModelCard]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._settings = settings
        self._cards = cards
        self._clock = clock
        self._kept: OrderedDict[_Key, tuple[Board, float]] = OrderedDict()
        """Boards with the seconds that each took, the one that was asked for last at the end."""
        self._running: dict[_Key, asyncio.Task[Board]] = {}
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()
        """Boards that are computed or wait, by sender."""
        self._started: OrderedDict[str, deque[float]] = OrderedDict()
        """When the senders' latest boards were begun, within a minute."""

    def kept(self, view: View, visitor: str | None) -> Board | None:
        """Return the view's board if it is known; votes may have been cast since."""
        found = self._kept.get(_key(view, visitor))
        return None if found is None else found[0]

    async def board(self, view: View, visitor: str | None, sender: str) -> Board:
        """Return the board of a view. `visitor` is the reader's pseudonym (which a view of their own votes needs), and
        `sender` whoever the limits hold for.

        Raises:
            db.errors.DatabaseError: the database cannot be read.
            TooFewVotesError, BoardsBusyError, TooManyBoardsError
            NoRatingsError: as for the official board, or it cannot be combined with style control.
        """
        key = _key(view, visitor)
        revision = await in_thread(self._revision)
        if (kept := self._kept.get(key)) is not None:
            board, took_s = kept
            if board.revision >= revision or self._clock() - board.computed_at < took_s / _SHARE:
                self._kept.move_to_end(key)
                return board
        if (running := self._running.get(key)) is None:
            self._admit(sender)
            running = self._running[key] = asyncio.create_task(self._computed(key, sender))
            running.add_done_callback(partial(self._ended, key))
        return await asyncio.shield(running)

    def forget(self) -> None:
        """Compute every board again, because a model's card has changed."""
        self._kept.clear()

    def _admit(self, sender: str) -> None:
        """Raise BoardsBusyError or TooManyBoardsError if the sender has to wait; else note one more board."""
        if self._waiting.total() >= limits.FILTERED_BOARDS_WAITING:
            raise BoardsBusyError
        if self._waiting[sender] >= limits.FILTERED_BOARDS_OF_ONE:
            raise BoardsBusyError
        now, started = self._clock(), self._started.setdefault(sender, deque())
        while started and started[0] <= now - _MINUTE_S:
            started.popleft()
        if len(started) >= limits.FILTERED_BOARDS_A_MINUTE:
            raise TooManyBoardsError(limits.FILTERED_BOARDS_A_MINUTE, started[0] + _MINUTE_S - now)
        started.append(now)
        self._started.move_to_end(sender)
        if len(self._started) > _MOST_SENDERS:
            self._started.popitem(last=False)
        self._waiting[sender] += 1

    def _ended(self, key: _Key, task: "asyncio.Task[Board]") -> None:
        self._running.pop(key, None)
        if not task.cancelled():
            task.exception()  # each waiting request raises it; here it is only marked as seen

    async def _computed(self, key: _Key, sender: str) -> Board:
        try:
            async with self._turn:
                began = time.monotonic()
                board = await in_thread(partial(self._compute, *key))
        finally:
            self._waiting[sender] -= 1
            self._waiting += Counter()  # without the senders that have none
        self._kept[key] = (board, time.monotonic() - began)
        self._kept.move_to_end(key)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return board

    def _revision(self) -> int:
        with self._database.read() as tx:
            return queries.ledger_state(tx).revision

    def _compute(self, view: View, visitor: str | None) -> Board:
        try:
            settings = view.settings(self._settings)
        except ValueError as error:
            raise NoRatingsError(str(error)) from error
        with self._database.read() as tx:
            found = selected(tx, view, visitor, settings, least=limits.FILTERED_BOARD_VOTES)
            cards, scores = self._cards(tx), scores_of(queries.scores(tx))
        tally = found.tally
        if tally.totals.counted < limits.FILTERED_BOARD_VOTES:
            raise TooFewVotesError(tally.totals.counted, limits.FILTERED_BOARD_VOTES)
        try:
            ratings = rated(found.data, settings, listed=[name for name, card in cards.items() if not card.is_retired])
        except (ValueError, ArithmeticError) as error:
            logger.info("no ratings of a view at revision %d of the ledger: %s", tally.revision, error)
            raise NoRatingsError(str(error)) from error
        kind, since, until = view.battle_kind, view.since_s, view.until_s
        exclusions = {reason.label: n for reason, n in tally.exclusions.items()}
        return Board(
            leaderboard=ratings.leaderboard.sourced(
                revision=tally.revision,
                excluded=exclusions,
                kind=None if kind is None else kind.label,
                since=None if since is None else datetime.fromtimestamp(since, UTC).isoformat(),
                until=None if until is None else datetime.fromtimestamp(until, UTC).isoformat(),
                where=view.where(visitor),
                where_left_out=found.n_left_out,
            ),
            models=cards,
            revision=tally.revision,
            computed_at=self._clock(),
            n_counted=tally.totals.counted,
            n_excluded=tally.totals.excluded,
            exclusions=exclusions,
            average_win_rates=ratings.average_win_rates,
            scores=scores,
            fitted=ratings.fitted,
            spread=ratings.spread,
        )


def _key(view: View, visitor: str | None) -> _Key:
    """Boards of other votes than the reader's own are the same for every reader."""
    return view.filters, visitor if view.is_mine else None
