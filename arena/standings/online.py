"""The online Elo of every model, which moves with each counted vote."""

import logging
from collections.abc import Mapping
from functools import partial

from db import queries
from db.errors import DatabaseError
from db.online_replay import bring_up_to_date
from db.queries import OnlineElo
from db.session import Database
from elo import online
from elo.settings import Settings

logger = logging.getLogger(__name__)


def online_elo(settings: Settings) -> OnlineElo:
    """Return the online Elo of these settings in the form that `db` needs, which has no formula."""
    update, update_all = partial(online.update, settings=settings), partial(online.extend, settings=settings)
    return OnlineElo(online.name_of(settings), settings.start, update, update_all)


def online_ratings(database: Database, elo: OnlineElo) -> Mapping[str, float] | None:
    """Return the ratings after all counted votes, by model. If a change since the last vote made them out of date, they
    are replayed first, or None is returned if that would take long (`db.online_replay` does it in the background). They
    are empty if the database fails, which the log says: a board does without them."""
    try:
        with database.read() as tx:
            state, found = queries.ledger_state(tx), queries.elo_state(tx)
            if not state.has_right_state(elo) and queries.is_long_replay(tx):
                return None
        if not state.has_right_state(elo):
            bring_up_to_date(database, elo)
            with database.read() as tx:
                state, found = queries.ledger_state(tx), queries.elo_state(tx)
    except DatabaseError:
        logger.exception("the online ratings cannot be read")
        return {}
    return {name: one.rating for name, one in found.items()} if state.has_right_state(elo) else {}
