"""What a visitor has done lately, for limits and for the rule of named probes."""

from sqlalchemy import Connection, func, select

from db.codes import BattleKind
from db.records.visitors import Recent, Withdrawals
from db.schema import battles, turns, visitors, votes


def count_recent(tx: Connection, *, visitor: str, address: str | None, since: float, is_quick: bool = False) -> Recent:
    """Count the battles opened and votes cast by the visitor, and the battles opened from the address: all but quick
    ones, or with `is_quick` only those. A battle and the one that replaced it are one."""
    is_chosen = battles.c.kind == BattleKind.QUICK if is_quick else battles.c.kind != BattleKind.QUICK
    opened = select(func.count()).where(battles.c.opened_at >= since, battles.c.replaced_by.is_(None), is_chosen)
    own = opened.select_from(battles.join(visitors)).where(visitors.c.pseudonym == visitor)
    near = opened.select_from(battles).where(battles.c.address == address)
    voted = select(func.count()).select_from(votes.join(battles).join(visitors)).where(visitors.c.pseudonym == visitor)
    return Recent(
        battles=tx.scalar(own) or 0,
        votes=tx.scalar(voted.where(votes.c.cast_at >= since, is_chosen)) or 0,
        address_battles=0 if address is None else tx.scalar(near) or 0,
    )


def named_prompts(tx: Connection, visitor: str, *, since: float) -> frozenset[str]:
    """Return every prompt that the visitor has sent since then to a page with names (kinds `named` and `chat`)."""
    asked = (
        select(turns.c.prompt)
        .select_from(turns.join(battles).join(visitors))
        .where(
            visitors.c.pseudonym == visitor,
            func.coalesce(turns.c.asked_at, battles.c.opened_at) >= since,
            battles.c.kind.in_((BattleKind.NAMED, BattleKind.CHAT)),
        )
    )
    return frozenset(tx.scalars(asked))


def withdrawals(tx: Connection, visitor: str, *, since: float) -> Withdrawals:
    """Count the visitor's votes that were withdrawn since then and in total, and all votes."""
    counted = (
        select(
            func.count().filter(votes.c.withdrawn_at >= since),
            func.count().filter(votes.c.withdrawn_at.is_not(None)),
            func.count(),
        )
        .select_from(votes.join(battles).join(visitors))
        .where(visitors.c.pseudonym == visitor)
    )
    return Withdrawals(*tx.execute(counted).one())
