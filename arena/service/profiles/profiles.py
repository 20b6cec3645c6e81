"""Everything that the page of a model shows. Names are public, and nothing here is of a battle that is not voted on."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from arena.service.profiles.history import Histories
from arena.service.profiles.record import AgainstRival, Share, TagShare, against, compared, share_of
from arena.service.readiness import Players
from arena.service.refusal import Refusal
from arena.service.storage.access import in_database
from arena.service.votes.sharing import SharedBattle, shown
from arena.settings import Player
from arena.standings import OFFICIAL, Board, BoardsBusyError, ModelCard, NoRatingsError, Standings, View
from db import queries
from db.errors import DatabaseError, NoSuchModel
from db.queries import BattleRecord, RivalRecord, TagVotes
from db.session import Database
from elo.board.over_time import RatedDay
from elo.settings import Settings

logger = logging.getLogger(__name__)

N_SAMPLES = 5
HISTORY_WAIT_S = 0.3
"""How long a page waits for the ratings over time; then it links to them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A model's page. `board` is None where the arena's settings give no ratings; `history` is None while it is being
    computed. `samples` are battles with a counted vote whose visitors agree that they may be published. `player` is the
    roster's entry, None for a retired model."""

    card: ModelCard
    board: Board | None
    whole: Share | None
    rivals: tuple[AgainstRival, ...]
    tags: tuple[TagShare, ...]
    feedback: TagVotes
    samples: tuple[SharedBattle, ...]
    history: tuple[RatedDay, ...] | None
    player: Player | None


class Profiles:
    """`Arena.profiles`."""

    def __init__(self, database: Database, standings: Standings, players: Players, official: Settings) -> None:
        self._database = database
        self._standings = standings
        self._players = players
        self._histories = Histories(database, official)

    async def page(self, name: str) -> Profile:
        """Return the page of a model, at the present revision.

        Raises:
            Refusal: `model_not_found`, `not_stored`.
        """
        history = asyncio.create_task(self._history(name))
        try:
            records, by_tag, feedback, samples = await in_database(partial(self._read, name))
        except NoSuchModel as error:
            history.cancel()
            raise Refusal("model_not_found") from error
        board = await self._board()
        card = board.models.get(name) if board else None
        if card is None:
            card = (await self._cards())[name]
        done, _ = await asyncio.wait({history}, timeout=HISTORY_WAIT_S)
        return Profile(
            card=card,
            board=board,
            whole=share_of(records) if records else None,
            rivals=against(records),
            tags=compared(records, by_tag),
            feedback=feedback,
            samples=tuple(shown(record, is_own=False) for record in samples),
            history=history.result() if done else None,
            player=next((one for one in self._players.playing() if one.name == name), None),
        )

    async def histories(
        self, view: View = OFFICIAL, visitor: str | None = None, *, revision: int | None = None
    ) -> Mapping[str, tuple[RatedDay, ...]]:
        """Return the ratings over time of every model that was ever rated, from the votes that a view chooses; waits
        until they are computed. `visitor` and `revision` are as for `Histories.all`.

        Raises:
            Refusal: `not_stored`, `no_ratings`, `boards_busy`.
        """
        try:
            return await self._histories.all(view, visitor, revision=revision)
        except BoardsBusyError as error:
            raise Refusal("boards_busy") from error
        except DatabaseError as error:
            raise Refusal("not_stored") from error
        except (ValueError, ArithmeticError) as error:
            logger.warning("no ratings over time: %s", error)
            raise Refusal("no_ratings") from error

    async def _history(self, name: str) -> tuple[RatedDay, ...]:
        try:
            return (await self.histories()).get(name, ())
        except Refusal:
            return ()

    async def _board(self) -> Board | None:
        try:
            return await self._standings.board()
        except NoRatingsError:
            return None
        except DatabaseError as error:
            raise Refusal("not_stored") from error

    async def _cards(self) -> Mapping[str, ModelCard]:
        try:
            return await self._standings.cards()
        except DatabaseError as error:
            raise Refusal("not_stored") from error

    def _read(
        self, name: str
    ) -> tuple[list[RivalRecord], Mapping[str, list[RivalRecord]], TagVotes, list[BattleRecord]]:
        with self._database.read() as tx:
            return (
                queries.model_record(tx, name),
                queries.model_tags(tx, name),
                queries.model_feedback(tx, name),
                queries.model_samples(tx, name, N_SAMPLES),
            )
