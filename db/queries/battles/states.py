"""How battles move between states, and those that a stopped process left open."""

from sqlalchemy import Connection, func, select, update

from db import errors
from db.codes import State
from db.queries.battles.rows import FINAL, locked, refuse_final
from db.queries.copied import sent_the_same
from db.records.battles import Interrupted
from db.schema import battles, replicas, turns, visitors


def set_battle_state(tx: Connection, battle_id: str, state: State, *, now: float) -> None:
    """Move the battle between `open` and `votable`, or to `void`, which ends it; if it is in that state already,
    nothing changes. When a battle becomes votable, it is stored whether both endpoints got the same parameters.

    Raises NoSuchBattle; NotAllowedNow for a battle that is voted or void, and for the state `voted`, which only a vote
    sets.
    """
    if state == State.VOTED:
        raise errors.NotAllowedNow("only cast_vote sets the state voted, together with the vote")
    battle = locked(tx, battle_id)
    if battle.state == state:
        return
    refuse_final(battle, f"become {state.label}")
    values: dict[str, object] = {"state": state, "closed_at": now if state in FINAL else None}
    if state == State.VOTABLE and battle.deck_prompt_id is None:
        values["same_sent"] = sent_the_same(tx, battle.id)
    tx.execute(update(battles).where(battles.c.id == battle.id).values(**values))


def close_stale_battles(tx: Connection, *, replica: str, lost_before: float, now: float) -> tuple[Interrupted, ...]:
    """Make every open battle void that no process streams any more; return them in the order of opening.

    These are battles of an earlier process with this replica's name (call this at start, before the first battle) and
    of replicas not seen since `lost_before`. Votable battles are left alone.
    """
    from_lost = select(replicas.c.id).where(replicas.c.seen_at < lost_before)
    stale = (battles.c.state == State.OPEN) & (
        (battles.c.replica == replica) | battles.c.replica.is_(None) | battles.c.replica.in_(from_lost)
    )
    of_battle = turns.alias()
    last = select(func.max(of_battle.c.n)).where(of_battle.c.battle_id == battles.c.id).scalar_subquery()
    joined = battles.join(visitors).outerjoin(turns, (turns.c.battle_id == battles.c.id) & (turns.c.n == last))
    asked = select(visitors.c.pseudonym, turns.c.prompt, battles.c.kind, battles.c.opened_at).select_from(joined)
    rows = tx.execute(asked.where(stale).order_by(battles.c.id))
    found = tuple(Interrupted(row.pseudonym, row.prompt or "", row.kind, row.opened_at) for row in rows)
    tx.execute(update(battles).where(stale).values(state=State.VOID, closed_at=now))
    return found


def clear_addresses(tx: Connection, *, before: float) -> int:
    """Clear the addresses of battles opened before that time; return how many."""
    old = update(battles).where(battles.c.address.is_not(None), battles.c.opened_at < before)
    return tx.execute(old.values(address=None)).rowcount
