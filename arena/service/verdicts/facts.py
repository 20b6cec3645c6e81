"""Collect the facts that decide whether a vote counts.

They come from a battle's record or from what its page shows. The functions are pure; `arena.rules.ledger` makes the
verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from arena.players import events
from arena.players.roster import Roster
from arena.rounds import views
from arena.rounds.turns.attempt import CANCELLED, CONTENT_FILTER
from arena.rounds.turns.screening import WITHHELD
from arena.rules import identity, ledger
from db.codes import Side
from db.queries import AnswerRecord, BattleRecord, TurnRecord


def turn_facts(turn: TurnRecord) -> ledger.TurnFacts:
    """Return how both sides of a stored turn ended, and whether their answers are the same."""
    a, b = turn.shown(Side.A), turn.shown(Side.B)
    texts = [answer.text if answer else "" for answer in (a, b)]
    return ledger.TurnFacts(_side_facts(a), _side_facts(b), is_identical=ledger.same_text(*texts))


def turns_of(record: BattleRecord) -> tuple[TurnRecord, ...]:
    """Return the turns of a battle. That of a quick one is its prepared prompt with the answers of its two models."""
    if record.deck_prompt is None:
        return record.turns
    said = {answer.model: answer for answer in record.deck_answers}
    answers = tuple(
        AnswerRecord(side, 1, one.text, one.seed, one.finish_reason, one.prompt_tokens, one.completion_tokens)
        for side, model in ((Side.A, record.model_a), (Side.B, record.model_b or ""))
        if (one := said.get(model)) is not None
    )
    return (TurnRecord(1, record.deck_prompt.text, answers),)


def is_incomplete(stored: Mapping[str, object]) -> bool:
    """Whether these facts of a vote are of version 1, which lacks facts that the rules now need."""
    facts = ledger.read_facts(stored)
    return facts is not None and facts.has_version_1


def completed(stored: Mapping[str, object], turns: Sequence[TurnRecord]) -> Mapping[str, object]:
    """Return facts of version 1 with those that later versions added, if the answers that they describe are still
    stored; return any other facts unchanged."""
    facts = ledger.read_facts(stored)
    if facts is None or not facts.has_version_1 or len(turns) != len(facts.turns):
        return stored
    n_chars = [side.n_chars for turn in facts.turns for side in (turn.a, turn.b)]
    answers = [turn.shown(side) for turn in turns for side in Side]
    is_of_same_answers = n_chars == [None if answer is None else len(answer.text) for answer in answers]
    if not is_of_same_answers:
        return stored
    return replace(facts, turns=tuple(map(turn_facts, turns))).to_json()


def shown_facts(turn: Mapping[views.Side, views.SideView]) -> ledger.TurnFacts:
    """Return the facts of a turn that has ended, from what its page shows."""
    a, b = turn["a"], turn["b"]
    return ledger.TurnFacts(_shown_side_facts(a), _shown_side_facts(b), is_identical=ledger.same_text(a.text, b.text))


def names_of(roster: Roster) -> dict[str, identity.Names]:
    """Return the names by which answers may give their model away, by model."""
    return {one.name: identity.Names(one.name, one.family, one.organisation) for one in roster}


def leaking_sides(record: BattleRecord, names: Mapping[str, identity.Names]) -> tuple[str, ...]:
    """Return the sides (`a`, `b`) whose answers name their model or claim to be another. `names`: the roster's, by
    model."""
    models = {Side.A: record.model_a, Side.B: record.model_b or ""}
    return tuple(
        side.label
        for side, model in models.items()
        if identity.names_itself(_answers(record, side), names.get(model, identity.Names(model)), names.values())
    )


def had_failure(record: BattleRecord) -> bool:
    """Whether a side broke at any attempt, also one that was asked again with success."""
    answers = (answer for turn in record.turns for answer in turn.answers)
    return any(answer.error is not None and answer.error != events.Filtered.code for answer in answers)


def _answers(record: BattleRecord, side: Side) -> list[str]:
    return [answer.text for turn in turns_of(record) if (answer := turn.shown(side)) is not None]


def _side_facts(answer: AnswerRecord | None) -> ledger.SideFacts:
    if answer is None:
        return ledger.SideFacts("failed", 0, has_text=False)
    has_text = events.has_text(answer.text)
    if answer.error == WITHHELD:
        return ledger.SideFacts("withheld", 0, has_text=False)
    is_filtered = answer.error == events.Filtered.code or answer.finish_reason == CONTENT_FILTER
    end: ledger.End = "done"
    if answer.finish_reason == CANCELLED:
        end = "stopped"
    elif has_text if is_filtered else answer.error:
        end = "failed"  # a side that a filter left without text has no answer, which is another reason
    return ledger.SideFacts(end, len(answer.text), has_text)


def _shown_side_facts(side: views.SideView) -> ledger.SideFacts:
    if side.error == "side_withheld":
        return ledger.SideFacts("withheld", 0, has_text=False)
    has_failed = side.state == "failed" and side.error != "side_no_answer"
    end: ledger.End = "failed" if has_failed else "stopped" if side.state == "stopped" else "done"
    return ledger.SideFacts(end, len(side.text), events.has_text(side.text))
