"""What moderators found in prompts and answers. The texts are not kept with it."""

from dataclasses import asdict

from sqlalchemy import Connection, func, select

from db.queries.battles.rows import no_such_battle
from db.queries.roster import visitor_row
from db.records.battles import Check, CheckCount
from db.schema import battles, checks


def save_check(
    tx: Connection, check: Check, *, battle_id: str | None = None, visitor: str | None = None, now: float
) -> None:
    """Store a finding. A blocked first prompt has no battle, but a visitor. Raises NoSuchBattle."""
    row_id = None
    visitor_id = None if visitor is None else visitor_row(tx, visitor, now=now).id
    if battle_id is not None:
        battle = tx.execute(select(battles.c.id, battles.c.visitor_id).where(battles.c.uuid == battle_id)).one_or_none()
        if battle is None:
            raise no_such_battle(battle_id)
        row_id, visitor_id = battle.id, battle.visitor_id
    tx.execute(checks.insert().values(**asdict(check), battle_id=row_id, visitor_id=visitor_id, created_at=now))


def battle_checks(tx: Connection, battle_id: str) -> list[Check]:
    """Return the findings in a battle's prompts and answers, in the order in which they were stored. Those in answers
    that were asked for again are among them. The first prompt of a battle that took over from another was judged for
    that one."""
    own = tx.execute(select(battles.c.id, battles.c.visitor_id).where(battles.c.uuid == battle_id)).one_or_none()
    if own is None:
        return []
    before = select(battles.c.id).where(battles.c.visitor_id == own.visitor_id, battles.c.replaced_by == own.id)
    of_prompt = checks.c.side.is_(None) & checks.c.battle_id.in_(before)
    found = select(checks).where((checks.c.battle_id == own.id) | of_prompt).order_by(checks.c.id)
    return [Check(row.turn, row.side, row.category, row.action, row.moderator) for row in tx.execute(found)]


def check_counts(tx: Connection, *, since: float | None = None) -> list[CheckCount]:
    """Count the findings since a time by moderator, prompt or answer, category and action, in this order."""
    of_answer = checks.c.side.is_not(None).label("is_answer")
    by = (checks.c.moderator, of_answer, checks.c.category, checks.c.action)
    counted = select(*by, func.count()).group_by(*by).order_by(*by)
    if since is not None:
        counted = counted.where(checks.c.created_at >= since)
    return [CheckCount(moderator, bool(is_answer), *rest) for moderator, is_answer, *rest in tx.execute(counted)]
