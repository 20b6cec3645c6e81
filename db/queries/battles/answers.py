"""What belongs to a battle's turns: prompts and answers."""

from collections.abc import Iterable
from dataclasses import fields

from sqlalchemy import Connection, func, select, update

from db import errors
from db.codes import BattleKind, Side, State
from db.column_types import clean_text
from db.queries.battles.rows import changeable
from db.records.battles import AnswerRecord
from db.schema import answers, battles, turns
from db.style import StyleCounts


def add_turn(
    tx: Connection,
    battle_id: str,
    prompt: str,
    *,
    replica: str | None = None,
    now: float | None = None,
    tags: Iterable[str] = (),
    language: str | None = None,
) -> int:
    """Add the next turn and set the battle's state to `open`; return the turn's number, counted from 1. `replica` is
    the process that streams this turn, if it may differ from the one before; `now` is when the prompt was sent (None:
    when the battle was opened). The battle keeps its tags and gets those of `tags` that it lacks; its language becomes
    `language` if it has none.

    Raises NoSuchBattle; NotAllowedNow if the battle is voted, void or quick.
    """
    battle = changeable(tx, battle_id, "take a turn")
    if battle.kind == BattleKind.QUICK:
        raise errors.NotAllowedNow(f"battle {battle_id} is quick: its prompt and answers come from its deck")
    n = 1 + (tx.scalar(select(func.max(turns.c.n)).where(turns.c.battle_id == battle.id)) or 0)
    tx.execute(turns.insert().values(battle_id=battle.id, n=n, prompt=prompt, asked_at=now))
    tx.execute(
        update(battles)
        .where(battles.c.id == battle.id)
        .values(
            state=State.OPEN,
            replica=replica or battle.replica,
            n_turns=n,
            prompt_chars=battle.prompt_chars + len(clean_text(prompt)),
            tags=list(dict.fromkeys([*(battle.tags or ()), *tags])) or None,
            language=battle.language or language,
        )
    )
    return n


def save_answer(tx: Connection, battle_id: str, turn: int, answer: AnswerRecord) -> None:
    """Store one attempt of one side, complete or broken, with its counts of style. The caller counts attempts from 1.

    Raises NoSuchBattle; NotAllowedNow if the battle is voted or void, does not have that turn or that side (a chat), or
    already has that attempt.
    """
    battle = changeable(tx, battle_id, "take an answer")
    if battle.model_b is None and answer.side == Side.B:
        raise errors.NotAllowedNow(f"battle {battle_id} is a chat, which has only side a")
    if tx.scalar(select(turns.c.n).where(turns.c.battle_id == battle.id, turns.c.n == turn)) is None:
        raise errors.NotAllowedNow(f"battle {battle_id} has no turn {turn}; add_turn comes before its answers")
    values = {"battle_id": battle.id, "turn": turn, "side": answer.side, "attempt": answer.attempt}
    if tx.scalar(select(func.count()).select_from(answers).filter_by(**values)):
        raise errors.NotAllowedNow(
            f"battle {battle_id} already has attempt {answer.attempt} of side {answer.side.label} at turn {turn}"
        )
    tx.execute(answers.insert().values(**answer_values(answer), battle_id=battle.id, turn=turn))


def answer_values(answer: AnswerRecord, *, has_text: bool = True) -> dict[str, object]:
    """Return the columns of an answer, except its battle and turn (for other queries). The counts of style that it does
    not have are made from its text, unless that was deleted."""
    values = {one.name: getattr(answer, one.name) for one in fields(answer)}
    if answer.style is None and has_text:
        values |= StyleCounts.of(clean_text(answer.text))._asdict()
    return values
