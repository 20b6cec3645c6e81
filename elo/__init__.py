"""Ratings of models from votes on pairs of answers: pure functions from counts to a board.

    votes (a file, a database)  ->  battles.Votes   index arrays, one entry per vote, in order
                                ->  battles.Cells   how often each pair met with each outcome; the order is gone
    Cells   ->  bradley_terry   ratings: one maximum of one likelihood
            ->  intervals       how far chance alone could have moved them
    Votes   ->  online          Elo after every vote: for the thrill, never for the board's order
    all     ->  leaderboard     rate(cells, settings) and rate_online(votes, settings): rows with ranks

`python -m elo recompute` does the whole way on the command line. The package knows no arena, no web page and, but for
that command, no database; every number that shapes a rating is in one frozen `Settings`.
"""

from elo.battles import Cells, Votes
from elo.leaderboard import Leaderboard, Row, rate, rate_online
from elo.settings import Settings

__all__ = ["Cells", "Leaderboard", "Row", "Settings", "Votes", "rate", "rate_online"]
