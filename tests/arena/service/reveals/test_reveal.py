"""What the reveal shows of each side's parameters and reasoning."""

from collections.abc import Mapping

import pytest

from arena.rounds.views import RevealSide
from arena.service.reveals.ranks import Ranks
from arena.service.reveals.reveal import reveal
from db.codes import BattleKind, Side, State
from db.outcome import Outcome
from db.queries import (
    AnswerRecord,
    BattleRecord,
    CastVote,
    EloChange,
    StoredSettings,
    TurnRecord,
    VoteRecord,
)
from elo.settings import Settings

ASKED = {"temperature": 0.7, "top_p": 1.0, "max_tokens": 1024, "seed": 7, "stream": True}
ALL = {**ASKED, "stream_options": {"include_usage": True}}


def _record(*turns: tuple[AnswerRecord, ...]) -> BattleRecord:
    return BattleRecord(
        battle_id="b",
        share_id="s",
        kind=BattleKind.BATTLE,
        visitor="ann",
        model_a="ash",
        model_b="birch",
        state=State.VOTED,
        opened_at=1.0,
        closed_at=2.0,
        policy=None,
        draw_probability=None,
        settings=StoredSettings(None, 0.7, 1.0, 1024, "equal"),
        language=None,
        turns=tuple(TurnRecord(n, "Hi", answers) for n, answers in enumerate(turns, 1)),
        vote=VoteRecord(Outcome.A, 2.0, 1, (), 2),
    )


def _side(sent: Mapping[str, object] | None) -> RevealSide:
    answer = AnswerRecord(Side.A, 1, "Yes.", 7, sent=sent)
    return reveal(_record((answer, AnswerRecord(Side.B, 1, "No."))), None, Ranks(), Settings()).a


def _without(*names: str, **other: object) -> dict[str, object]:
    return {**{name: value for name, value in ALL.items() if name not in names}, **other}


@pytest.mark.parametrize(
    ("sent", "not_sent", "otherwise"),
    [
        (None, (), {}),
        (ALL, (), {}),
        (_without("temperature"), ("temperature",), {}),
        (_without("top_p", "seed", "stream_options"), ("top_p", "seed", "stream_options"), {}),
        (_without("max_tokens", max_completion_tokens=1024), (), {"max_completion_tokens": "1024"}),
        (_without("max_tokens", max_completion_tokens=5120), (), {"max_completion_tokens": "5120"}),
        (_without("seed", random_seed=7), (), {"random_seed": "7"}),
        (_without("temperature", "top_p", topP=1.0), ("temperature",), {"topP": "1.0"}),
        (_without("top_p", penalty=1.0), ("top_p",), {"penalty": "1.0"}),
        (_without(max_tokens=512), (), {"max_tokens": "512"}),
        (_without(system_role="user"), (), {"system_role": "user"}),
        (_without(reasoning_effort="low", think=False), (), {"reasoning_effort": "low", "think": "false"}),
        (_without(user="sk-1234", provider={"order": ["x"]}), (), {"user": "", "provider": ""}),
    ],
)
def test_parameters_that_an_endpoint_did_not_get_are_shown(
    sent: dict[str, object] | None, not_sent: tuple[str, ...], otherwise: dict[str, str]
) -> None:
    side = _side(sent)
    assert (side.not_sent, dict(side.sent_otherwise)) == (not_sent, otherwise)


def test_the_reasoning_of_the_shown_attempt_is_shown_for_each_turn() -> None:
    first = (
        AnswerRecord(Side.A, 1, "", error="broken", reasoning="lost"),
        AnswerRecord(Side.A, 2, "x", reasoning=" hm\n"),
    )
    second = (AnswerRecord(Side.A, 1, "y"), AnswerRecord(Side.B, 1, "z", reasoning="aha"))
    shown = reveal(_record(first, second), None, Ranks(), Settings())
    assert (shown.a.thoughts, shown.b.thoughts) == (("hm", ""), ("", "aha"))


def test_the_expectation_is_that_of_the_online_ratings_before_the_vote() -> None:
    cast = CastVote(1, (), EloChange("ash", 1613.0, 1629.0), EloChange("birch", 1609.0, 1593.0))
    shown = reveal(_record(()), cast, Ranks(), Settings())
    assert shown.expected_a == pytest.approx(1 / (1 + 10 ** (-4 / 400)))
    assert reveal(_record(()), None, Ranks(), Settings()).expected_a is None
