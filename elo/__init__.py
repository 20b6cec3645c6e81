"""Ratings of models from votes on pairs of answers.

    votes        files and rows  ->  battles.Votes: index arrays in order
    fit          counts or votes  ->  the likeliest ratings
    chance       how far chance alone could have moved them
    board        ratings with intervals  ->  what people read
    quality      how far the votes can be trusted
    commands     one file for each command of `python -m elo`

    settings     every number that shapes a rating, in one frozen class
    battles      votes as index arrays, and cells with counts
    estimate     `fit` and `spread`: the ratings that the settings ask for, and how well they are known
    online       Elo after every vote, never for the order of models
    simulate     votes from known ratings
    frames       data frames, rows and columns in memory  ->  columns, and back
    notebook     a board as text, HTML, a figure, a frame and pairs
    reading      votes of any shape, as a caller gives them
    library      the functions of `import elo`

    votes -> estimate.fit -> estimate.spread -> board.leaderboard.board_from      `rate` is the three in a row

A folder imports only from the folders above it in this list, `settings` and `battles`; `estimate` imports `fit` and
`chance`, `board` imports `estimate` and `online`; above `notebook` and `library` are only the commands. The package
imports nothing of the arena and, except in its commands, no database. `python -m elo recompute` is the command line.
What `elo` offers is imported when it is first used, so the command line starts, and prints its help, without NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.outcome import Outcome
    from elo.battles import Cells, Votes
    from elo.board.leaderboard import BoardRow, Leaderboard, rate_online
    from elo.library import compare, examine, plan, rate, read_votes
    from elo.notebook import Board, Boards, Figure, PairRow, PairTable
    from elo.settings import Settings

__version__ = "0.2.0"
__all__ = [
    "Board",
    "BoardRow",
    "Boards",
    "Cells",
    "Figure",
    "Leaderboard",
    "Outcome",
    "PairRow",
    "PairTable",
    "Settings",
    "Votes",
    "compare",
    "examine",
    "plan",
    "rate",
    "rate_online",
    "read_votes",
]

_MODULES = {
    "db.outcome": ("Outcome",),
    "elo.battles": ("Cells", "Votes"),
    "elo.board.leaderboard": ("BoardRow", "Leaderboard", "rate_online"),
    "elo.library": ("compare", "examine", "plan", "rate", "read_votes"),
    "elo.notebook": ("Board", "Boards", "Figure", "PairRow", "PairTable"),
    "elo.settings": ("Settings",),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            value: object = getattr(import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'elo' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
