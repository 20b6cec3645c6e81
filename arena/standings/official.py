"""The official board, computed once for each revision of the ledger.

It takes one consistent read of the ledger, in which only pairs with a new or changed vote are counted again, and one
fit in a worker thread. `elo` has the arithmetic of ratings and `db.queries` the SQL. `python -m elo recompute` on an
export gives the same numbers.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from arena.players.roster import Roster
from arena.rounds.matchmaking import Known, known_from
from arena.settings import Player
from arena.standings.board import Board
from arena.standings.cards import ModelCard, cards_of, scores_of
from arena.standings.online import online_elo, online_ratings
from arena.standings.rating import rated
from arena.threads import in_thread
from db import queries
from db.codes import BattleKind
from db.queries import Tally
from db.session import Database
from elo.battles import Cells, MissingDataError, Votes
from elo.chance.poisson import DrawnCounts
from elo.fit.bradley_terry import NoMaximumError
from elo.fit.clusters import ClusterError
from elo.settings import Settings, may_take_voters
from elo.votes.vote_columns import columns_for, further_for, gathered, of_voters, reads_style

logger = logging.getLogger(__name__)


class NoRatingsError(Exception):
    """The votes give no ratings under the arena's settings; `__cause__` is the reason."""


class Standings:
    """The current board. Any number of pages may ask at once: each revision is computed once, in a worker thread, and
    a revision without ratings is not computed again either."""

    def __init__(self, database: Database, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._board: Board | None = None
        self._failed: tuple[int, Exception] | None = None
        """The last revision without ratings, and the error."""
        self._tally: Tally | None = None
        """The votes of the last board, counted: only pairs with a change since then are counted again."""
        self._drawn = DrawnCounts()
        self._known = Known()
        self._online = online_elo(settings)
        self._players: Mapping[str, Player] = {}
        self.on_forget: Callable[[], None] = lambda: None
        """Called with `forget`."""
        self._is_online_late = False
        """Whether the last board is without online ratings, because a replay of them takes long."""
        self.on_late: Callable[[], None] = lambda: None
        """Called after such a board, to have them replayed; call `forget_late` then."""

    def describe(self, roster: Roster) -> None:
        """Show the prices of this roster from now on."""
        self._players = roster.by_name
        self.forget()

    async def board(self) -> Board:
        """Return a board that includes every change of the ledger committed before this call.

        Raises:
            db.errors.DatabaseError: the database cannot be read.
            NoRatingsError: the prior is 0 and the likelihood has no maximum; no vote has a column that the settings
                need; an anchored model has no vote; or the votes form too few clusters for intervals.
        """
        revision = await self.revision()
        async with self._lock:
            if self._board is not None and self._board.revision >= revision:
                return self._board
            if self._failed is None or self._failed[0] < revision:
                try:
                    self._board = await in_thread(self._compute)
                    if self._is_online_late:
                        self.on_late()
                    return self._board
                except (ValueError, ArithmeticError) as error:
                    is_expected = isinstance(error, NoMaximumError | MissingDataError | ClusterError)
                    logger.error(
                        "no ratings at revision %d of the ledger: %s", revision, error, exc_info=not is_expected
                    )
                    self._failed = (revision, error)
            raise NoRatingsError(str(self._failed[1])) from self._failed[1]

    async def cards(self) -> Mapping[str, ModelCard]:
        """Return the card of every stored model, by name, without computing a board. Raises `DatabaseError`."""
        return await in_thread(self._stored_cards)

    async def revision(self) -> int:
        """Return the revision of the ledger now. Raises `DatabaseError`."""
        return await in_thread(self._revision)

    @property
    def latest(self) -> Board | None:
        """The last board that was computed; votes may have been cast since."""
        return self._board

    @property
    def known(self) -> Known:
        """What the votes of the last board say of the models, for the draw; nothing before the first board."""
        return self._known

    def forget(self) -> None:
        """Compute the board again at the next request, because a model's card has changed, which makes no revision."""
        self._board = self._failed = None
        self.on_forget()

    async def forget_late(self) -> bool:
        """Do the same if the board is without online ratings, and return whether it was."""
        async with self._lock:
            if self._is_online_late:
                self.forget()
            return self._is_online_late

    def cards_in(self, tx: Connection) -> Mapping[str, ModelCard]:
        """Return the card of every stored model as this transaction sees it."""
        return cards_of(queries.list_models(tx), self._players, queries.speeds(tx))

    def _revision(self) -> int:
        with self._database.read() as tx:
            return queries.ledger_state(tx).revision

    def _stored_cards(self) -> Mapping[str, ModelCard]:
        with self._database.read() as tx:
            return self.cards_in(tx)

    def _compute(self) -> Board:
        online = online_ratings(self._database, self._online)
        self._is_online_late = online is None
        with self._database.read() as tx:
            tally = self._tally = queries.tally(tx, BattleKind.BATTLE, self._tally)
            votes = self._votes(tx, tally)
            names = queries.model_names(tx)
            cards, scores = self.cards_in(tx), scores_of(queries.scores(tx))
        self._known = known_from(Cells.from_counts(tally.cells(names)))
        found = rated(
            votes,
            self._settings,
            listed=[name for name, card in cards.items() if not card.is_retired],
            kept=self._drawn,
        )
        exclusions = {reason.label: n for reason, n in tally.exclusions.items()}
        totals = tally.totals
        return Board(
            leaderboard=found.leaderboard.sourced(
                revision=tally.revision, excluded=exclusions, kind=BattleKind.BATTLE.label
            ),
            models=cards,
            revision=tally.revision,
            computed_at=self._clock(),
            n_counted=totals.counted,
            n_excluded=totals.excluded,
            exclusions=exclusions,
            average_win_rates=found.average_win_rates,
            online=online or {},
            scores=scores,
            fitted=found.fitted,
            spread=found.spread,
        )

    def _votes(self, tx: Connection, tally: Tally) -> Cells | Votes:
        """Return what the settings need of the counted votes: only counts where there are many. (Battles have no
        prepared pairs, so `cluster = "auto"` needs single votes only to look at voters.)"""
        if self._settings.method == "elo":
            return Votes.from_rows(queries.votes_in_order(tx, BattleKind.BATTLE))
        if not self._settings.needs_votes:
            names = queries.model_names(tx)
            if may_take_voters(self._settings, tally.totals.counted):
                return of_voters(queries.voters_in_order(tx, BattleKind.BATTLE), names)
            return Cells.from_counts(tally.cells(names))
        columns = columns_for(self._settings)
        with_answers, with_style = "features" in columns, reads_style(self._settings)
        further = further_for(self._settings)
        rows = queries.rated_votes(
            tx, BattleKind.BATTLE, with_answers=with_answers, with_style=with_style, further=further
        )
        return gathered(rows, columns, further)
