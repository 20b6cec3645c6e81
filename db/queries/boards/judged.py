"""Single votes with their reasons and prompts, for reports on quality.

Votes that do not count are included. Ratings read `ledger` and `ratings`, which have only votes that count.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.queries.boards.battle_columns import BattleColumns
from db.schema import battles, models, turns, visitors, vote_reasons, votes

_BATCH = 10_000
_MODEL_A = models.alias("a")
_MODEL_B = models.alias("b")
_VOTES = (
    select(
        votes.c.id,
        votes.c.battle_id,
        votes.c.revision,
        votes.c.outcome,
        votes.c.cast_at,
        visitors.c.pseudonym,
        _MODEL_A.c.name.label("name_a"),
        _MODEL_B.c.name.label("name_b"),
        turns.c.prompt,
    )
    .join(battles, votes.c.battle_id == battles.c.id)
    .join(visitors, battles.c.visitor_id == visitors.c.id)
    .join(_MODEL_A, votes.c.model_a == _MODEL_A.c.id)
    .join(_MODEL_B, votes.c.model_b == _MODEL_B.c.id)
    .outerjoin(turns, (turns.c.battle_id == battles.c.id) & (turns.c.n == 1))
    .order_by(votes.c.revision)
    .limit(_BATCH)
)


class JudgedVote(NamedTuple):
    """One vote, which counts if it has no reasons. `prompt` is that of the first turn, None for a prepared one and for
    one that was deleted."""

    model_a: str
    model_b: str
    outcome: Outcome
    voter: str
    reasons: tuple[Reason, ...]
    prompt: str | None
    cast_at: float
    """In seconds since 1970."""
    further: tuple[object, ...] = ()
    """The requested columns."""


def judged_votes(
    tx: Connection, kind: BattleKind | None = BattleKind.BATTLE, *, further: Sequence[str] = ()
) -> Iterator[JudgedVote]:
    """Yield the votes of one kind, or of all (None), in order of revision, with the columns named in `further`, some of
    `BATTLE_COLUMNS`."""
    columns = BattleColumns(tx, further)
    chosen = _VOTES if kind is None else _VOTES.where(votes.c.kind == kind)
    given = select(vote_reasons.c.vote_id, vote_reasons.c.reason).join(votes).order_by(vote_reasons.c.reason)
    last = 0
    while rows := tx.execute(chosen.where(votes.c.revision > last)).all():
        first, last = rows[0].revision, rows[-1].revision
        reasons: dict[int, list[Reason]] = defaultdict(list)
        for vote_id, reason in tx.execute(given.where(votes.c.revision.between(first, last))):
            reasons[vote_id].append(reason)
        values = columns.of([row.battle_id for row in rows])
        for row in rows:
            yield JudgedVote(
                row.name_a,
                row.name_b,
                row.outcome,
                row.pseudonym,
                tuple(reasons.get(row.id, ())),
                row.prompt or None,
                row.cast_at,
                values.get(row.battle_id, ()),
            )
