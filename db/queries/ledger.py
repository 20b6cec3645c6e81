"""The ledger: one row that gives all changes of what counts one order, and what is read from the votes that count."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from db.codes import Kind, Reason
from db.queries.records import Cell, EloState, LedgerState, OnlineElo, OrderedVote, PairCount


def ledger_state(tx: Connection) -> LedgerState:
    """The revision that every board, cache and export carries."""
    raise NotImplementedError


def cells(tx: Connection, kind: Kind | None = Kind.BATTLE) -> list[Cell]:
    """Counted votes by (model on side A, model on side B, outcome), of one kind or of all (None); read from the index alone.
    In no order that means anything."""
    raise NotImplementedError


def exclusions(tx: Connection, kind: Kind | None = Kind.BATTLE) -> dict[Reason, int]:
    """How many votes each reason excludes; a vote with two reasons is in both. Reasons without a vote are absent."""
    raise NotImplementedError


def pair_counts(tx: Connection, kind: Kind | None = Kind.BATTLE) -> list[PairCount]:
    """Counted votes by unordered pair: what matchmaking balances."""
    raise NotImplementedError


def votes_in_order(tx: Connection, kind: Kind | None = None) -> Iterator[OrderedVote]:
    """The counted votes in order of revision, streamed: what online Elo replays (over all kinds)."""
    raise NotImplementedError


def elo_state(tx: Connection) -> Mapping[str, EloState]:
    """The stored online-Elo state by model. It is right only where `ledger_state` says so: see `refresh_elo_state`."""
    raise NotImplementedError


def refresh_elo_state(tx: Connection, elo: OnlineElo) -> Mapping[str, EloState]:
    """Replays all counted votes where the state is not right (or was made by another arithmetic), and returns it.
    Needs a write transaction."""
    raise NotImplementedError
