"""The boards of votes that a page can ask for, and why a board is refused."""

import logging
from collections.abc import Callable

from arena.service.readiness import Players
from arena.service.refusal import Refusal
from arena.standings import (
    OFFICIAL,
    Board,
    BoardsBusyError,
    Choices,
    FilteredBoards,
    KnownChoices,
    NoRatingsError,
    Standings,
    TooFewVotesError,
    TooManyBoardsError,
    View,
)
from db.errors import DatabaseError
from db.session import Database
from elo.battles import MissingDataError
from elo.fit.contextual import CollinearError, EndlessCoefficientError
from elo.settings import Settings

logger = logging.getLogger(__name__)


class Boards:
    """The use cases; `Arena.boards`."""

    def __init__(
        self, database: Database, standings: Standings, players: Players, elo: Settings, clock: Callable[[], float]
    ) -> None:
        """`elo` are the official board's settings; `clock` returns a Unix time in seconds."""
        self._standings = standings
        self._players = players
        self._known_choices = KnownChoices(database)
        self._filtered = FilteredBoards(database, elo, standings.cards_in, clock=clock)
        standings.on_forget = self._filtered.forget

    async def newest(self, view: View = OFFICIAL, *, visitor: str | None = None, address: str | None = None) -> Board:
        """Return the board of the votes that a view chooses: the official one with every vote that was acknowledged
        before this call, any other as `FilteredBoards` says. A model that has no counted vote and cannot be loaded is
        not on it, because it is in no battle.

        Raises: Refusal: `no_ratings`, `no_board` (the log says why); for other boards than the official one also
            `no_visitor` (the reader's own votes without a cookie), `too_few_votes` (n, least), `boards_busy`,
            `too_many_boards` (limit, wait_s), `no_ratings_of_view`, and with style control `style_collinear`,
            `style_endless` and `style_unknown`.
        """
        try:
            if view.is_official:
                board = await self._standings.board()
            elif view.is_mine and visitor is None:
                raise Refusal("no_visitor")
            else:
                board = await self._filtered.board(view, visitor, visitor or address or "")
        except NoRatingsError as error:
            raise Refusal("no_ratings" if view.is_official else _reason(view, error)) from error
        except TooFewVotesError as error:
            raise Refusal("too_few_votes", n=error.n, least=error.least) from error
        except BoardsBusyError as error:
            raise Refusal("boards_busy") from error
        except TooManyBoardsError as error:
            raise Refusal("too_many_boards", limit=error.limit, wait_s=error.wait_s) from error
        except DatabaseError as error:
            logger.exception("the leaderboard cannot be computed")
            raise Refusal("no_board") from error
        return board.without([name for name, state in self._players.states().items() if state == "failed"])

    async def older(self, view: View, visitor: str | None) -> tuple[Board | None, int]:
        """Return the board of the view if it is known, without computing it, and by how many changes of the ledger it
        is out of date.

        Raises:
            Refusal: `no_board`.
        """
        try:
            revision = await self._standings.revision()
        except DatabaseError as error:
            raise Refusal("no_board") from error
        board = self._standings.latest if view.is_official else self._filtered.kept(view, visitor)
        return board, 0 if board is None else revision - board.revision

    async def choices(self) -> Choices:
        """Return the languages and tags of the votes so far. Never fails."""
        return await self._known_choices.latest()

    async def warm_up(self) -> None:
        """Read what the first page of the leaderboard needs besides a board. Never fails."""
        await self.choices()


def _reason(view: View, error: NoRatingsError) -> str:
    """Return why a board of some votes has no ratings, as the key of a refusal."""
    cause = error.__cause__
    if view.has_style and isinstance(cause, CollinearError):
        return "style_collinear"
    if view.has_style and isinstance(cause, EndlessCoefficientError):
        return "style_endless"
    return "style_unknown" if view.has_style and isinstance(cause, MissingDataError) else "no_ratings_of_view"
