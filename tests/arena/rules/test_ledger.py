import json
from dataclasses import fields, replace
from typing import Any

import pytest

from arena.rules import ledger
from arena.rules.ledger import Facts, Rules, SideFacts, TurnFacts, judge, judge_stored
from db.codes import STANDING_REASONS, Kind, Reason
from db.outcome import Outcome

RULES = Rules(votes_per_hour=10, min_read_s=2.0)
GOOD_TURN = TurnFacts(SideFacts("done", 40), SideFacts("done", 60), is_identical=False)
GOOD = Facts(
    kind="battle",
    outcome="a",
    turns=(GOOD_TURN,),
    leaking=(),
    n_votes_before=9,
    read_s=2.0,
    is_named_probe=False,
)


def turn(a: SideFacts = GOOD_TURN.a, b: SideFacts = GOOD_TURN.b, *, is_identical: bool = False) -> TurnFacts:
    return TurnFacts(a, b, is_identical)


def test_a_good_vote_counts() -> None:
    assert judge(GOOD, RULES) == ()


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"turns": (turn(a=SideFacts("failed", 500)),)}, ["failed_side"]),
        ({"turns": (turn(b=SideFacts("failed", 0)), GOOD_TURN)}, ["failed_side"]),
        ({"turns": (turn(a=SideFacts("stopped", 99)),)}, ["stopped"]),
        ({"turns": (turn(a=SideFacts("stopped", 100)),)}, []),
        ({"turns": (turn(a=SideFacts("stopped", 100), b=SideFacts("stopped", 99)),)}, ["stopped"]),
        ({"turns": (turn(a=SideFacts("done", 3), b=SideFacts("stopped", 400)),)}, []),
        ({"turns": (turn(b=SideFacts("stopped", 3)), GOOD_TURN)}, ["stopped"]),
        ({"turns": (turn(is_identical=True),)}, ["identical_answers"]),
        ({"turns": (turn(is_identical=True),), "outcome": "b"}, ["identical_answers"]),
        ({"turns": (turn(is_identical=True),), "outcome": "tie"}, []),
        ({"turns": (turn(is_identical=True),), "outcome": "both_bad"}, []),
        ({"turns": (turn(is_identical=True), GOOD_TURN)}, []),
        ({"leaking": ("b",)}, ["identity_leak"]),
        ({"kind": "named"}, ["named"]),
        ({"kind": "chat"}, ["named"]),
        ({"kind": "quick"}, []),
        ({"is_named_probe": True}, ["named_probe"]),
        ({"kind": "control"}, ["control"]),
        ({"n_votes_before": 10}, ["rate_limited"]),
        ({"read_s": 1.99}, ["rate_limited"]),
        ({"read_s": None}, []),
        ({"is_flagged": True}, ["flagged"]),
        (
            {
                "turns": (turn(a=SideFacts("failed", 0), b=SideFacts("stopped", 5)),),
                "leaking": ("a",),
                "kind": "control",
            },
            ["failed_side", "stopped", "identity_leak", "control"],
        ),
    ],
)
def test_each_reason_has_its_rule(change: dict[str, Any], reasons: list[str]) -> None:
    assert [reason.label for reason in judge(replace(GOOD, **change), RULES)] == reasons


def test_the_list_is_closed_and_every_reason_is_explained() -> None:
    assert ledger.__doc__ is not None
    assert all(f"    {reason.label} " in ledger.__doc__ for reason in Reason)


def test_reasons_that_are_no_matter_of_facts_are_never_given_by_the_rules() -> None:
    worst = Facts(
        kind="control",
        outcome="a",
        turns=(turn(SideFacts("failed", 0), SideFacts("stopped", 0), is_identical=True),),
        leaking=("a", "b"),
        n_votes_before=99,
        read_s=0.0,
        is_named_probe=True,
        is_flagged=True,
    )
    named = replace(worst, kind="named")
    assert set(judge(worst, RULES)) | set(judge(named, RULES)) | STANDING_REASONS == set(Reason)


def test_stored_facts_give_the_same_verdict() -> None:
    for facts in (GOOD, replace(GOOD, leaking=("a",), turns=(turn(a=SideFacts("stopped", 5)), GOOD_TURN), read_s=None)):
        stored = json.loads(json.dumps(facts.to_json()))
        assert Facts.from_json(stored) == facts
        assert judge_stored(stored, RULES) == judge(facts, RULES)


def test_a_new_number_in_the_rules_changes_verdicts_without_a_text() -> None:
    stored = GOOD.to_json()
    assert judge_stored(stored, Rules(votes_per_hour=9, min_read_s=2.0)) == (Reason.RATE_LIMITED,)
    assert judge_stored(stored, Rules(votes_per_hour=10, min_read_s=2.1)) == (Reason.RATE_LIMITED,)


def test_facts_that_do_not_suffice_leave_the_old_verdict() -> None:
    assert judge_stored({}, RULES) is None
    for field in fields(Facts):
        if field.name != "is_flagged":
            stored = GOOD.to_json()
            del stored[field.name]
            assert judge_stored(stored, RULES) is None
    assert judge_stored({**GOOD.to_json(), "turns": [{"a": {}}]}, RULES) is None


def test_an_unknown_kind_or_outcome_is_an_error_and_no_verdict() -> None:
    with pytest.raises(ValueError, match="kind 'duel' is not one of battle"):
        judge(replace(GOOD, kind="duel"), RULES)
    with pytest.raises(ValueError, match="outcome 'draw' is not one of"):
        judge(replace(GOOD, outcome="draw"), RULES)
    assert {kind.label for kind in Kind} >= {"battle", "quick", "control", "named", "chat"}
    assert Outcome.parse("tie") is Outcome.TIE
