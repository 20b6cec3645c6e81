"""Ledger -> elo -> the board: one consistent read, one fit off the event loop, kept until the ledger's revision moves.

It holds no arithmetic of ratings (`elo`) and no SQL (`db.queries`). The numbers are those of `python -m elo
recompute` on an export.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from db import queries
from db.codes import Kind
from db.session import Database
from elo.battles import Cells, MissingDataError, Votes
from elo.board.leaderboard import BoardRow, Leaderboard, rate, rate_online
from elo.fit.bradley_terry import NoMaximumError
from elo.fit.clusters import ClusterError
from elo.settings import Settings
from elo.votes.vote_columns import columns_for, gathered, reads_answers

logger = logging.getLogger(__name__)


class NoRatingsError(Exception):
    """The votes as they are give no ratings under the arena's settings; the cause says why."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the board says of a model beside its numbers. `parameters` is a count, None where nobody said."""

    name: str
    organisation: str | None
    family: str | None
    licence: str | None
    parameters: int | None
    is_retired: bool


@dataclass(frozen=True, slots=True)
class Board:
    """The official board at `revision` of the ledger.

    `leaderboard.rows` are the rated models in order, `leaderboard.unrated` the names without a counted vote;
    `models` has a card for each of both. `n_counted` votes made it, `n_excluded` did not; `exclusions` says how
    many of these each reason holds for (a vote may have several). `computed_at` is a Unix time in seconds.
    """

    leaderboard: Leaderboard
    models: Mapping[str, ModelCard]
    revision: int
    computed_at: float
    n_counted: int
    n_excluded: int
    exclusions: Mapping[str, int]

    def row(self, model: str) -> BoardRow | None:
        """The model's row, None where it has no counted vote."""
        return next((row for row in self.leaderboard.rows if row.model == model), None)

    def without(self, names: Collection[str]) -> "Board":
        """The same board that lists none of these models as unrated. Rated ones stay."""
        listed = tuple(name for name in self.leaderboard.unrated if name not in names)
        return replace(self, leaderboard=replace(self.leaderboard, unrated=listed))

    def to_json(self) -> dict[str, object]:
        """The JSON of `recompute`, revision and exclusions among it, with the time and the number of votes that did
        not count."""
        return {**self.leaderboard.to_json(), "computed_at": self.computed_at, "n_excluded": self.n_excluded}


class Standings:
    """The current board. Any number of pages may ask at once: each revision is computed once, in a worker thread, also
    where it has no ratings."""

    def __init__(self, database: Database, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._board: Board | None = None
        self._failed: tuple[int, Exception] | None = None
        """The last revision without ratings, and why."""

    async def board(self) -> Board:
        """A board that holds every change of the ledger committed before this call.

        Raises:
            db.errors.DatabaseError: it cannot be read.
            NoRatingsError: the prior is 0 and the votes have no likeliest ratings; the settings ask for what no vote
                has, or anchor a model without one; votes hang together in too few groups for intervals.
        """
        revision = await asyncio.to_thread(self._revision)
        async with self._lock:
            if self._board is not None and self._board.revision >= revision:
                return self._board
            if self._failed is None or self._failed[0] < revision:
                try:
                    self._board = await asyncio.to_thread(self._compute)
                    return self._board
                except (ValueError, ArithmeticError) as error:
                    is_told = isinstance(error, NoMaximumError | MissingDataError | ClusterError)
                    logger.error("no ratings at revision %d of the ledger: %s", revision, error, exc_info=not is_told)
                    self._failed = (revision, error)
            raise NoRatingsError(str(self._failed[1])) from self._failed[1]

    def forget(self) -> None:
        """Compute the next board anew: what stands beside the ratings has changed, which no revision tells."""
        self._board = self._failed = None

    def _revision(self) -> int:
        with self._database.read() as tx:
            return queries.ledger_state(tx).revision

    def _compute(self) -> Board:
        with self._database.read() as tx:
            revision = queries.ledger_state(tx).revision
            votes = self._votes(tx)
            excluded = queries.exclusions(tx, Kind.BATTLE)
            totals = queries.vote_totals(tx, Kind.BATTLE)
            models = queries.list_models(tx)
        listed = [model.info.name for model in models if model.retired_at is None]
        if isinstance(votes, Votes) and self._settings.method == "elo":
            leaderboard = rate_online(votes, self._settings, listed=listed)
        else:
            leaderboard = rate(votes, self._settings, listed=listed)
        exclusions = {reason.label: n for reason, n in excluded.items()}
        return Board(
            leaderboard=leaderboard.sourced(revision=revision, excluded=exclusions, kind=Kind.BATTLE.label),
            models={
                model.info.name: ModelCard(
                    name=model.info.name,
                    organisation=model.info.organisation,
                    family=model.info.family,
                    licence=model.info.licence,
                    parameters=model.info.parameters,
                    is_retired=model.retired_at is not None,
                )
                for model in models
            },
            revision=revision,
            computed_at=self._clock(),
            n_counted=totals.counted,
            n_excluded=totals.excluded,
            exclusions=exclusions,
        )

    def _votes(self, tx: Connection) -> Cells | Votes:
        """What the settings need of the counted votes: mostly their counts, which the database makes. (Battles are on
        no prepared pairs, so nothing else makes them hang together.)"""
        if self._settings.method == "elo":
            return Votes.from_rows(queries.votes_in_order(tx, Kind.BATTLE))
        if not self._settings.needs_votes:
            return Cells.from_counts(queries.cells(tx, Kind.BATTLE))
        columns = columns_for(self._settings)
        with_answers, with_texts = "features" in columns, reads_answers(self._settings)
        rows = queries.rated_votes(tx, Kind.BATTLE, with_answers=with_answers, with_texts=with_texts)
        return gathered(rows, columns)
