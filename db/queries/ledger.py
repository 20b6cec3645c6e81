"""The ledger: one row that gives all changes of what counts one order, and what is read from the votes that count.

The revision protocol. A transaction that changes what counts first calls `lock_ledger`, which holds everybody else who
does, then changes, then calls `advance_ledger`. So revisions become visible in their order, and whoever reads revision
r in a snapshot sees every change up to r. A vote's own revision is its place in the replay of the online Elo.

The online-Elo state is right when `elo_revision` equals `revision` and its name is the arithmetic's. A vote on a right
state extends it; a change of older votes sets `elo_revision` to 0, and the next vote or `refresh_elo_state` replays
first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    SmallInteger,
    cast,
    false,
    func,
    select,
    true,
    type_coerce,
    update,
)

from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.records.votes import Cell, EloState, LedgerState, OnlineElo, OrderedVote, PairCount, VoteTotals
from db.schema import elo_state as elo_table
from db.schema import ledger, models, vote_reasons, votes

_BATCH = 10_000
_MODEL_IDS = 1 << 24  # more than there will be models, and small enough for two and an outcome in 64 bits
_OUTCOMES = tuple(Outcome)
CODE = type_coerce(votes.c.outcome, SmallInteger).label("code")
"""The plain number of an outcome, for other queries too: a million calls of an enumeration take a second."""


@dataclass(frozen=True, slots=True)
class LockedLedger:
    """The ledger's row as this transaction holds it; nobody else can change what counts until it ends."""

    revision: int
    elo_revision: int
    elo_name: str

    def has_right_state(self, elo: OnlineElo) -> bool:
        return self.elo_revision == self.revision and self.elo_name == elo.name


def ledger_state(tx: Connection) -> LedgerState:
    """The revision that every board, cache and export carries."""
    row = tx.execute(select(ledger)).one()
    return LedgerState(row.revision, row.elo_revision, row.elo_name)


def cells(
    tx: Connection,
    kind: BattleKind | None = BattleKind.BATTLE,
    *,
    since: float | None = None,
    until: float | None = None,
) -> list[Cell]:
    """Counted votes by (model on side A, model on side B, outcome), of one kind or of all (None), cast at `since` or
    later and before `until`; without times read from the index alone. In no order that means anything."""
    names = _names(tx)
    grouped = select(votes.c.model_a, votes.c.model_b, CODE, func.count().label("n")).group_by(
        votes.c.model_a, votes.c.model_b, votes.c.outcome
    )
    chosen = of_votes(grouped.where(votes.c.counted == true()), kind, since, until)
    return [Cell(names[a], names[b], _OUTCOMES[code], n) for a, b, code, n in tx.execute(chosen)]


def vote_totals(tx: Connection, kind: BattleKind | None = BattleKind.BATTLE) -> VoteTotals:
    """How many votes count and how many do not."""
    grouped = select(votes.c.counted, func.count()).group_by(votes.c.counted)
    if kind is not None:
        grouped = grouped.where(votes.c.kind == kind)
    found: dict[bool, int] = dict(tx.execute(grouped).all())
    return VoteTotals(counted=found.get(True, 0), excluded=found.get(False, 0))


def exclusions(
    tx: Connection,
    kind: BattleKind | None = BattleKind.BATTLE,
    *,
    since: float | None = None,
    until: float | None = None,
) -> dict[Reason, int]:
    """How many votes each reason excludes, by code; a vote with two reasons is in both. Reasons without a vote are
    absent."""
    grouped = select(vote_reasons.c.reason, func.count()).select_from(vote_reasons.join(votes))
    grouped = of_votes(grouped.group_by(vote_reasons.c.reason), kind, since, until)
    return dict(tx.execute(grouped.order_by(vote_reasons.c.reason)).all())


def pair_counts(tx: Connection, kind: BattleKind | None = BattleKind.BATTLE) -> list[PairCount]:
    """Counted votes by unordered pair, sorted by names: what matchmaking balances."""
    counts: dict[tuple[str, str], int] = {}
    for cell in cells(tx, kind):
        pair = (min(cell.model_a, cell.model_b), max(cell.model_a, cell.model_b))
        counts[pair] = counts.get(pair, 0) + cell.n
    return [PairCount(a, b, n) for (a, b), n in sorted(counts.items())]


