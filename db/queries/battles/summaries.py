"""Battles in lists: of a visitor, and of the owner."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from db.codes import BattleKind, Reason, State
from db.queries.decks.campaigns import unfinished
from db.queries.load import reasons_of
from db.records.visitors import BattleSummary
from db.schema import battles, campaign_pairs, campaigns, deck_prompts, models, turns, votes

_NAMED = (BattleKind.NAMED, BattleKind.CHAT)
_MODEL_A = models.alias("a")
_MODEL_B = models.alias("b")
SUMMARIES = (
    select(
        battles,
        votes.c.id.label("vote_id"),
        votes.c.outcome,
        votes.c.cast_at,
        votes.c.withdrawn_at,
        _MODEL_A.c.name.label("name_a"),
        _MODEL_B.c.name.label("name_b"),
        func.coalesce(turns.c.prompt, deck_prompts.c.text).label("prompt"),
        campaign_pairs.c.campaign_id,
        campaigns.c.name.label("campaign"),
    )
    .outerjoin(votes, votes.c.battle_id == battles.c.id)
    .join(_MODEL_A, battles.c.model_a == _MODEL_A.c.id)
    .outerjoin(_MODEL_B, battles.c.model_b == _MODEL_B.c.id)
    .outerjoin(turns, (turns.c.battle_id == battles.c.id) & (turns.c.n == 1))
    .outerjoin(deck_prompts, battles.c.deck_prompt_id == deck_prompts.c.id)
    .outerjoin(campaign_pairs, battles.c.campaign_pair_id == campaign_pairs.c.id)
    .outerjoin(campaigns, campaign_pairs.c.campaign_id == campaigns.c.id)
    .order_by(battles.c.opened_at.desc(), battles.c.id.desc())
)
"""The newest first; other queries choose among them."""


def summaries(tx: Connection, chosen: Select[Any], *, knows_all: bool) -> list[BattleSummary]:
    """Return the battles of a query that was made from `SUMMARIES`. Unless `knows_all`, names that the visitor may not
    know yet are None (for other queries)."""
    rows = tx.execute(chosen).all()
    reasons = reasons_of(tx, [row.vote_id for row in rows if row.vote_id is not None])
    hidden = unfinished(tx, [(row.campaign_id, row.visitor_id) for row in rows if row.campaign_id is not None])
    return [
        _summary(
            row,
            sorted(reasons.get(row.vote_id, ())),
            knows_names=knows_all
            or row.kind in _NAMED
            or (row.state == State.VOTED and (row.campaign_id, row.visitor_id) not in hidden),
        )
        for row in rows
    ]


def _summary(row: Row[Any], reasons: Sequence[Reason], *, knows_names: bool) -> BattleSummary:
    return BattleSummary(
        battle_id=row.uuid,
        share_id=row.share_id,
        kind=row.kind,
        state=row.state,
        model_a=row.name_a if knows_names else None,
        model_b=row.name_b if knows_names else None,
        opened_at=row.opened_at,
        n_turns=row.n_turns,
        language=row.language,
        prompt=row.prompt or None,
        shared_at=row.shared_at,
        outcome=row.outcome,
        cast_at=row.cast_at,
        withdrawn_at=row.withdrawn_at,
        reasons=tuple(reasons),
        campaign=row.campaign,
    )
