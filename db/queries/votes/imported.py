"""What imported votes refer to (models, visitors, prompts, campaigns, labels), found by name or added, and their sums.

`transfer` adds the battles and the votes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from db.codes import Side
from db.queries.copied import is_same_sent, label_id, sums_of_turns
from db.queries.decks import campaigns
from db.queries.decks.prompts import deck_key, deck_prompt_id, save_deck_answer, store_prompt
from db.queries.roster import insert
from db.records.battles import BattleRecord, VoteRecord
from db.schema import models, visitors
from db.side_sums import SideSums


def vote_of(battle: BattleRecord) -> VoteRecord:
    """Return the vote of a battle that has one."""
    assert battle.vote is not None
    return battle.vote


def stored_models(tx: Connection, batch: Sequence[BattleRecord]) -> dict[str, int]:
    """Return the row numbers of the batch's models, by name. New models are added."""
    first_met = {name: b.opened_at for b in reversed(batch) for name in (b.model_a, b.model_b) if name is not None}
    new = insert(tx, models).on_conflict_do_nothing()
    tx.execute(new, [{"name": name, "added_at": since} for name, since in first_met.items()])
    rows = tx.execute(select(models.c.name, models.c.id).where(models.c.name.in_(first_met)))
    return {row.name: row.id for row in rows}


def stored_visitors(tx: Connection, batch: Sequence[BattleRecord]) -> dict[str, Any]:
    """Return the rows of the batch's visitors, by pseudonym. New visitors are added, with their consent; that of a
    visitor who is known here stays as it is here."""
    first_met = {battle.visitor: battle for battle in reversed(batch)}
    new = insert(tx, visitors).on_conflict_do_nothing()
    tx.execute(
        new,
        [
            {"pseudonym": pseudonym, "created_at": battle.opened_at, "consent_at": battle.consent_at}
            for pseudonym, battle in first_met.items()
        ],
    )
    return {row.pseudonym: row for row in tx.execute(select(visitors).where(visitors.c.pseudonym.in_(first_met)))}


def stored_prompts(tx: Connection, batch: Sequence[BattleRecord]) -> dict[str, int]:
    """Store the batch's prepared prompts and their answers; return the prompts' row numbers by key."""
    ids: dict[str, int] = {}
    for battle in batch:
        if battle.deck_prompt is not None:
            key = store_prompt(tx, key_of(battle), battle.deck_prompt)
            ids[key] = deck_prompt_id(tx, key)
            for answer in battle.deck_answers:
                save_deck_answer(tx, key, answer)
    return ids


def key_of(battle: BattleRecord) -> str:
    """Return the key of the prepared prompt: the stored one, or for older exports the one made from its text."""
    assert battle.deck_prompt is not None
    return battle.prompt_key or deck_key(battle.deck_prompt)


@dataclass(frozen=True, slots=True)
class StoredCampaigns:
    """Row numbers of a batch's campaigns, by name, and of their pairs, by position in the batch."""

    ids: Mapping[str, int]
    pair_ids: Mapping[int, int]


def stored_campaigns(
    tx: Connection, batch: Sequence[BattleRecord], model_ids: Mapping[str, int], prompt_ids: Mapping[str, int]
) -> StoredCampaigns:
    """Return the batch's campaigns and their pairs. New ones are added."""
    ids: dict[str, int] = {}
    pairs: dict[int, int] = {}
    for position, battle in enumerate(batch):
        if battle.campaign is not None and battle.deck_prompt is not None:
            name, sides = battle.campaign, (model_ids[battle.model_a], model_ids[battle.model_b or ""])
            if name not in ids:
                ids[name] = campaigns.imported_campaign(tx, name, battle.deck_prompt.deck, battle.opened_at)
            prompt_id = prompt_ids[key_of(battle)]
            pairs[position] = campaigns.imported_pair(tx, ids[name], prompt_id, sides)
    return StoredCampaigns(ids, pairs)


def stored_labels(
    tx: Connection, batch: Sequence[BattleRecord]
) -> dict[tuple[str | None, tuple[str, ...]], int | None]:
    """Return the row numbers of the batch's labels, by language and tags; None for neither. New ones are added."""
    return {
        (language, tags): label_id(tx, language, tags)
        for language, tags in {(battle.language, battle.tags): None for battle in batch}
    }


def known_same_sent(battle: BattleRecord) -> bool | None:
    """Return whether both endpoints got the same parameters. For an export of an older arena, which lacks it, it is
    found from the answers."""
    if battle.same_sent is None and battle.turns:
        return is_same_sent(battle.turns)
    return battle.same_sent


def known_sums(battle: BattleRecord, side: Side) -> SideSums:
    """Return the sums of one side's answers. For an export of an older arena, which lacks them, they are computed from
    the answers."""
    vote = vote_of(battle)
    stored = vote.sums_a if side is Side.A else vote.sums_b
    if stored != SideSums():
        return stored
    if battle.turns:
        return sums_of_turns(battle.turns, side)
    model = battle.model_a if side is Side.A else battle.model_b
    return SideSums.of(answer for answer in battle.deck_answers if answer.model == model)
