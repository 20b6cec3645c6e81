"""Votes one by one, with all that a rating may ask of them: who cast them, when, on which prepared pair, by what chance
the pair was drawn, and what the two answers were like. Most boards need counts only: `ledger.cells`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, false, null, select

from db.codes import Kind, Side
from db.outcome import Outcome
from db.queries.decks import prepared_id
from db.queries.ledger import CODE, of_votes
from db.queries.records import RatedVote, ShownAnswer
from db.schema import answers, battles, deck_answers, deck_prompts, models, visitors, votes

_BATCH = 10_000
_BATCH_WITH_ANSWERS = 500
_MODEL_A = models.alias("a")
_MODEL_B = models.alias("b")
_VOTES = (
    select(
        votes.c.battle_id,
        votes.c.revision,
        CODE,
        votes.c.cast_at,
        votes.c.model_a,
        votes.c.model_b,
        battles.c.draw_probability,
        battles.c.deck_prompt_id,
        deck_prompts.c.key,
        visitors.c.pseudonym,
        _MODEL_A.c.name.label("name_a"),
        _MODEL_B.c.name.label("name_b"),
    )
    .join(battles, votes.c.battle_id == battles.c.id)
    .join(visitors, battles.c.visitor_id == visitors.c.id)
    .join(_MODEL_A, votes.c.model_a == _MODEL_A.c.id)
    .join(_MODEL_B, votes.c.model_b == _MODEL_B.c.id)
    .outerjoin(deck_prompts, battles.c.deck_prompt_id == deck_prompts.c.id)
    .order_by(votes.c.revision)
)


def rated_votes(
    tx: Connection,
    kind: Kind | None = Kind.BATTLE,
    *,
    since: float | None = None,
    until: float | None = None,
    with_answers: bool = False,
    with_texts: bool = False,
) -> Iterator[RatedVote]:
    """The counted votes in order of revision, streamed, of that kind (None: of any), cast at `since` or later and
    before `until`. What the answers were like, and their texts, is read only when asked for."""
    page = of_votes(_VOTES.where(votes.c.counted != false()), kind, since, until)
    page = page.limit(_BATCH_WITH_ANSWERS if with_answers else _BATCH)
    outcomes = tuple(Outcome)
    last = 0
    while rows := tx.execute(page.where(votes.c.revision > last)).all():
        live = _live_answers(tx, rows, with_texts=with_texts) if with_answers else {}
        prepared = _prepared_answers(tx, rows, with_texts=with_texts) if with_answers else {}
        for row in rows:
            if row.deck_prompt_id is None:
                a, b = (live.get((row.battle_id, side), ()) for side in Side)
            else:
                a, b = (prepared.get((row.deck_prompt_id, model), ()) for model in (row.model_a, row.model_b))
            yield RatedVote(
                row.name_a,
                row.name_b,
                outcomes[row.code],
                cast_at=row.cast_at,
                voter=row.pseudonym,
                prepared_id=None if row.key is None else prepared_id(row.key, row.name_a, row.name_b),
                draw_probability=row.draw_probability,
                answers_a=a,
                answers_b=b,
            )
        last = rows[-1].revision


def _live_answers(
    tx: Connection, rows: Sequence[Row[Any]], *, with_texts: bool
) -> Mapping[tuple[int, Side], tuple[ShownAnswer, ...]]:
    """By battle and side: the last attempt of each turn, which is the one that was shown."""
    wanted = select(
        answers.c.battle_id,
        answers.c.turn,
        answers.c.side,
        answers.c.text if with_texts else null().label("text"),
        answers.c.completion_tokens,
        answers.c.duration_ms,
    )
    ids = [row.battle_id for row in rows if row.deck_prompt_id is None]
    in_order = (answers.c.battle_id, answers.c.turn, answers.c.side, answers.c.attempt)
    shown: dict[tuple[int, Side], dict[int, ShownAnswer]] = defaultdict(dict)
    for row in tx.execute(wanted.where(answers.c.battle_id.in_(ids)).order_by(*in_order)):
        answer = ShownAnswer(row.text, row.completion_tokens, row.duration_ms)
        shown[row.battle_id, row.side][row.turn] = answer
    return {subject: tuple(by_turn.values()) for subject, by_turn in shown.items()}


def _prepared_answers(
    tx: Connection, rows: Sequence[Row[Any]], *, with_texts: bool
) -> Mapping[tuple[int, int], tuple[ShownAnswer, ...]]:
    """By prepared prompt and model."""
    wanted = select(
        deck_answers.c.deck_prompt_id,
        deck_answers.c.model_id,
        deck_answers.c.text if with_texts else null().label("text"),
        deck_answers.c.completion_tokens,
    )
    prompts = {row.deck_prompt_id for row in rows if row.deck_prompt_id is not None}
    found = tx.execute(wanted.where(deck_answers.c.deck_prompt_id.in_(prompts))) if prompts else ()
    return {(row.deck_prompt_id, row.model_id): (ShownAnswer(row.text, row.completion_tokens, None),) for row in found}
