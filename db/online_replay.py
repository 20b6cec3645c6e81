"""Bring the online-Elo state up to date without keeping the ledger locked.

A replay reads a snapshot, then takes the lock only to add the votes that were cast meanwhile and to store the state, in
one transaction. So a crash leaves the old state, which is marked as out of date. If an older vote changed meanwhile, or
many were imported, it tries again. Several processes may do this at once: each stores the same state.
"""

import logging

from db.queries.boards.ledger import ledger_state
from db.queries.boards.online import Replay, extended, store_replay
from db.records.votes import OnlineElo
from db.session import Database

logger = logging.getLogger(__name__)

_MOST_TRIES = 10


def bring_up_to_date(database: Database, elo: OnlineElo) -> bool:
    """Replay the counted votes if the stored state is out of date, and return whether it is up to date now. It is not
    if older votes changed during each of ten tries; then call this again later.

    Raises StorageFailed.
    """
    with database.read() as tx:
        if ledger_state(tx).has_right_state(elo):
            return True
    so_far = Replay(elo)
    for _ in range(_MOST_TRIES):
        with database.read() as tx:
            so_far = extended(tx, so_far)
        with database.write() as tx:
            if store_replay(tx, so_far):
                return True
    logger.warning("the online ratings are still out of date: votes changed during each of %d replays", _MOST_TRIES)
    return False
