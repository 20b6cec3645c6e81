"""Ratings of models from votes on pairs of answers: pure functions from counts to a board.

    reading      votes_file, vote_columns, reading/        files of votes  ->  battles.Votes: index arrays in order
    counting     battles, weights                         Votes, or counts of a database  ->  Cells, Pairs
    fitting      bradley_terry, ties, contextual, gauge   Pairs, or votes with covariates  ->  the likeliest ratings
    chance       intervals, poisson, short_records,       how far chance alone could have moved them, votes one by one
                 clusters, simultaneous, ranks            or in clusters, for each model or for all at once
    board        estimate, leaderboard, notes, table      rate(cells or votes, settings)  ->  rows, JSON, text
    more         matrices, plots, planning, compare       what else the same fit says, and what to play next
    votes        voters, exchangeability, quality         who does not vote on what they read, and what was left out
    other        online, simulate                         Elo after every vote, never for the order; made-up votes

`python -m elo recompute` does the whole way on the command line. The package knows no arena, no web page and, but for
that command, no database; every number that shapes a rating is in one frozen `Settings`.
"""

from elo.battles import Cells, Votes
from elo.leaderboard import Leaderboard, Row, rate, rate_online
from elo.settings import Settings

__all__ = ["Cells", "Leaderboard", "Row", "Settings", "Votes", "rate", "rate_online"]
