"""The ledger's revision, and the votes that count: their numbers, and their order.

The revision protocol: a transaction that changes what counts first calls `lock_ledger`, which makes other such
transactions wait, then makes its changes, then calls `advance_ledger`. So revisions become visible in order, and a
snapshot with revision r contains every change up to r. A vote's revision is its place in the replay of the online Elo.

`elo_revision` is the revision up to which the online-Elo state is right (`db.queries.boards.online`).
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

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
from db.queries.roster import model_names
from db.records.votes import Cell, LedgerState, OrderedVote, PairCount, VoteTotals
from db.schema import battles, ledger, vote_reasons, votes

Integers = TypeVar("Integers", bound=Any)
_BATCH = 20_000
_MODEL_IDS = 1 << 24  # more than any number of models; two ids and an outcome fit in 64 bits
_OUTCOMES = tuple(Outcome)
CODE = type_coerce(votes.c.outcome, SmallInteger).label("code")
"""The outcome's code, also for other queries: making a million members of an enumeration takes a second."""
PACKED = (cast(votes.c.model_a, BigInteger) * _MODEL_IDS + cast(votes.c.model_b, BigInteger)) * len(_OUTCOMES) + CODE
"""Models and outcome as one number for `unpacked`."""


class LockedLedger(LedgerState):
    """The ledger's row, locked by this transaction: until it ends, no other can change what counts."""


def ledger_state(tx: Connection) -> LedgerState:
    """Return the ledger's row; its revision is on every board, cache and export."""
    row = tx.execute(select(ledger)).one()
    return LedgerState(row.revision, row.elo_revision, row.elo_name)


def cells(
    tx: Connection,
    kind: BattleKind | None = BattleKind.BATTLE,
    *,
    since: float | None = None,
    until: float | None = None,
) -> list[Cell]:
    """Count the counted votes by (model on side A, model on side B, outcome), in no particular order.

    `kind` None means all kinds. The votes were cast at `since` or later and before `until`; without times only the
    index is read.
    """
    names = model_names(tx)
    grouped = select(votes.c.model_a, votes.c.model_b, CODE, func.count().label("n")).group_by(
        votes.c.model_a, votes.c.model_b, votes.c.outcome
    )
    chosen = of_votes(grouped.where(votes.c.counted == true()), kind, since, until)
    return [Cell(names[a], names[b], _OUTCOMES[code], n) for a, b, code, n in tx.execute(chosen)]


def vote_totals(
    tx: Connection,
    kind: BattleKind | None = BattleKind.BATTLE,
    *,
    since: float | None = None,
    until: float | None = None,
) -> VoteTotals:
    """Return how many votes, cast at `since` or later and before `until`, count and how many do not."""
    grouped = of_votes(select(votes.c.counted, func.count()).group_by(votes.c.counted), kind, since, until)
    found: dict[bool, int] = dict(tx.execute(grouped).all())
    return VoteTotals(counted=found.get(True, 0), excluded=found.get(False, 0))


def exclusions(
    tx: Connection,
    kind: BattleKind | None = BattleKind.BATTLE,
    *,
    since: float | None = None,
    until: float | None = None,
) -> dict[Reason, int]:
    """Return how many votes each reason excludes, by code, without reasons that exclude none. A vote with two reasons
    is counted for both."""
    grouped = select(vote_reasons.c.reason, func.count()).select_from(vote_reasons.join(votes))
    grouped = of_votes(grouped.group_by(vote_reasons.c.reason), kind, since, until)
    return dict(tx.execute(grouped.order_by(vote_reasons.c.reason)).all())


def pair_counts(tx: Connection, kind: BattleKind | None = BattleKind.BATTLE) -> list[PairCount]:
    """Count the counted votes by unordered pair, sorted by names, for matchmaking."""
    counts: dict[tuple[str, str], int] = {}
    for cell in cells(tx, kind):
        pair = (min(cell.model_a, cell.model_b), max(cell.model_a, cell.model_b))
        counts[pair] = counts.get(pair, 0) + cell.n
    return [PairCount(a, b, n) for (a, b), n in sorted(counts.items())]