def votes_in_order(
    tx: Connection, kind: BattleKind | None = None, *, since: float | None = None, until: float | None = None
) -> Iterator[OrderedVote]:
    """The counted votes in order of revision, streamed: what online Elo replays (over all kinds)."""
    names = _names(tx)
    # Made for a million votes: one number a row, one object a cell; and `<> false` where `= true` would tempt SQLite to
    # read by votes_board and sort (0.9 s instead of 3.4 s of processor time).
    model_a, model_b = (cast(column, BigInteger) for column in (votes.c.model_a, votes.c.model_b))
    packed = (model_a * _MODEL_IDS + model_b) * len(_OUTCOMES) + CODE
    in_order = select(packed).where(votes.c.counted != false()).order_by(votes.c.revision)
    in_order = of_votes(in_order, kind, since, until)
    met: dict[int, OrderedVote] = {}
    for number in tx.scalars(in_order, execution_options={"yield_per": _BATCH}):
        vote = met.get(number)
        if vote is None:
            pair, code = divmod(number, len(_OUTCOMES))
            a, b = divmod(pair, _MODEL_IDS)
            vote = met[number] = OrderedVote(names[a], names[b], _OUTCOMES[code])
        yield vote


def elo_state(tx: Connection) -> Mapping[str, EloState]:
    """The stored online-Elo state by model name. It is right only where `ledger_state` says so: see
    `refresh_elo_state`."""
    stored = select(models.c.name, elo_table.c.rating, elo_table.c.games).join(models).order_by(models.c.name)
    return {name: EloState(rating, games) for name, rating, games in tx.execute(stored)}


def refresh_elo_state(tx: Connection, elo: OnlineElo) -> Mapping[str, EloState]:
    """Replays all counted votes where the state is not right (or was made by another arithmetic), and returns it.
    Needs a write transaction."""
    locked = lock_ledger(tx)
    if not locked.has_right_state(elo):
        store_replay(tx, locked, elo)
    return elo_state(tx)


def replay(ordered: Iterable[OrderedVote], elo: OnlineElo) -> dict[str, EloState]:
    """What the online-Elo state must be after these votes; models without one are absent."""
    ratings: dict[str, float] = {}
    games: dict[str, int] = {}
    for a, b, outcome in ordered:
        ratings[a], ratings[b] = elo.update(ratings.get(a, elo.start), ratings.get(b, elo.start), outcome)
        games[a] = games.get(a, 0) + 1
        games[b] = games.get(b, 0) + 1
    return {name: EloState(ratings[name], games[name]) for name in sorted(ratings)}


def lock_ledger(tx: Connection) -> LockedLedger:
    """For other queries: takes the row lock. On SQLite a write transaction holds the whole database already."""
    row = tx.execute(select(ledger).with_for_update()).one()
    return LockedLedger(row.revision, row.elo_revision, row.elo_name)


def advance_ledger(tx: Connection, locked: LockedLedger, *, by: int = 1, keeps_elo: bool) -> int:
    """For other queries: adds to the revision and returns it. `keeps_elo` says that the counted votes are the same as
    before, or that the caller has brought the state along; otherwise the state is set back."""
    revision = locked.revision + by
    if not keeps_elo:
        elo_revision = 0
    elif locked.elo_revision == locked.revision:
        elo_revision = revision
    else:
        elo_revision = locked.elo_revision
    tx.execute(update(ledger).values(revision=revision, elo_revision=elo_revision))
    return revision


def store_replay(tx: Connection, locked: LockedLedger, elo: OnlineElo) -> None:
    """For other queries: makes the state right, under the lock."""
    state = replay(votes_in_order(tx), elo)
    ids = {name: model_id for model_id, name in _names(tx).items()}
    tx.execute(elo_table.delete())
    if state:
        tx.execute(
            elo_table.insert(),
            [{"model_id": ids[name], "rating": now.rating, "games": now.games} for name, now in state.items()],
        )
    tx.execute(update(ledger).values(elo_revision=locked.revision, elo_name=elo.name))


def _names(tx: Connection) -> dict[int, str]:
    return dict(tx.execute(select(models.c.id, models.c.name)).all())


def of_votes(
    query: Select[Any], kind: BattleKind | None, since: float | None = None, until: float | None = None
) -> Select[Any]:
    """For other queries: of votes of that kind (None: of any) alone, cast at `since` or later and before `until`."""
    if kind is not None:
        query = query.where(votes.c.kind == kind)
    if since is not None:
        query = query.where(votes.c.cast_at >= since)
    return query if until is None else query.where(votes.c.cast_at < until)
