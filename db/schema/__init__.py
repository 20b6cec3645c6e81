"""The tables, as the newest migration leaves them.

A test compares the two. Votes copy the models and the kind of their battle, so that one index, `votes_board`, answers a
board's queries without reading a row. Rows refer to each other by integers and are known outside by random ids.
Enumerations are small integers with a CHECK. Times are seconds since 1970 in UTC, in double precision, the same number
in every database. There is no query and no rule here.
"""

from db.schema.base import metadata
from db.schema.battles import answers, battles, checks, feedback, turns
from db.schema.decks import campaign_pairs, campaigns, deck_answers, deck_prompts, decks
from db.schema.people import models, replicas, visitors
from db.schema.votes import elo_state, labels, ledger, scores, verdicts, vote_reasons, votes

__all__ = [
    "answers",
    "battles",
    "campaign_pairs",
    "campaigns",
    "checks",
    "deck_answers",
    "deck_prompts",
    "decks",
    "elo_state",
    "feedback",
    "labels",
    "ledger",
    "metadata",
    "models",
    "replicas",
    "scores",
    "turns",
    "verdicts",
    "visitors",
    "vote_reasons",
    "votes",
]
