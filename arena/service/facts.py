"""A battle's record -> the facts that the ledger's rules judge. Pure; the verdict is `arena.rules.ledger`'s."""

from collections.abc import Mapping

from arena.rounds.attempt import CANCELLED
from arena.rules import identity, ledger
from db.codes import Side
from db.queries import AnswerRecord, BattleRecord, TurnRecord


def turn_facts(turn: TurnRecord) -> ledger.TurnFacts:
    """How both sides of a turn ended, and whether they say the same."""
    a, b = turn.shown(Side.A), turn.shown(Side.B)
    texts = [answer.text.strip() if answer else "" for answer in (a, b)]
    return ledger.TurnFacts(_side_facts(a), _side_facts(b), is_identical=texts[0] == texts[1])


def leaking_sides(record: BattleRecord, names: Mapping[str, identity.Names]) -> tuple[str, ...]:
    """The sides (`a`, `b`) that say who they are or claim to be somebody. `names`: the roster's, by model."""
    models = {Side.A: record.model_a, Side.B: record.model_b or ""}
    return tuple(
        side.label
        for side, model in models.items()
        if identity.names_itself(_answers(record, side), names.get(model, identity.Names(model)), names.values())
    )


def _answers(record: BattleRecord, side: Side) -> list[str]:
    return [answer.text for turn in record.turns if (answer := turn.shown(side)) is not None]


def _side_facts(answer: AnswerRecord | None) -> ledger.SideFacts:
    if answer is None:
        return ledger.SideFacts("failed", 0)
    end: ledger.End = "failed" if answer.error else "stopped" if answer.finish_reason == CANCELLED else "done"
    return ledger.SideFacts(end, len(answer.text))
