"""Single battles, by their id or by their visitor."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from db.codes import BattleKind, State
from db.queries.battles.rows import no_such_battle
from db.queries.load import load_battles
from db.records.battles import BattleRecord
from db.schema import battles, campaign_pairs, campaigns, visitors


def get_battle(tx: Connection, battle_id: str) -> BattleRecord:
    """Return the battle with its turns, answers (by turn, side, attempt), vote and feedback. Raises NoSuchBattle."""
    for battle in load_battles(tx, battles.c.uuid == battle_id):
        return battle
    raise no_such_battle(battle_id)


def current_battle(
    tx: Connection,
    visitor: str,
    kinds: Collection[BattleKind] = (BattleKind.BATTLE,),
    *,
    campaign: str | None = None,
) -> str | None:
    """Return the visitor's newest battle of these kinds that is open or votable, for a reloaded page; of a campaign if
    it is named, else of none."""
    pairs = select(campaign_pairs.c.id).join(campaigns).where(campaigns.c.name == campaign)
    is_of = battles.c.campaign_pair_id.is_(None) if campaign is None else battles.c.campaign_pair_id.in_(pairs)
    return tx.scalar(
        select(battles.c.uuid)
        .join(visitors, battles.c.visitor_id == visitors.c.id)
        .where(
            visitors.c.pseudonym == visitor,
            battles.c.kind.in_(kinds),
            battles.c.state.in_((State.OPEN, State.VOTABLE)),
            is_of,
        )
        .order_by(battles.c.opened_at.desc(), battles.c.id.desc())
        .limit(1)
    )
