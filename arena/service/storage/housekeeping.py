"""What a process of the arena registers, keeps up to date and deletes in the database.

One transaction for each step; call them in worker threads (`in_database`).
"""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Connection

from arena.rules import limits
from db import queries
from db.online_replay import bring_up_to_date
from db.queries import Interrupted, ModelInfo, OnlineElo
from db.session import Database


class Housekeeping:
    """The steps. One that fails raises `db.errors.DatabaseError` and changes nothing."""

    def __init__(self, database: Database, online_elo: OnlineElo, *, replica: str, now: Callable[[], float]) -> None:
        """`replica` names this process; `now` returns a Unix time in seconds."""
        self._database = database
        self._online_elo = online_elo
        self._replica = replica
        self._now = now

    def register(self, models: Sequence[ModelInfo], *, retired: Collection[str]) -> tuple[Interrupted, ...]:
        """Register this process and the active models, retire the stored models named in `retired`, and void the open
        battles of an earlier process of this name and of processes that have ended; return these battles. A model in
        neither list is left alone, because it may be on the roster of another process."""
        now = self._now()
        with self._database.write() as tx:
            queries.touch_replica(tx, self._replica, now=now)
            _register_models(tx, models, retired, now)
            return queries.close_stale_battles(
                tx, replica=self._replica, lost_before=now - limits.LOST_AFTER_S, now=now
            )

    def register_models(self, models: Sequence[ModelInfo], *, retired: Collection[str]) -> None:
        """Register the active models and retire those named in `retired`, as `register` does."""
        with self._database.write() as tx:
            _register_models(tx, models, retired, self._now())

    def tidy(self) -> None:
        """Record that this process is alive, and delete addresses before they are a day old."""
        now = self._now()
        with self._database.write() as tx:
            queries.touch_replica(tx, self._replica, now=now)
            queries.clear_addresses(tx, before=now - limits.KEEP_ADDRESSES_S + limits.HOUSEKEEPING_EVERY_S)

    def store_models(self, models: Sequence[ModelInfo]) -> None:
        with self._database.write() as tx:
            queries.upsert_models(tx, models, now=self._now())

    def replay(self) -> bool:
        """Bring the online ratings up to date, if more votes must be replayed for that than a vote or a board waits
        for; return whether they are right now."""
        with self._database.read() as tx:
            if queries.ledger_state(tx).has_right_state(self._online_elo):
                return True
            if not queries.is_long_replay(tx):
                return False
        return bring_up_to_date(self._database, self._online_elo)


def _register_models(tx: Connection, models: Sequence[ModelInfo], retired: Collection[str], now: float) -> None:
    queries.upsert_models(tx, models, now=now)
    queries.retire_models(tx, retired, now=now)
