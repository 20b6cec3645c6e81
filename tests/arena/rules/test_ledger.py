import json
from dataclasses import fields, replace
from typing import Any

import pytest

from arena.rules import ledger
from arena.rules.ledger import Facts, Rules, SideFacts, TurnFacts, judge, judge_stored
from db.codes import STANDING_REASONS, BattleKind, Reason
from db.outcome import Outcome

RULES = Rules(votes_per_hour=10, min_read_s=2.0, screens_per_hour=20)
GOOD_TURN = TurnFacts(SideFacts("done", 40, True), SideFacts("done", 60, True), is_identical=False)
GOOD_TURN_TWICE = replace(GOOD_TURN, is_identical=True)
EMPTY = SideFacts("done", 0, False)
WHITE = SideFacts("done", 500, False)
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
        ({"turns": (turn(a=EMPTY),)}, ["no_answer"]),
        ({"turns": (turn(b=WHITE), GOOD_TURN)}, ["no_answer"]),
        ({"turns": (turn(a=EMPTY, b=SideFacts("failed", 0, False)),)}, ["failed_side", "no_answer"]),
        ({"turns": (turn(a=SideFacts("stopped", 99)),)}, ["stopped"]),
        ({"turns": (turn(a=SideFacts("stopped", 100)),)}, []),
        ({"turns": (turn(a=SideFacts("stopped", 100, False)),)}, ["stopped"]),
        ({"turns": (turn(a=SideFacts("stopped", 100), b=SideFacts("stopped", 99)),)}, ["stopped"]),
        ({"turns": (turn(a=SideFacts("done", 3), b=SideFacts("stopped", 400)),)}, []),
        ({"turns": (turn(b=SideFacts("stopped", 3)), GOOD_TURN)}, ["stopped"]),
        ({"turns": (turn(is_identical=True),)}, ["identical_answers"]),
        ({"turns": (turn(is_identical=True),), "outcome": "b"}, ["identical_answers"]),
        ({"turns": (turn(is_identical=True),), "outcome": "tie"}, []),
        ({"turns": (turn(is_identical=True),), "outcome": "both_bad"}, []),
        ({"turns": (turn(is_identical=True), GOOD_TURN)}, []),
        ({"turns": (turn(is_identical=True), turn(is_identical=True))}, ["identical_answers"]),
        ({"turns": ()}, []),
        ({"leaking": ("b",)}, ["identity_leak"]),
        ({"kind": "named"}, ["named"]),
        ({"kind": "chat"}, ["named"]),
        ({"kind": "quick"}, []),
        ({"kind": "quick", "n_votes_before": 19}, []),
        ({"kind": "quick", "n_votes_before": 20}, ["rate_limited"]),
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


@pytest.mark.parametrize(
    ("a", "b", "reasons"),
    [
        (EMPTY, EMPTY, ["no_answer"]),
        (WHITE, EMPTY, ["no_answer"]),
        (SideFacts("failed", 0, False), SideFacts("failed", 0, False), ["failed_side"]),
        (SideFacts("failed", 400, True), SideFacts("done", 400, True), ["failed_side"]),
        (SideFacts("stopped", 50, True), SideFacts("done", 50, True), ["stopped"]),
        (SideFacts("stopped", 100, True), SideFacts("done", 100, True), ["identical_answers"]),
    ],
)
def test_answers_that_cannot_be_compared_are_not_called_the_same(
    a: SideFacts, b: SideFacts, reasons: list[str]
) -> None:
    """ "One side failed" and "both said the same" contradict each other; so they stood beside each other once."""
    for turns in ((turn(a, b, is_identical=True),), (GOOD_TURN_TWICE, turn(a, b, is_identical=True))):
        facts = replace(GOOD, turns=turns)
        assert [reason.label for reason in judge(facts, RULES)] == reasons
        assert ledger.are_identical(turns) == (reasons == ["identical_answers"])
        assert Reason.IDENTICAL_ANSWERS not in judge(replace(facts, outcome="tie"), RULES)


@pytest.mark.parametrize(
    ("a", "b", "is_same"),
    [
        ("42", "42", True),
        (" 42\n", "42", True),
        ("\u200b42", "42\ufeff\u3000", True),
        ("one\r\ntwo", "one\ntwo", True),
        ("42", "43", False),
        ("4 2", "4  2", False),
        ("yes", "Yes", False),
    ],
)
def test_two_texts_are_the_same_where_a_reader_sees_the_same(a: str, b: str, is_same: bool) -> None:
    assert ledger.same_text(a, b) is is_same
    assert ledger.same_text(b, a) is is_same


@pytest.mark.parametrize(
    ("a", "b", "is_same"),
    [
        ("Who  is it?", "who is\nit?", True),
        ("STRASSE", "straße", True),
        ("\u0041\u030a", "å", True),
        ("ａ 1", "A 1", True),
        ("Who is it?", "Who is it", False),
        ("Who is it?", "Whois it?", False),
    ],
)
def test_two_prompts_ask_the_same_whatever_their_case_and_white_space(a: str, b: str, is_same: bool) -> None:
    assert (ledger.prompt_key(a) == ledger.prompt_key(b)) is is_same


