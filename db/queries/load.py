"""Read rows into `BattleRecord`s, with six queries for each batch."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from db.codes import Reason, Side
from db.queries.decks.campaigns import unfinished
from db.queries.decks.prompts import answer_of
from db.records.battles import (
    AnswerRecord,
    BattleRecord,
    DeckAnswer,
    DeckPrompt,
    StoredSettings,
    TurnRecord,
    VoteRecord,
)
from db.records.feedback import NO_FEEDBACK, Feedback, Tag
from db.schema import (
    answers,
    battles,
    campaign_pairs,
    campaigns,
    deck_answers,
    deck_prompts,
    feedback,
    models,
    turns,
    visitors,
    vote_reasons,
    votes,
)
from db.side_sums import SUMS, SideSums

_MODEL_A = models.alias("a")
_MODEL_B = models.alias("b")
_SUCCESSOR = battles.alias("successor")
_BATTLES = (
    select(
        battles,
        visitors.c.pseudonym,
        visitors.c.consent_at,
        _SUCCESSOR.c.uuid.label("successor"),
        _MODEL_A.c.name.label("name_a"),
        _MODEL_B.c.name.label("name_b"),
        campaigns.c.id.label("campaign_id"),
        campaigns.c.name.label("campaign"),
        deck_prompts.c.deck,
        deck_prompts.c.key,
        deck_prompts.c.text.label("deck_text"),
        deck_prompts.c.tags.label("deck_tags"),
        deck_prompts.c.language.label("deck_language"),
    )
    .join(visitors, battles.c.visitor_id == visitors.c.id)
    .join(_MODEL_A, battles.c.model_a == _MODEL_A.c.id)
    .outerjoin(_MODEL_B, battles.c.model_b == _MODEL_B.c.id)
    .outerjoin(deck_prompts, battles.c.deck_prompt_id == deck_prompts.c.id)
    .outerjoin(campaign_pairs, battles.c.campaign_pair_id == campaign_pairs.c.id)
    .outerjoin(campaigns, campaign_pairs.c.campaign_id == campaigns.c.id)
    .outerjoin(_SUCCESSOR, battles.c.replaced_by == _SUCCESSOR.c.id)
)
_DECK_ANSWERS = select(deck_answers, models.c.name).join(models)


def load_battles(tx: Connection, which: ColumnElement[bool]) -> list[BattleRecord]:
    """Return the battles that satisfy a condition on `battles`, with everything in them, in no particular order."""
    rows = tx.execute(_BATTLES.where(which)).all()
    ids = [row.id for row in rows]
    votes_by_battle = {row.battle_id: row for row in tx.execute(select(votes).where(votes.c.battle_id.in_(ids)))}
    reasons = reasons_of(tx, [vote.id for vote in votes_by_battle.values()])
    feedback_of = feedback_by_battle(tx, ids)
    turns_by_battle = turns_of(tx, ids)
    hidden = unfinished(tx, [(row.campaign_id, row.visitor_id) for row in rows if row.campaign_id is not None])
    answers_by_prompt = _deck_answers(tx, {row.deck_prompt_id for row in rows if row.deck_prompt_id is not None})
    return [
        _battle(
            row,
            turns=turns_by_battle[row.id],
            deck_answers=[
                answer for answer in answers_by_prompt[row.deck_prompt_id] if answer.model in (row.name_a, row.name_b)
            ],
            vote=_vote(votes_by_battle.get(row.id), reasons),
            feedback=feedback_of.get(row.id, NO_FEEDBACK),
            hides_names=(row.campaign_id, row.visitor_id) in hidden,
        )
        for row in rows
    ]


def vote_record(row: Row[Any], reasons: Iterable[Reason]) -> VoteRecord:
    """Return a row of `votes` as a record."""
    return VoteRecord(
        outcome=row.outcome,
        cast_at=row.cast_at,
        revision=row.revision,
        reasons=tuple(sorted(reasons)),
        rules_version=row.rules_version,
        facts=row.facts,
        changed_revision=row.changed_revision,
        withdrawn_at=row.withdrawn_at,
        withdraw_reason=row.withdraw_reason,
        sums_a=SideSums(*(getattr(row, f"{name}_a") for name in SUMS)),
        sums_b=SideSums(*(getattr(row, f"{name}_b") for name in SUMS)),
    )


def _battle(
    row: Row[Any],
    *,
    turns: list[TurnRecord],
    deck_answers: list[DeckAnswer],
    vote: VoteRecord | None,
    feedback: Feedback,
    hides_names: bool,
) -> BattleRecord:
    prompt = None
    if row.deck_prompt_id is not None:
        prompt = DeckPrompt(row.deck, row.deck_text, tuple(row.deck_tags), row.deck_language)
    return BattleRecord(
        battle_id=row.uuid,
        share_id=row.share_id,
        kind=row.kind,
        visitor=row.pseudonym,
        model_a=row.name_a,
        model_b=row.name_b,
        state=row.state,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        policy=row.policy,
        draw_probability=row.draw_probability,
        settings=None if row.settings is None else StoredSettings(**row.settings),
        language=row.language,
        turns=tuple(turns),
        deck_prompt=prompt,
        deck_answers=tuple(deck_answers),
        vote=vote,
        n_turns=row.n_turns,
        prompt_chars=row.prompt_chars,
        tags=tuple(row.tags or ()),
        shared_at=row.shared_at,
        consent_at=row.consent_at,
        feedback=feedback,
        replaced_by=row.successor,
        prompt_key=row.key,
        campaign=row.campaign,
        same_sent=row.same_sent,
        hides_names=hides_names,
    )


def _vote(row: Row[Any] | None, reasons: Mapping[int, set[Reason]]) -> VoteRecord | None:
    return None if row is None else vote_record(row, reasons[row.id])


def reasons_of(tx: Connection, vote_ids: Sequence[int]) -> dict[int, set[Reason]]:
    """Return why each of these votes does not count."""
    found: dict[int, set[Reason]] = {vote_id: set() for vote_id in vote_ids}
    for row in tx.execute(select(vote_reasons).where(vote_reasons.c.vote_id.in_(vote_ids))):
        found[row.vote_id].add(row.reason)
    return found


def feedback_by_battle(tx: Connection, ids: Sequence[int]) -> dict[int, Feedback]:
    """Return the feedback of these battles, by row number; only of those that have any."""
    tags: dict[tuple[int, Side | None], set[str]] = defaultdict(set)
    comments: dict[int, str | None] = {}
    for row in tx.execute(select(feedback).where(feedback.c.battle_id.in_(ids)).order_by(feedback.c.id)):
        comments[row.battle_id] = row.comment or comments.get(row.battle_id)
        if row.tag is not None:
            tags[row.battle_id, row.side].add(row.tag)
    return {
        battle: Feedback(_in_order(tags[battle, Side.A]), _in_order(tags[battle, Side.B]), comment)
        for battle, comment in comments.items()
    }


def _in_order(tags: set[str]) -> tuple[Tag, ...]:
    return tuple(tag for tag in Tag if tag in tags)


def turns_of(tx: Connection, ids: list[int]) -> dict[int, list[TurnRecord]]:
    """Return the turns of these battles, by row number, with the answers of every attempt."""
    attempts: dict[tuple[int, int], list[AnswerRecord]] = defaultdict(list)
    in_order = (answers.c.battle_id, answers.c.turn, answers.c.side, answers.c.attempt)
    for row in tx.execute(select(answers).where(answers.c.battle_id.in_(ids)).order_by(*in_order)):
        attempts[row.battle_id, row.turn].append(
            AnswerRecord(
                side=row.side,
                attempt=row.attempt,
                text=row.text,
                seed=row.seed,
                finish_reason=row.finish_reason,
                prompt_tokens=row.prompt_tokens,
                completion_tokens=row.completion_tokens,
                ttft_ms=row.ttft_ms,
                duration_ms=row.duration_ms,
                fingerprint=row.fingerprint,
                error=row.error,
                reasoning=row.reasoning,
                sent=row.sent,
                n_chars=row.n_chars,
                n_headings=row.n_headings,
                n_list_items=row.n_list_items,
                n_bold=row.n_bold,
            )
        )
    found: dict[int, list[TurnRecord]] = defaultdict(list)
    for row in tx.execute(select(turns).where(turns.c.battle_id.in_(ids)).order_by(turns.c.battle_id, turns.c.n)):
        found[row.battle_id].append(TurnRecord(row.n, row.prompt, tuple(attempts[row.battle_id, row.n]), row.asked_at))
    return found


def _deck_answers(tx: Connection, prompt_ids: set[int]) -> dict[int, list[DeckAnswer]]:
    found: dict[int, list[DeckAnswer]] = defaultdict(list)
    if not prompt_ids:
        return found
    for row in tx.execute(_DECK_ANSWERS.where(deck_answers.c.deck_prompt_id.in_(prompt_ids)).order_by(models.c.name)):
        found[row.deck_prompt_id].append(answer_of(row))
    return found
