"""What a vote copies of its battle, so that a board under a filter reads one index."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from db.codes import BattleKind, Side
from db.derived import label_key
from db.queries.roster import insert
from db.records.battles import TurnRecord
from db.schema import answers, campaign_pairs, deck_answers, labels
from db.side_sums import AnswerCounts, SideSums
from db.style import StyleCounts


def label_id(tx: Connection, language: str | None, tags: Sequence[str]) -> int | None:
    """Return the row number of a language with tags, None for neither; new ones are added."""
    if language is None and not tags:
        return None
    key = label_key(language, tags)
    query = select(labels.c.id).where(labels.c.key == key)
    found = tx.scalar(query)
    if found is None:
        new = insert(tx, labels).values(language=language, tags=list(tags), key=key)
        tx.execute(new.on_conflict_do_nothing())
        found = tx.scalar(query)
    return found


def copied(tx: Connection, battle: Row[Any]) -> dict[str, object]:
    """Return the columns of the vote on a battle, whose row this is, that are copies of it."""
    sums_a, sums_b = _prepared(tx, battle) if battle.kind == BattleKind.QUICK else _live(tx, battle.id)
    campaign = None
    if battle.campaign_pair_id is not None:
        of_pair = select(campaign_pairs.c.campaign_id).where(campaign_pairs.c.id == battle.campaign_pair_id)
        campaign = tx.scalar(of_pair)
    return {
        "campaign_id": campaign,
        "label_id": label_id(tx, battle.language, battle.tags or ()),
        "n_turns": battle.n_turns,
        "prompt_chars": battle.prompt_chars,
        "same_sent": battle.same_sent,
        **sums_a.columns("a"),
        **sums_b.columns("b"),
    }


def is_same_sent(turns: Sequence[TurnRecord]) -> bool | None:
    """Whether both endpoints got the same parameters at every turn; None if a side has no answer."""
    sent = [[shown.sent for turn in turns if (shown := turn.shown(side)) is not None] for side in Side]
    return sent[0] == sent[1] if all(sent) else None


def sums_of_turns(turns: Sequence[TurnRecord], side: Side) -> SideSums:
    """Return the sums of one side's answers, of the last attempt at each turn."""
    return SideSums.of(shown for turn in turns if (shown := turn.shown(side)) is not None)


def shown_answers(tx: Connection, battle_id: int) -> dict[Side, list[Row[Any]]]:
    """Return the counts and the parameters of the answers that were shown (the last attempt at each turn), by side."""
    counts = (answers.c[name] for name in (*StyleCounts._fields, "completion_tokens", "duration_ms", "sent"))
    in_order = (answers.c.turn, answers.c.side, answers.c.attempt)
    last: dict[tuple[Side, int], Row[Any]] = {}
    for row in tx.execute(select(*in_order, *counts).where(answers.c.battle_id == battle_id).order_by(*in_order)):
        last[row.side, row.turn] = row
    return {side: [row for (of, _), row in last.items() if of == side] for side in Side}


def sent_the_same(tx: Connection, battle_id: int) -> bool | None:
    """Return `is_same_sent` of a battle with its own answers."""
    sent = [[row.sent for row in rows] for rows in shown_answers(tx, battle_id).values()]
    return sent[0] == sent[1] if all(sent) else None


def _live(tx: Connection, battle_id: int) -> tuple[SideSums, SideSums]:
    shown = shown_answers(tx, battle_id)
    return SideSums.of(map(_counts, shown[Side.A])), SideSums.of(map(_counts, shown[Side.B]))


def _counts(row: Row[Any]) -> AnswerCounts:
    style = [getattr(row, name) for name in StyleCounts._fields]
    return AnswerCounts(None if None in style else StyleCounts(*style), row.completion_tokens, row.duration_ms)


def _prepared(tx: Connection, battle: Row[Any]) -> tuple[SideSums, SideSums]:
    sums: dict[int, SideSums] = {}
    for row in tx.execute(select(deck_answers).where(deck_answers.c.deck_prompt_id == battle.deck_prompt_id)):
        if row.model_id in (battle.model_a, battle.model_b):
            sums[row.model_id] = SideSums.of(
                [AnswerCounts(StyleCounts.of(row.text), row.completion_tokens, row.duration_ms)]
            )
    return sums.get(battle.model_a, SideSums()), sums.get(battle.model_b, SideSums())