def test_the_list_is_closed_and_every_reason_is_explained() -> None:
    assert ledger.__doc__ is not None
    assert all(f"    {reason.label} " in ledger.__doc__ for reason in Reason)


def test_the_rules_never_give_reasons_that_do_not_follow_from_facts() -> None:
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
    others = [{"kind": "named"}, {"turns": (GOOD_TURN_TWICE,)}, {"turns": (turn(a=EMPTY),)}]
    given = {reason for change in ({}, *others) for reason in judge(replace(worst, **change), RULES)}  # type: ignore[arg-type]
    assert given | STANDING_REASONS == set(Reason)
    assert not given & STANDING_REASONS


def test_stored_facts_give_the_same_verdict() -> None:
    for facts in (GOOD, replace(GOOD, leaking=("a",), turns=(turn(a=SideFacts("stopped", 5)), GOOD_TURN), read_s=None)):
        stored = json.loads(json.dumps(facts.to_json()))
        assert Facts.from_json(stored) == facts
        assert judge_stored(stored, RULES) == judge(facts, RULES)


def test_a_new_number_in_the_rules_changes_verdicts_without_a_text() -> None:
    stored = GOOD.to_json()
    assert judge_stored(stored, replace(RULES, votes_per_hour=9)) == (Reason.RATE_LIMITED,)
    assert judge_stored(stored, replace(RULES, min_read_s=2.1)) == (Reason.RATE_LIMITED,)


def _version_1(n_chars_a: int = 40, *, is_identical: bool = False, **changes: Any) -> dict[str, Any]:
    """Facts as arenas before version 2 of the rules stored them."""
    a, b = {"end": "done", "n_chars": n_chars_a}, {"end": "done", "n_chars": 60}
    stored = {
        "kind": "battle",
        "outcome": "a",
        "turns": [{"a": a, "b": b, "is_identical": is_identical}],
        "leaking": [],
        "n_votes_before": 0,
        "read_s": 4.5,
        "is_named_probe": False,
        "is_flagged": False,
    }
    return {**stored, **changes}


@pytest.mark.parametrize(
    ("stored", "reasons"),
    [
        (_version_1(), ()),
        (_version_1(0), (Reason.NO_ANSWER,)),
        (_version_1(0, is_identical=True), (Reason.NO_ANSWER,)),
        (_version_1(60, is_identical=True), (Reason.IDENTICAL_ANSWERS,)),
        (_version_1(60, is_identical=True, outcome="tie"), ()),
        (_version_1(leaking=["b"], read_s=None), (Reason.IDENTITY_LEAK,)),
    ],
)
def test_facts_of_version_1_are_still_judged(stored: dict[str, Any], reasons: tuple[Reason, ...]) -> None:
    assert judge_stored(stored, RULES) == reasons
    assert Facts.from_json(stored).has_version_1
    assert not GOOD.has_version_1


def test_facts_that_do_not_suffice_leave_the_old_verdict() -> None:
    assert judge_stored({}, RULES) is None
    for field in fields(Facts):
        if field.name != "is_flagged":
            stored = GOOD.to_json()
            del stored[field.name]
            assert judge_stored(stored, RULES) is None
    assert judge_stored({**GOOD.to_json(), "turns": [{"a": {}}]}, RULES) is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "duel"},
        {"kind": 5},
        {"outcome": "draw"},
        {"outcome": None},
        {"turns": 5},
        {"turns": ["ab"]},
        {"turns": [5]},
        {"turns": [{"a": "x", "b": [], "is_identical": True}]},
        {"turns": [{"a": {"end": "late", "n_chars": 5}, "b": {"end": "done", "n_chars": 5}, "is_identical": False}]},
        {"turns": [{"a": {"end": [], "n_chars": 5}, "b": {"end": "done", "n_chars": 5}, "is_identical": False}]},
        {"turns": [{"a": {"end": "done", "n_chars": "5"}, "b": {"end": "done", "n_chars": 5}, "is_identical": False}]},
        {"turns": [{"a": {"end": "done", "n_chars": 5}, "b": {"end": "done", "n_chars": 5}, "is_identical": "no"}]},
        {"turns": [{"a": {"end": "done", "n_chars": 5, "has_text": 1}, "b": {"end": "done", "n_chars": 5}}]},
        {"leaking": "ab"},
        {"leaking": ["c"]},
        {"n_votes_before": 1.5},
        {"n_votes_before": True},
        {"read_s": "soon"},
        {"is_named_probe": None},
        {"is_flagged": 0},
    ],
    ids=str,
)
def test_wrong_facts_of_an_import_are_ignored(change: dict[str, Any]) -> None:
    assert judge_stored({**_version_1(), **change}, RULES) is None


def test_an_unknown_kind_or_outcome_is_an_error_and_no_verdict() -> None:
    with pytest.raises(ValueError, match="kind 'duel' is not one of battle"):
        judge(replace(GOOD, kind="duel"), RULES)
    with pytest.raises(ValueError, match="outcome 'draw' is not one of"):
        judge(replace(GOOD, outcome="draw"), RULES)
    assert {kind.label for kind in BattleKind} >= {"battle", "quick", "control", "named", "chat"}
    assert Outcome.parse("tie") is Outcome.TIE
