"""Quick rounds: what open decks can be dealt from, and what a visitor has had and voted."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from db.codes import BattleKind
from db.queries.roster import model_names
from db.records.battles import DeckAnswer
from db.records.decks import AnswerDigest, QuickVote
from db.schema import battles, deck_answers, deck_prompts, models, visitors, votes


def answer_digests(tx: Connection, deck: str) -> list[AnswerDigest]:
    """Return every answer to the prompts of a deck, without its text, in the order of the prompts. Prompts whose text
    was left out of an import are no part of it."""
    names = model_names(tx)
    columns = (deck_prompts.c.key, deck_prompts.c.language, deck_answers.c.model_id, deck_answers.c.digest)
    rows = select(*columns).select_from(deck_answers.join(deck_prompts)).order_by(deck_prompts.c.id)
    return [
        AnswerDigest(key, language, names[model_id], digest)
        for key, language, model_id, digest in tx.execute(
            rows.where(deck_prompts.c.deck == deck, deck_prompts.c.text != "")
        )
    ]


def answers_to(tx: Connection, keys: Sequence[str]) -> list[tuple[AnswerDigest, DeckAnswer]]:
    """Return every answer to the prompts with these keys, with its text."""
    joined = deck_answers.join(deck_prompts).join(models)
    rows = select(deck_answers, deck_prompts.c.key, deck_prompts.c.language, models.c.name).select_from(joined)
    return [
        (
            AnswerDigest(row.key, row.language, row.name, row.digest),
            DeckAnswer(row.name, row.text, finish_reason=row.finish_reason),
        )
        for row in tx.execute(rows.where(deck_prompts.c.key.in_(keys)))
    ]


def dealt_prompts(tx: Connection, visitor: str) -> frozenset[str]:
    """Return the keys of the prepared prompts that a visitor has had, in an open deck or a campaign."""
    joined = battles.join(visitors).join(deck_prompts)
    return frozenset(tx.scalars(select(deck_prompts.c.key).select_from(joined).where(visitors.c.pseudonym == visitor)))


def quick_votes(tx: Connection, visitor: str) -> list[QuickVote]:
    """Return a visitor's votes on open decks, whether they count or not, in the order in which they were cast."""
    names = model_names(tx)
    rows = (
        select(battles.c.uuid, votes.c.model_a, votes.c.model_b, votes.c.outcome, votes.c.withdrawn_at)
        .select_from(votes.join(battles).join(visitors))
        .where(
            visitors.c.pseudonym == visitor,
            battles.c.kind == BattleKind.QUICK,
            battles.c.campaign_pair_id.is_(None),
        )
        .order_by(votes.c.revision)
    )
    return [
        QuickVote(uuid, names[a], names[b], outcome, is_withdrawn=withdrawn_at is not None)
        for uuid, a, b, outcome, withdrawn_at in tx.execute(rows)
    ]
