"""A visitor's battles and votes, for the visitor: in a list, with everything in them, and counted."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, false, func, select, tuple_

from db import errors
from db.codes import BattleKind
from db.outcome import Outcome
from db.queries.battles.summaries import SUMMARIES, summaries
from db.queries.load import load_battles
from db.queries.roster import model_names
from db.records.battles import BattleRecord
from db.records.visitors import BattleSummary, OwnTotals
from db.records.votes import Cell
from db.schema import battles, visitors, vote_reasons, votes


def visitor_battles(
    tx: Connection,
    visitor: str,
    *,
    kinds: Collection[BattleKind] | None = None,
    outcome: Outcome | None = None,
    counted: bool | None = None,
    is_shared: bool = False,
    before: str | None = None,
    limit: int,
) -> list[BattleSummary]:
    """Return at most `limit` battles of the visitor, the newest first: of these kinds, with one outcome, with a vote
    that counts or does not (None: any), only shared ones if so asked, and opened before the battle with the id
    `before`, the last of the page before. A battle that was replaced is left out.

    Raises NoSuchBattle if `before` is not a battle of the visitor.
    """
    visitor_id = tx.scalar(select(visitors.c.id).where(visitors.c.pseudonym == visitor))
    chosen = SUMMARIES.where(battles.c.visitor_id == visitor_id, battles.c.replaced_by.is_(None)).limit(limit)
    if kinds is not None:
        chosen = chosen.where(battles.c.kind.in_(kinds))
    if outcome is not None:
        chosen = chosen.where(votes.c.outcome == outcome)
    if counted is not None:
        chosen = chosen.where(votes.c.counted.is_(counted))
    if is_shared:
        chosen = chosen.where(battles.c.shared_at.is_not(None))
    if before is not None:
        chosen = chosen.where(_opened_before(tx, before, visitor_id))
    return summaries(tx, chosen, knows_all=False)


def visitor_records(tx: Connection, visitor: str, *, before: str | None = None, limit: int) -> list[BattleRecord]:
    """Return at most `limit` battles of the visitor with everything in them, the newest first, replaced ones too. The
    records have names that the visitor may not know yet. Raises as `visitor_battles`."""
    visitor_id = tx.scalar(select(visitors.c.id).where(visitors.c.pseudonym == visitor))
    chosen = select(battles.c.id, battles.c.uuid).where(battles.c.visitor_id == visitor_id)
    if before is not None:
        chosen = chosen.where(_opened_before(tx, before, visitor_id))
    rows = tx.execute(chosen.order_by(battles.c.opened_at.desc(), battles.c.id.desc()).limit(limit)).all()
    place = {row.uuid: number for number, row in enumerate(rows)}
    found = load_battles(tx, battles.c.id.in_([row.id for row in rows]))
    return sorted(found, key=lambda battle: place[battle.battle_id])


def visitor_totals(tx: Connection, visitor: str) -> OwnTotals:
    """Count the visitor's battles (without those that were replaced), shared ones and votes, and the votes on battles
    of drawn models (control battles too) that count or do not, by reason; and all votes that count."""
    visitor_id = tx.scalar(select(visitors.c.id).where(visitors.c.pseudonym == visitor))
    own = battles.c.visitor_id == visitor_id
    is_blind = battles.c.kind.in_((BattleKind.BATTLE, BattleKind.CONTROL))
    n_battles, n_shared, n_votes, n_blind, n_counted, n_counting = tx.execute(
        select(
            func.count().filter(battles.c.replaced_by.is_(None)),
            func.count(battles.c.shared_at),
            func.count(votes.c.id),
            func.count(votes.c.id).filter(is_blind),
            func.count(votes.c.id).filter(is_blind, votes.c.counted != false()),
            func.count(votes.c.id).filter(votes.c.counted != false()),
        )
        .select_from(battles.outerjoin(votes))
        .where(own)
    ).one()
    excluded = tx.execute(
        select(vote_reasons.c.reason, func.count())
        .select_from(battles.join(votes).join(vote_reasons))
        .where(own, is_blind)
        .group_by(vote_reasons.c.reason)
    )
    why = {row[0]: row[1] for row in excluded}
    return OwnTotals(n_battles, n_shared, n_votes, n_counted, n_blind - n_counted, why, n_counting)


def visitor_cells(tx: Connection, visitor: str, kind: BattleKind | None = BattleKind.BATTLE) -> list[Cell]:
    """Count the visitor's counted votes by (model on side A, model on side B, outcome), for a board of their own."""
    grouped = (
        select(votes.c.model_a, votes.c.model_b, votes.c.outcome, func.count())
        .select_from(votes.join(battles).join(visitors))
        .where(visitors.c.pseudonym == visitor, votes.c.counted != false())  # with `= true` SQLite reads all votes
        .group_by(votes.c.model_a, votes.c.model_b, votes.c.outcome)
    )
    names = model_names(tx)
    chosen = grouped if kind is None else grouped.where(votes.c.kind == kind)
    return [Cell(names[a], names[b], outcome, n) for a, b, outcome, n in tx.execute(chosen)]


def _opened_before(tx: Connection, battle_id: str, visitor_id: int | None) -> ColumnElement[bool]:
    place = select(battles.c.opened_at, battles.c.id).where(
        battles.c.uuid == battle_id, battles.c.visitor_id == visitor_id
    )
    found = tx.execute(place).one_or_none()
    if found is None:
        raise errors.NoSuchBattle(f"the visitor has no battle with the id {battle_id!r}")
    return tuple_(battles.c.opened_at, battles.c.id) < tuple_(*found)
