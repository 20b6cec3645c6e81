"""Votes as an arena with version 1 of the rules stored them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from arena.settings import load
from arena.standings.online import online_elo
from db import exchange, queries
from db.codes import BattleKind, Policy, Reason, Side, State
from db.outcome import Outcome
from db.queries import AnswerRecord, NewBattle
from db.session import Database
from tests.db.building import SETTINGS, add_models

SETTINGS_OF_ARENA = load({}, {})
ELO = online_elo(SETTINGS_OF_ARENA.elo)


def old_facts(a: AnswerRecord, b: AnswerRecord, outcome: Outcome, **changes: Any) -> dict[str, object]:
    """Return the facts that version 1 made of these answers."""

    def side(answer: AnswerRecord) -> dict[str, object]:
        end = "failed" if answer.error else "stopped" if answer.finish_reason == "cancelled" else "done"
        return {"end": end, "n_chars": len(answer.text)}

    turn = {"a": side(a), "b": side(b), "is_identical": a.text.strip() == b.text.strip()}
    facts = {"kind": "battle", "outcome": outcome.label, "turns": [turn], "leaking": [], "n_votes_before": 0}
    return {**facts, "read_s": 3.0, "is_named_probe": False, "is_flagged": False, **changes}


def old_vote(
    on: Database,
    text_a: str,
    text_b: str = "It is four.",
    outcome: Outcome = Outcome.A,
    *,
    reasons: tuple[Reason, ...] = (),
    facts: Mapping[str, object] | None = None,
    visitor: str = "ann",
    **answer_a: Any,
) -> str:
    """Store a vote as an arena of version 1 did, with its verdict."""
    a, b = AnswerRecord(Side.A, 1, text_a, 7, **answer_a), AnswerRecord(Side.B, 1, text_b, 8, "stop")
    with on.write() as tx:
        add_models(tx)
        new = NewBattle(
            visitor, "ash", "birch", SETTINGS, BattleKind.BATTLE, policy=Policy.UNIFORM, draw_probability=1 / 12
        )
        battle_id = queries.open_battle(tx, new, now=10.0)
        queries.add_turn(tx, battle_id, "What is 2 + 2?")
        for answer in (a, b):
            queries.save_answer(tx, battle_id, 1, answer)
        queries.set_battle_state(tx, battle_id, State.VOTABLE, now=11.0)
        queries.cast_vote(
            tx,
            battle_id,
            visitor=visitor,
            outcome=outcome,
            reasons=reasons,
            facts=old_facts(a, b, outcome) if facts is None else facts,
            rules_version=1,
            elo=ELO,
            now=20.0,
        )
    return battle_id


def fill(on: Database) -> dict[str, str]:
    """Store one vote of each kind that the versions judge differently, and some that they judge alike."""
    battles = {
        "good": old_vote(on, "It is 4."),
        "empty": old_vote(on, "", outcome=Outcome.B),
        "white": old_vote(on, " \n", outcome=Outcome.B),
        "both empty": old_vote(on, "", "", reasons=(Reason.IDENTICAL_ANSWERS,)),
        "filtered": old_vote(on, "It is", finish_reason="content_filter"),
        "all filtered": old_vote(on, "", finish_reason="content_filter"),
        "failed alike": old_vote(
            on, "It is four.", error="broken", reasons=(Reason.FAILED_SIDE, Reason.IDENTICAL_ANSWERS)
        ),
        "identical": old_vote(on, "It is four.", reasons=(Reason.IDENTICAL_ANSWERS,)),
        "without facts": old_vote(on, "", facts={"source": "elsewhere"}),
        "banned": old_vote(on, "", visitor="bo"),
        "withdrawn": old_vote(on, ""),
    }
    with on.write() as tx:
        queries.ban_visitor(tx, "bo", reason="spam", now=30.0)
        queries.withdraw_vote(tx, battles["withdrawn"], visitor="ann", reason=None, now=31.0)
    return battles


def export(on: Database, path: Path) -> bytes:
    exchange.export_votes(on, path, all_texts=True)
    return path.read_bytes()
