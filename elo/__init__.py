"""Ratings of models from votes on pairs of answers: pure functions from counts to a board.

    votes        files and rows  ->  battles.Votes: index arrays in order
    fit          counts or votes  ->  the likeliest ratings
    chance       how far chance alone could have moved them
    board        ratings with intervals  ->  what people read
    quality      how far the votes can be trusted
    commands     one file for each command of `python -m elo`

    settings     every number that shapes a rating, in one frozen class
    battles      votes as index arrays, and cells with counts
    estimate     which fit the settings ask for, with its intervals
    online       Elo after every vote, never for the order
    simulate     votes from known ratings

A wing imports only the wings above it in this list, `settings` and `battles`; `estimate` imports `fit` and `chance`,
`board` imports `estimate` and `online`. `python -m elo recompute` does the whole way on the command line. The package
knows no arena, no web page and, but for its commands, no database.
"""

from elo.battles import Cells, Votes
from elo.board.leaderboard import BoardRow, Leaderboard, rate, rate_online
from elo.settings import Settings

__version__ = "0.2.0"
__all__ = ["BoardRow", "Cells", "Leaderboard", "Settings", "Votes", "rate", "rate_online"]