def votes_in_order(
    tx: Connection, kind: BattleKind | None = None, *, since: float | None = None, until: float | None = None
) -> Iterator[OrderedVote]:
    """Yield the counted votes in order of revision, as the online Elo replays those on battles. `kind` None: any."""
    names = model_names(tx)
    met: dict[int, OrderedVote] = {}
    for numbers in packed_in_order(tx, kind, since=since, until=until):
        for number in numbers:
            vote = met.get(number)
            if vote is None:
                a, b, code = unpacked(number)
                vote = met[number] = OrderedVote(names[a], names[b], _OUTCOMES[code])
            yield vote


def packed_in_order(
    tx: Connection,
    kind: BattleKind | None = None,
    *,
    after: int = 0,
    since: float | None = None,
    until: float | None = None,
) -> Iterator[Sequence[int]]:
    """Yield the counted votes after a revision in batches, in order, each as one number for `unpacked`."""
    # For a million votes: one number per row; and `<> false`, because with `= true` SQLite reads by votes_board and
    # sorts (0.9 s instead of 3.4 s of processor time).
    page = select(votes.c.revision, PACKED).where(votes.c.counted != false()).order_by(votes.c.revision).limit(_BATCH)
    page = of_votes(page, kind, since, until)
    while True:
        found = tx.execute(page.where(votes.c.revision > after))
        assert found.cursor is not None
        rows = found.cursor.fetchall()  # the driver's: to make SQLAlchemy's rows would take a second more
        found.close()
        if not rows:
            return
        after = rows[-1][0]
        yield [number for _, number in rows]


def voters_in_order(
    tx: Connection, kind: BattleKind | None = None, *, since: float | None = None, until: float | None = None
) -> Iterator[tuple[int, int, int, int]]:
    """Yield the counted votes in order of revision, each as the row numbers of its visitor and of the models on sides A
    and B, and the outcome's code."""
    columns = (votes.c.revision, battles.c.visitor_id, votes.c.model_a, votes.c.model_b, CODE)
    page = select(*columns).join(battles, votes.c.battle_id == battles.c.id)
    page = page.where(votes.c.counted != false()).order_by(votes.c.revision).limit(_BATCH)
    page, after = of_votes(page, kind, since, until), 0
    while True:
        found = tx.execute(page.where(votes.c.revision > after))
        assert found.cursor is not None
        rows = found.cursor.fetchall()  # the driver's, as in `packed_in_order`
        found.close()
        if not rows:
            return
        after = rows[-1][0]
        for _, visitor, a, b, code in rows:
            yield visitor, a, b, code


def unpacked(number: Integers) -> tuple[Integers, Integers, Integers]:
    """The row numbers of both models, and the outcome's code; of an array, arrays."""
    pair, code = divmod(number, len(_OUTCOMES))
    return *divmod(pair, _MODEL_IDS), code


def lock_ledger(tx: Connection) -> LockedLedger:
    """Take the row lock (for other queries). On SQLite a write transaction has locked the whole database already."""
    row = tx.execute(select(ledger).with_for_update()).one()
    return LockedLedger(row.revision, row.elo_revision, row.elo_name)


def advance_ledger(tx: Connection, locked: LockedLedger, *, by: int = 1, keeps_elo: bool) -> int:
    """Add to the revision and return it (for other queries). With `keeps_elo` the counted votes are unchanged, or the
    caller has updated the online-Elo state; otherwise that state is marked as out of date."""
    revision = locked.revision + by
    if not keeps_elo:
        elo_revision = 0
    elif locked.elo_revision == locked.revision:
        elo_revision = revision
    else:
        elo_revision = locked.elo_revision
    tx.execute(update(ledger).values(revision=revision, elo_revision=elo_revision))
    return revision


def of_votes(
    query: Select[Any], kind: BattleKind | None, since: float | None = None, until: float | None = None
) -> Select[Any]:
    """Restrict a query to votes of a kind (None: any) cast at `since` or later and before `until`."""
    if kind is not None:
        query = query.where(votes.c.kind == kind)
    if since is not None:
        query = query.where(votes.c.cast_at >= since)
    return query if until is None else query.where(votes.c.cast_at < until)
