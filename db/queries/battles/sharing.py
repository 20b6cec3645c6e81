"""Battles that their visitors have shared: read-only pages under a share id."""

from sqlalchemy import Connection, update

from db import errors
from db.codes import BattleKind, State
from db.queries.battles.opening import new_share_id
from db.queries.battles.rows import no_such_battle, owned
from db.queries.load import load_battles
from db.records.battles import BattleRecord
from db.schema import battles


def share_battle(tx: Connection, battle_id: str, *, visitor: str, now: float) -> str:
    """Let everybody who knows the share id read a battle that has its vote; return the share id.

    Raises NoSuchBattle; NotYours; NotAllowedNow before the vote, and for a quick battle, whose page would have nothing
    of the visitor's own.
    """
    battle = owned(tx, battle_id, visitor)
    if battle.state != State.VOTED or battle.kind == BattleKind.QUICK:
        raise errors.NotAllowedNow(
            f"battle {battle_id} is {battle.kind.label} and {battle.state.label}; only a voted one that is not quick "
            "can be shared"
        )
    if battle.shared_at is None:
        tx.execute(update(battles).where(battles.c.id == battle.id).values(shared_at=now))
    return str(battle.share_id)


def unshare_battle(tx: Connection, battle_id: str, *, visitor: str) -> None:
    """Take a shared battle back. Its link is dead for good: if it is shared again, it has another share id.

    Raises NoSuchBattle; NotYours.
    """
    battle = owned(tx, battle_id, visitor)
    if battle.shared_at is not None:
        withdrawn = update(battles).where(battles.c.id == battle.id)
        tx.execute(withdrawn.values(shared_at=None, share_id=new_share_id()))


def shared_battle(tx: Connection, share_id: str) -> BattleRecord:
    """Return a shared battle, as `get_battle` does. Raises NoSuchBattle, also for a battle that is not shared."""
    is_shared = (battles.c.share_id == share_id) & battles.c.shared_at.is_not(None)
    for battle in load_battles(tx, is_shared & (battles.c.state == State.VOTED)):
        return battle
    raise no_such_battle(share_id)


def own_battle(tx: Connection, share_id: str, *, visitor: str) -> BattleRecord | None:
    """Return the visitor's battle of that share id, shared or not; None if it is unknown or another visitor's."""
    for battle in load_battles(tx, battles.c.share_id == share_id):
        return battle if battle.visitor == visitor else None
    return None
