"""Delete the texts of a visitor's battles and the link to the visitor, but nothing that a board uses."""

from sqlalchemy import Connection, bindparam, delete, false, func, not_, select, update

from db.codes import State
from db.queries.battles.opening import new_share_id
from db.records.visitors import Forgotten
from db.schema import answers, battles, checks, feedback, turns, visitors, votes


def forget_visitor(
    tx: Connection, visitor: str, *, fresh: str, now: float, keep_addresses_since: float | None = None
) -> Forgotten:
    """Delete the texts of a visitor's prompts, answers and comments, models' reasoning, and the addresses and share
    links of the battles, and replace the pseudonym by `fresh`, which the caller draws at random. A visitor without a
    battle is deleted. Open and votable battles become void first.

    Battles opened since `keep_addresses_since` keep their addresses until `clear_addresses`; otherwise a deletion would
    be a way around the limits, which count them.

    Battles, votes, outcomes, facts, tags of feedback, a ban, moderators' findings without their visitor, language and
    tags, and the counts of turns, characters and style stay, with the votes' revisions: no board moves, and the
    ledger's revision stays. Consent goes. An unknown visitor has nothing to delete.
    """
    row_id = tx.scalar(select(visitors.c.id).where(visitors.c.pseudonym == visitor).with_for_update())
    if row_id is None:
        return Forgotten(0, 0)
    # Moderators' findings stay, because they are counted, but without the visitor.
    tx.execute(update(checks).where(checks.c.visitor_id == row_id).values(visitor_id=None))
    own = battles.c.visitor_id == row_id
    tx.execute(
        update(battles)
        .where(own, battles.c.state.in_((State.OPEN, State.VOTABLE)))
        .values(state=State.VOID, closed_at=now)
    )
    ids = list(tx.scalars(select(battles.c.id).where(own).with_for_update()))
    if not ids:
        tx.execute(delete(visitors).where(visitors.c.id == row_id))
        return Forgotten(0, 0)
    of_own = select(battles.c.id).where(own)
    tx.execute(update(turns).where(turns.c.battle_id.in_(of_own)).values(prompt=""))
    tx.execute(update(answers).where(answers.c.battle_id.in_(of_own)).values(text="", reasoning=None))
    tx.execute(delete(feedback).where(feedback.c.battle_id.in_(of_own), feedback.c.tag.is_(None)))
    tx.execute(update(feedback).where(feedback.c.battle_id.in_(of_own)).values(comment=None))
    tx.execute(update(battles).where(own).values(shared_at=None))
    may_keep = false() if keep_addresses_since is None else battles.c.opened_at >= keep_addresses_since
    tx.execute(update(battles).where(own, not_(may_keep)).values(address=None))
    redrawn = update(battles).where(battles.c.id == bindparam("the_id")).values(share_id=bindparam("drawn"))
    tx.execute(redrawn, [{"the_id": battle_id, "drawn": new_share_id()} for battle_id in ids])
    # The row keeps its number, which orders voters in the intervals of some boards.
    tx.execute(update(visitors).where(visitors.c.id == row_id).values(pseudonym=fresh, consent_at=None))
    n_votes = tx.scalar(select(func.count()).where(votes.c.battle_id.in_(of_own)))
    return Forgotten(len(ids), n_votes or 0)
