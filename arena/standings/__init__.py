"""The boards: who leads, by which votes.

    official    the board of all counted votes of battles, computed once for each revision of the ledger
    filtered    the boards of some votes, as a reader chooses them; bounded, so that no reader can starve the arena
    view        what an address of the leaderboard asks for: filters, order, a search
    selection   the votes of a view; styled: with the style of answers, quickly
    rating      votes -> a board's ratings; online: the online Elo
    board       a board with what stands around it; cards: what is known of a model beside its votes
    lines       what a board says of each model, in the order and for the search of a view
    files       a board as JSON and CSV
    choices     the languages and tags that there are

No page and no sentence: `arena.service` puts the boards before the pages.
"""

from arena.standings.board import Board
from arena.standings.cards import ModelCard, cards_of
from arena.standings.choices import Choices, KnownChoices
from arena.standings.files import board_csv, board_json
from arena.standings.filtered import BoardsBusyError, FilteredBoards, TooFewVotesError, TooManyBoardsError
from arena.standings.lines import Line, lines, unrated
from arena.standings.official import NoRatingsError, Standings
from arena.standings.view import COLUMNS, OFFICIAL, View, ViewError

__all__ = [
    "COLUMNS",
    "OFFICIAL",
    "Board",
    "BoardsBusyError",
    "Choices",
    "FilteredBoards",
    "KnownChoices",
    "Line",
    "ModelCard",
    "NoRatingsError",
    "Standings",
    "TooFewVotesError",
    "TooManyBoardsError",
    "View",
    "ViewError",
    "board_csv",
    "board_json",
    "cards_of",
    "lines",
    "unrated",
]
