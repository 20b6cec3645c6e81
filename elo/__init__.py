"""Ratings of models from votes on pairs of answers: pure functions from counts to a board.

    votes_file, rows   a votes file (CSV, JSON, JSON lines)  ->  battles.Votes: index arrays in order
    battles            Votes, or counts from a database      ->  Cells: how often each pair met with each outcome
    bradley_terry      Cells  ->  ratings: the one maximum of one likelihood
    intervals, poisson Cells  ->  how far chance alone could have moved them
    online             Votes  ->  Elo after every vote: for the thrill, never for the board's order
    leaderboard        rate(cells, settings), rate_online(votes, settings)  ->  rows with ranks, and their JSON
    table              a board as text

`python -m elo recompute` does the whole way on the command line. The package knows no arena, no web page and, but for
that command, no database; every number that shapes a rating is in one frozen `Settings`.
"""

from elo.battles import Cells, Votes
from elo.leaderboard import Leaderboard, Row, rate, rate_online
from elo.settings import Settings

__all__ = ["Cells", "Leaderboard", "Row", "Settings", "Votes", "rate", "rate_online"]
