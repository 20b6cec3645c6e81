"""How battles begin: opened by a visitor, or in place of one whose first turn failed."""

import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, select, update

from db import errors
from db.codes import BattleKind, State
from db.queries.battles.answers import add_turn, save_answer
from db.queries.battles.rows import owned, refuse_final
from db.queries.battles.states import set_battle_state
from db.queries.decks import campaigns, prompts
from db.queries.roster import model_ids, visitor_row
from db.records.battles import AnswerRecord, NewBattle
from db.schema import battles, deck_prompts, visitors


def open_battle(tx: Connection, battle: NewBattle, *, now: float) -> str:
    """Store the battle in state `open` (a quick battle: `votable`, because its answers exist); return its id, 32 hex
    digits. The share id is drawn here, and a new visitor is created. `replica` must have been touched before.

    Raises NoSuchModel; for a quick battle NoSuchPrompt, NotAllowedNow if a side has no prepared answer, and
    AlreadyDealt if the visitor has had the prompt; in a campaign AlreadyDealt if the visitor has had this pair,
    NoSuchCampaign, CampaignClosed, CampaignFull, and NotAllowedNow if the pair is not on its list.
    """
    names = [battle.model_a] if battle.model_b is None else [battle.model_a, battle.model_b]
    ids = model_ids(tx, names)
    visitor_id = visitor_row(tx, battle.visitor, now=now).id
    battle_id = uuid.uuid4().hex
    dealt = _NOTHING if battle.deck_prompt is None else _deal(tx, visitor_id, battle.deck_prompt, battle.campaign, ids)
    tx.execute(
        battles.insert().values(
            uuid=battle_id,
            share_id=new_share_id(),
            kind=battle.kind,
            visitor_id=visitor_id,
            address=battle.address,
            model_a=ids[battle.model_a],
            model_b=None if battle.model_b is None else ids[battle.model_b],
            deck_prompt_id=dealt.prompt_id,
            campaign_pair_id=dealt.campaign_pair_id,
            policy=battle.policy,
            draw_probability=battle.draw_probability,
            settings=None if battle.settings is None else asdict(battle.settings),
            language=battle.language or dealt.language,
            state=State.VOTABLE if battle.kind == BattleKind.QUICK else State.OPEN,
            replica=battle.replica,
            opened_at=now,
            n_turns=0 if dealt.prompt_id is None else 1,
            prompt_chars=dealt.n_chars,
            tags=list(battle.tags or dealt.tags) or None,
            same_sent=dealt.same_sent,
        )
    )
    return battle_id


def replace_battle(
    tx: Connection, old_id: str, new: NewBattle, prompt: str, *, answers: Iterable[AnswerRecord], now: float
) -> str:
    """Open a battle with this prompt in place of one whose first turn failed; return its id. The old battle keeps its
    failed `answers`, becomes void and refers to the new one. Both are one battle for `count_recent`.

    Raises NoSuchBattle; NotYours if the new battle has another visitor; NotAllowedNow if the old one has ended or has
    not exactly one turn; NoSuchModel.
    """
    old = owned(tx, old_id, new.visitor)
    refuse_final(old, "be replaced")
    if old.n_turns != 1:
        raise errors.NotAllowedNow(f"battle {old_id} has {old.n_turns} turns; only a first turn can be replaced")
    for answer in answers:
        save_answer(tx, old_id, 1, answer)
    set_battle_state(tx, old_id, State.VOID, now=now)
    new_id = open_battle(tx, new, now=now)
    add_turn(tx, new_id, prompt, replica=new.replica, now=now)
    successor = select(battles.c.id).where(battles.c.uuid == new_id).scalar_subquery()
    tx.execute(update(battles).where(battles.c.id == old.id).values(replaced_by=successor))
    return new_id


def new_share_id() -> str:
    """Draw a share id (for other queries)."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True, slots=True)
class _Dealt:
    """What a quick battle takes from its prepared pair."""

    prompt_id: int | None = None
    campaign_pair_id: int | None = None
    language: str | None = None
    tags: Sequence[str] = ()
    n_chars: int = 0
    same_sent: bool | None = None


_NOTHING = _Dealt()


def _deal(tx: Connection, visitor_id: int, key: str, campaign: str | None, ids: Mapping[str, int]) -> _Dealt:
    prompt_id = prompts.deck_prompt_id(tx, key)
    # The visitor's row is locked, so that two tabs cannot both find the prompt undealt.
    tx.execute(select(visitors.c.id).where(visitors.c.id == visitor_id).with_for_update(key_share=True))
    prompt = tx.execute(select(deck_prompts).where(deck_prompts.c.id == prompt_id)).one()
    pair_id = None
    if campaign is None:
        is_known: ColumnElement[bool] = (battles.c.deck_prompt_id == prompt_id) & battles.c.campaign_pair_id.is_(None)
    else:
        row = campaigns.admit(tx, campaign, visitor_id)
        pair_id = campaigns.pair_id(tx, row.id, prompt_id, list(ids.values()))
        if pair_id is None:
            raise errors.NotAllowedNow(f"{' and '.join(ids)} on {key!r} is not a pair of the campaign {campaign!r}")
        is_known = battles.c.campaign_pair_id == pair_id
    if tx.scalar(select(battles.c.id).where(battles.c.visitor_id == visitor_id, is_known)) is not None:
        what = "prepared prompt" if campaign is None else f"pair of the campaign {campaign!r} on the prepared prompt"
        raise errors.AlreadyDealt(f"the visitor has already had the {what} {key!r}; deal another one")
    sent = prompts.sent_by_model(tx, prompt_id)
    for name, model_id in ids.items():
        if model_id not in sent:
            raise errors.NotAllowedNow(f"model {name!r} has no answer to the prepared prompt {key!r}")
    sent_a, sent_b = (sent[model_id] for model_id in ids.values())
    return _Dealt(prompt_id, pair_id, prompt.language, prompt.tags, len(prompt.text), sent_a == sent_b)
