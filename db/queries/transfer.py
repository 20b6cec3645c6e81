"""Whole votes with their battles, out of one database and into another: what exports are made of."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from db.queries.records import BattleRecord


def voted_battles(tx: Connection) -> Iterator[BattleRecord]:
    """Every battle that has a vote, counted or not, in order of the vote's revision, streamed."""
    raise NotImplementedError


def import_votes(tx: Connection, battles: Iterable[BattleRecord], *, ledger_revision: int | None) -> int:
    """Adds battles with their votes in the order given; returns how many. Models and visitors are created by name.

    Into a database without votes the votes keep their revisions (they must rise) and the ledger goes on from
    `ledger_revision`; else they get the next n in the same order. Raises BadRecord, with the position (from 1), for a
    battle that is here already or cannot be stored.
    """
    raise NotImplementedError
