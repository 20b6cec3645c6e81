"""The official board, computed once for each revision of the ledger.

It takes one consistent read of the ledger, in which only pairs with a new or changed vote are counted again, and one
fit in a worker thread. `elo` has the arithmetic of ratings and
`db.queries` the SQL. `python -m elo recompute` on an export gives the same numbers.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from arena.rounds.matchmaking import Known, known_from
from arena.threads import in_thread
from db import queries
from db.codes import BattleKind
from db.queries import StoredModel, Tally
from db.session import Database
from elo.battles import Cells, MissingDataError, Votes
from elo.board.leaderboard import BoardRow, Leaderboard, rate, rate_online
from elo.chance.poisson import DrawnCounts
from elo.fit.bradley_terry import NoMaximumError
from elo.fit.clusters import ClusterError
from elo.settings import Settings, may_take_voters
from elo.votes.vote_columns import columns_for, further_for, gathered, of_voters, reads_style

logger = logging.getLogger(__name__)


class NoRatingsError(Exception):
    """The votes give no ratings under the arena's settings; `__cause__` is the reason."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the board shows of a model beside its ratings. `parameters` is a count, or None if it is unknown."""

    name: str
    organisation: str | None
    family: str | None
    licence: str | None
    parameters: int | None
    is_retired: bool


@dataclass(frozen=True, slots=True)
class Board:
    """The official board at `revision` of the ledger.

    `leaderboard.rows` are the rated models in order, `leaderboard.unrated` the names without a counted vote, and
    `models` has a card for each of both. The board is made of `n_counted` votes; `n_excluded` do not count, and
    `exclusions` counts them by reason (a vote may have several). `computed_at` is a Unix time in seconds.
    """

    leaderboard: Leaderboard
    models: Mapping[str, ModelCard]
    revision: int
    computed_at: float
    n_counted: int
    n_excluded: int
    exclusions: Mapping[str, int]

    def row(self, model: str) -> BoardRow | None:
        """Return the model's row, or None if it has no counted vote."""
        return next((row for row in self.leaderboard.rows if row.model == model), None)

    def without(self, names: Collection[str]) -> "Board":
        """Return the board without these models among the unrated ones. Rated models stay."""
        listed = tuple(name for name in self.leaderboard.unrated if name not in names)
        return replace(self, leaderboard=replace(self.leaderboard, unrated=listed))

    def to_json(self) -> dict[str, object]:
        """Return the JSON of `recompute`, which includes revision and exclusions, with the time and the number of votes
        that do not count."""
        return {**self.leaderboard.to_json(), "computed_at": self.computed_at, "n_excluded": self.n_excluded}


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

    async def board(self) -> Board:
        """Return a board that includes every change of the ledger committed before this call.

        Raises:
            db.errors.DatabaseError: the database cannot be read.
            NoRatingsError: the prior is 0 and the likelihood has no maximum; no vote has a column that the settings
                need; an anchored model has no vote; or the votes form too few clusters for intervals.
        """
        revision = await in_thread(self._revision)
        async with self._lock:
            if self._board is not None and self._board.revision >= revision:
                return self._board
            if self._failed is None or self._failed[0] < revision:
                try:
                    self._board = await in_thread(self._compute)
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
        return await in_thread(self._cards)

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

    def _revision(self) -> int:
        with self._database.read() as tx:
            return queries.ledger_state(tx).revision

    def _cards(self) -> Mapping[str, ModelCard]:
        with self._database.read() as tx:
            return cards_of(queries.list_models(tx))

    def _compute(self) -> Board:
        with self._database.read() as tx:
            tally = self._tally = queries.tally(tx, BattleKind.BATTLE, self._tally)
            votes = self._votes(tx, tally)
            models = queries.list_models(tx)
            names = queries.model_names(tx)
        self._known = known_from(Cells.from_counts(tally.cells(names)))
        listed = [model.info.name for model in models if not model.is_retired]
        if isinstance(votes, Votes) and self._settings.method == "elo":
            leaderboard = rate_online(votes, self._settings, listed=listed)
        else:
            leaderboard = rate(votes, self._settings, listed=listed, kept=self._drawn)
        exclusions = {reason.label: n for reason, n in tally.exclusions.items()}
        totals = tally.totals
        return Board(
            leaderboard=leaderboard.sourced(revision=tally.revision, excluded=exclusions, kind=BattleKind.BATTLE.label),
            models=cards_of(models),
            revision=tally.revision,
            computed_at=self._clock(),
            n_counted=totals.counted,
            n_excluded=totals.excluded,
            exclusions=exclusions,
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


def cards_of(models: Iterable[StoredModel]) -> Mapping[str, ModelCard]:
    """Return the cards of stored models, by name."""
    return {
        model.info.name: ModelCard(
            name=model.info.name,
            organisation=model.info.organisation,
            family=model.info.family,
            licence=model.info.licence,
            parameters=model.info.parameters,
            is_retired=model.is_retired,
        )
        for model in models
    }
