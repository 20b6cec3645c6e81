"""A battle between two scripted players with a journal in memory; its clock ticks every 2 ms."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from arena.players.events import Broken, Finish, Message, ModelStream, Refused, Request, Thought, TimedOut, Token
from arena.rounds.battle import Battle
from arena.rounds.pacing import EqualPace, FreePace, Pace
from arena.rounds.turns.attempt import CANCELLED
from arena.rounds.turns.writers import Contestant, Parameters
from arena.rounds.views import BattleView
from arena.rounds.watchers import Timing
from db.codes import BattleKind, Policy, Side, State
from db.errors import StorageFailed
from db.queries import AnswerRecord, BattleRecord, Check, StoredSettings, TurnRecord
from tests.fakes import ScriptedPlayer
from tests.waiting import until

TICK_S = 0.002
MAX_ATTEMPTS = 4
PARAMETERS = Parameters(temperature=0.6, top_p=0.9, max_tokens=32)


class Journal:
    """What a battle has written down."""

    def __init__(self) -> None:
        self.turns: list[tuple[int, list[AnswerRecord]]] = []
        self.checks: list[Check] = []
        self.n_void = 0
        self.error: StorageFailed | None = None

    async def end_turn(
        self, battle_id: str, turn: int, answers: Sequence[AnswerRecord], checks: Sequence[Check] = ()
    ) -> None:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.turns.append((turn, list(answers)))
        self.checks += checks

    async def void(self, battle_id: str) -> None:
        if self.error is not None:
            raise self.error
        self.n_void += 1


def make(
    a: ModelStream,
    b: ModelStream,
    journal: Journal | None = None,
    *,
    pace: Callable[[], Pace] = FreePace,
    abandon_after_s: float = 60.0,
    max_turns: int = 5,
    system_prompt: str = "Be kind.",
) -> Battle:
    return Battle(
        "battle-1",
        "visitor-1",
        {"a": Contestant(a, system_prompt), "b": Contestant(b, system_prompt)},
        PARAMETERS,
        journal or Journal(),
        make_pace=pace,
        timing=Timing(abandon_after_s=abandon_after_s, tick_s=TICK_S, heartbeat_s=0.02),
        max_turns=max_turns,
        max_attempts=MAX_ATTEMPTS,
        rng=random.Random(0),
    )


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 120))


async def watch(battle: Battle) -> list[BattleView]:
    return [view async for view in battle.follow()]


@pytest.mark.parametrize("slow", ["a", "b"])
def test_both_sides_are_written_at_once_and_a_slow_one_stalls_no_other(slow: str) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        waiting, quick = ScriptedPlayer([gate, "late"]), ScriptedPlayer(["soon"])
        battle = make(waiting, quick) if slow == "a" else make(quick, waiting)
        battle.ask("Hi")
        following = asyncio.create_task(watch(battle))
        done = "b" if slow == "a" else "a"
        await until(lambda: getattr(battle.view(), done).text == "soon")
        assert (battle.view().a.state, battle.view().sides["b"].state) == ("writing", "writing")
        assert battle.view().state == "open"
        assert not battle.view().can_vote
        gate.set()
        last = (await following)[-1]
        assert (last.state, last.can_vote, last.can_stop) == ("votable", True, False)
        assert {getattr(last, slow).text, getattr(last, done).text} == {"late", "soon"}

    run(main())


def test_both_sides_get_the_same_but_for_the_seed() -> None:
    async def main() -> None:
        a, b = ScriptedPlayer(["one"]), ScriptedPlayer(["two"])
        battle = make(a, b)
        battle.ask("Say a number")
        await watch(battle)
        (asked_a,), (asked_b,) = a.requests, b.requests
        assert asked_a.seed != asked_b.seed
        assert replace(asked_a, seed=0) == replace(asked_b, seed=0)
        assert asked_a.messages == (Message("system", "Be kind."), Message("user", "Say a number"))
        assert (asked_a.temperature, asked_a.top_p, asked_a.max_tokens) == (0.6, 0.9, 32)

    run(main())


def test_an_empty_system_prompt_sends_no_message() -> None:
    async def main() -> None:
        a = ScriptedPlayer(["one"])
        battle = make(a, ScriptedPlayer(), system_prompt="")
        battle.ask("Hi")
        await watch(battle)
        assert a.requests[0].messages == (Message("user", "Hi"),)

    run(main())


def test_each_side_goes_on_from_its_own_answers() -> None:
    async def main() -> None:
        a, b = ScriptedPlayer(["A1"], ["A2"]), ScriptedPlayer(["B1"], ["B2"])
        battle = make(a, b)
        battle.ask("first")
        await watch(battle)
        assert battle.view().can_send
        battle.ask("second")
        last = (await watch(battle))[-1]
        assert [turn.answer_b for turn in last.turns] == ["B1"]
        assert (last.prompt, last.a.text, last.sides["b"].text) == ("second", "A2", "B2")
        expected = [("system", "Be kind."), ("user", "first"), ("assistant", "B1"), ("user", "second")]
        assert [(message.role, message.content) for message in b.requests[1].messages] == expected
        assert a.requests[1].messages[2] == Message("assistant", "A1")
        seeds = [request.seed for request in (*a.requests, *b.requests)]
        assert len(set(seeds)) == 4

    run(main())


def test_answers_are_stored_before_the_battle_is_votable() -> None:
    async def main() -> None:
        journal = Journal()
        finish = Finish("length", 11, 3, "feedfacefeedface", ttft_ms=12.5, duration_ms=80.0)
        battle = make(ScriptedPlayer(["x", "y", finish]), ScriptedPlayer(["z"]), journal)
        battle.ask("Hi")
        async for view in battle.follow():
            assert view.state == "open" or journal.turns
        ((turn, (a, b)),) = journal.turns
        assert turn == 1
        seed = battle._attempts.current["a"].seed
        assert a == AnswerRecord(
            Side.A, 1, "xy", seed, "length", 11, 3, ttft_ms=12.5, duration_ms=80.0, fingerprint="feedfacefeedface"
        )
        assert (b.side, b.text, b.finish_reason, b.error) == (Side.B, "z", "stop", None)
        assert battle.view().a.is_cut
        assert not battle.view().sides["b"].is_cut

    run(main())


@pytest.mark.parametrize(
    ("error", "code"), [(TimedOut("slow"), "timed_out"), (Broken("cut"), "broken"), (RuntimeError("bug"), "failed")]
)
def test_a_side_that_fails_half_way_keeps_its_text_and_the_battle_is_votable(error: Exception, code: str) -> None:
    async def main() -> None:
        journal = Journal()
        battle = make(ScriptedPlayer(["half", error]), ScriptedPlayer(["whole"]), journal)
        battle.ask("Hi")
        last = (await watch(battle))[-1]
        assert (last.state, last.can_vote, last.can_send) == ("votable", True, False)
        assert (last.a.state, last.a.text, last.a.error, last.a.can_retry) == ("failed", "half", "side_failed", True)
        assert last.sides["b"].state == "done"
        a = journal.turns[0][1][0]
        assert (a.error, a.finish_reason, a.completion_tokens) == (code, None, None)

    run(main())


def test_a_stream_without_a_finish_is_broken() -> None:
    class Quiet:
        async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
            return
            yield

    async def main() -> None:
        battle = make(Quiet(), ScriptedPlayer())
        battle.ask("Hi")
        assert (await watch(battle))[-1].a.error == "side_failed"

    run(main())


def test_a_side_whose_context_is_too_short_reports_no_number_and_is_not_asked_again() -> None:
    async def main() -> None:
        refusal = Refused("too long", limit=512, is_too_long=True)
        battle = make(ScriptedPlayer([refusal]), ScriptedPlayer(["fine"]))
        battle.ask("Hi")
        last = (await watch(battle))[-1]
        assert (last.a.error, last.a.can_retry) == ("side_too_long", False)
        assert "512" not in repr(last)

    run(main())


def test_a_failed_side_is_asked_again_with_a_new_seed() -> None:
    async def main() -> None:
        journal, gate = Journal(), asyncio.Event()
        a, b = ScriptedPlayer([Broken("cut")], ["fi", gate, "ne"]), ScriptedPlayer(["other"])
        battle = make(a, b, journal)
        battle.ask("Hi")
        await watch(battle)
        battle.retry("a")
        assert (battle.view().state, battle.view().a.state, battle.view().sides["b"].state) == (
            "open",
            "waiting",
            "done",
        )
        await until(lambda: battle._attempts.current["a"].text == "fi")
        await asyncio.sleep(5 * TICK_S)
        assert battle.view().a.text == ""
        gate.set()
        last = (await watch(battle))[-1]
        assert (last.state, last.a.text, last.sides["b"].text) == ("votable", "fine", "other")
        assert len(b.requests) == 1
        assert len({request.seed for request in (*a.requests, *b.requests)}) == 3
        stored = [(one.side, one.attempt, one.error) for _, answers in journal.turns for one in answers]
        assert sorted(stored) == [(Side.A, 1, "broken"), (Side.A, 2, None), (Side.B, 1, None)]

    run(main())


def test_a_side_that_fails_at_once_is_not_seen_to_fail_while_the_other_writes() -> None:
    async def main() -> None:
        gate = asyncio.Event()
        battle = make(ScriptedPlayer([Broken("cut")]), ScriptedPlayer(["half", gate, " whole"]))
        battle.ask("Hi")
        following = asyncio.create_task(watch(battle))
        await until(lambda: battle.view().sides["b"].text == "half")
        view = battle.view()
        assert (view.a.state, view.a.error, view.a.can_retry, view.sides["b"].state) == (
            "writing",
            None,
            False,
            "writing",
        )
        gate.set()
        last = (await following)[-1]
        assert (last.a.state, last.a.can_retry, last.sides["b"].state) == ("failed", True, "done")

    run(main())


def test_two_failed_sides_are_both_asked_again_and_end_together() -> None:
    async def main() -> None:
        journal, gate = Journal(), asyncio.Event()
        a, b = ScriptedPlayer([Broken("cut")], ["fine"]), ScriptedPlayer([Broken("cut")], [gate, "too"])
        battle = make(a, b, journal)
        battle.ask("Hi")
        await watch(battle)
        battle.retry("a")
        battle.retry("b")
        await until(lambda: battle._attempts.current["a"].is_complete)
        await asyncio.sleep(5 * TICK_S)
        assert (battle.view().a.text, battle.view().a.state, battle.view().sides["b"].state) == (
            "",
            "waiting",
            "waiting",
        )
        gate.set()
        last = (await watch(battle))[-1]
        assert (last.state, last.a.text, last.sides["b"].text) == ("votable", "fine", "too")
        stored = sorted((one.side, one.attempt) for _, answers in journal.turns for one in answers)
        assert stored == [(Side.A, 1), (Side.A, 2), (Side.B, 1), (Side.B, 2)]

    run(main())


def test_thinking_is_said_of_both_sides_and_its_text_shown_of_neither() -> None:
    class Thinker:
        def __init__(self) -> None:
            self.gate = asyncio.Event()

        async def stream(self, request: Request) -> AsyncGenerator[Token | Thought | Finish, None]:
            yield Thought("Hm, seven.")
            await self.gate.wait()
            yield Token("7")
            yield Finish("stop", 7, 3, None, ttft_ms=1.0, duration_ms=2.0)

    async def main() -> None:
        journal, thinker = Journal(), Thinker()
        battle = make(thinker, ScriptedPlayer(["seven"]), journal, pace=EqualPace)
        battle.ask("Hi")
        following = asyncio.create_task(watch(battle))
        await until(lambda: battle.view().a.state == "thinking")
        assert battle.view().sides["b"].state == "thinking"
        thinker.gate.set()
        views = await following
        assert "Hm" not in repr(views)
        assert {(view.a.state, view.sides["b"].state) for view in views} >= {("thinking", "thinking"), ("done", "done")}
        assert journal.turns[0][1][0].reasoning == "Hm, seven."

    run(main())


def test_a_side_is_not_asked_without_end() -> None:
    async def main() -> None:
        a = ScriptedPlayer([Broken("cut")])
        battle = make(a, ScriptedPlayer())
        battle.ask("Hi")
        await watch(battle)
        for _ in range(MAX_ATTEMPTS - 1):
            battle.retry("a")
            await watch(battle)
        assert not battle.view().a.can_retry
        assert len(a.requests) == MAX_ATTEMPTS

    run(main())


def test_stop_keeps_what_was_shown_and_closes_the_streams() -> None:
    async def main() -> None:
        journal, never = Journal(), asyncio.Event()
        a, b = ScriptedPlayer(["shown", never, "never"]), ScriptedPlayer(["whole"])
        battle = make(a, b, journal)
        battle.ask("Hi")
        following = asyncio.create_task(watch(battle))
        await until(lambda: battle.view().a.text == "shown" and battle.view().sides["b"].text == "whole")
        await battle.stop()
        view = battle.view()
        assert (view.state, view.a.state, view.a.text, view.sides["b"].state) == ("votable", "stopped", "shown", "done")
        assert view.can_send
        assert a.n_closed == 1
        assert [(one.text, one.finish_reason) for one in journal.turns[0][1]] == [
            ("shown", CANCELLED),
            ("whole", "stop"),
        ]
        await following

    run(main())


def test_stop_cuts_an_answer_that_is_written_but_not_yet_shown() -> None:
    """Otherwise the end of the fast side would be visible, and votes would be on text that no one read."""

    async def main() -> None:
        journal, never = Journal(), asyncio.Event()
        slow = ScriptedPlayer(["w", 0.3, "o", 0.3, "r", never])
        battle = make(ScriptedPlayer(["word " * 500]), slow, journal, pace=EqualPace)
        battle.ask("Hi")
        following = asyncio.create_task(watch(battle))
        await until(lambda: battle.view().sides["b"].text == "wor")
        await battle.stop()
        await following
        assert (battle.view().a.state, battle.view().a.text) == ("stopped", "wor")
        assert journal.turns[0][1][0].text == "wor"

    run(main())


def test_an_endpoint_that_does_not_let_go_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.rounds.turns.writers.CLOSE_TIMEOUT_S", 0.02)

    class Clinging:
        def __init__(self) -> None:
            self.released = asyncio.Event()

        async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
            yield Token("shown")
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            await self.released.wait()
            yield Token(" too late")

    async def main() -> None:
        clinging = Clinging()
        battle = make(clinging, ScriptedPlayer(["whole"]))
        battle.ask("Hi")
        await until(lambda: battle.view().a.text == "shown")
        writer = battle._writers._tasks["a"]
        await battle.stop()
        clinging.released.set()
        await asyncio.wait([writer])
        view = battle.view()
        assert (view.state, view.a.state, view.a.text) == ("votable", "stopped", "shown")

    run(main())


def test_stop_before_the_first_token_leaves_nothing_to_go_on_from() -> None:
    async def main() -> None:
        never = asyncio.Event()
        battle = make(ScriptedPlayer([never]), ScriptedPlayer([never]))
        battle.ask("Hi")
        await battle.stop()
        view = battle.view()
        assert (view.state, view.a.state, view.sides["b"].text, view.can_send) == ("votable", "stopped", "", False)

    run(main())


def test_a_battle_without_a_watching_page_becomes_void_and_closes_its_streams() -> None:
    async def main() -> None:
        journal, never = Journal(), asyncio.Event()
        a, b = ScriptedPlayer(["x", never]), ScriptedPlayer([never])
        battle = make(a, b, journal, abandon_after_s=0.03)
        battle.ask("Hi")
        await until(lambda: battle.state == "void")
        await until(lambda: not battle.is_being_written)
        assert (battle.notice, journal.n_void, a.n_closed, b.n_closed) == ("abandoned", 1, 1, 1)
        assert not battle.view().can_vote

    run(main())


def test_a_watched_battle_goes_on_and_pages_come_and_go() -> None:
    async def main() -> None:
        gate = asyncio.Event()
        battle = make(ScriptedPlayer(["x", gate, "y"]), ScriptedPlayer(["z"]), abandon_after_s=0.05)
        battle.ask("Hi")
        async with aclosing(battle.follow()) as first:
            await anext(first)
            second = asyncio.create_task(watch(battle))
            await asyncio.sleep(0.1)  # longer than abandon_after_s, with a page
        assert battle.view().state == "open"
        third = asyncio.create_task(watch(battle))
        gate.set()
        assert (await second)[-1] == (await third)[-1] == battle.view()
        assert battle.view().a.text == "xy"

    run(main())


def test_a_page_hears_from_a_silent_battle_so_that_its_end_is_noticed() -> None:
    async def main() -> None:
        battle = make(ScriptedPlayer([asyncio.Event()]), ScriptedPlayer([asyncio.Event()]))
        battle.ask("Hi")
        async with aclosing(battle.follow()) as views:
            first, again = await anext(views), await anext(views)
        assert replace(first, waited_s=None) == replace(again, waited_s=None)
        assert (first.waited_s or 0.0) < (again.waited_s or 0.0), "the clock of the page moves"
        await battle.stop()

    run(main())


def test_views_come_no_faster_than_the_tick() -> None:
    async def main() -> None:
        battle = make(ScriptedPlayer([step for _ in range(60) for step in ("x", 0.0005)]), ScriptedPlayer())
        battle.ask("Hi")
        loop = asyncio.get_running_loop()
        times = [loop.time() async for _ in battle.follow()]
        gaps = [after - before for before, after in pairwise(times)]
        assert min(gaps) >= TICK_S * 0.9
        assert len(times) < 60

    run(main())


def test_with_equal_pace_the_first_to_finish_is_not_seen_to_finish_first() -> None:
    async def main() -> None:
        gate = asyncio.Event()
        text = "same length"
        slow = ScriptedPlayer([text[:2], 0.3, text[2:3], 0.3, text[3:4], gate, text[4:]])
        battle = make(ScriptedPlayer([text]), slow, pace=EqualPace)
        battle.ask("Hi")
        following = asyncio.create_task(watch(battle))
        await until(lambda: len(battle.view().a.text) == 4)
        assert battle.view().a.state == "writing"
        gate.set()
        for view in await following:
            assert (view.a.text, view.a.state) == (view.sides["b"].text, view.sides["b"].state)

    run(main())


def test_an_interruption_voids_what_is_being_written() -> None:
    async def main() -> None:
        journal = Journal()
        battle = make(ScriptedPlayer([asyncio.Event()]), ScriptedPlayer(), journal)
        battle.ask("Hi")
        await battle.interrupt()
        assert (battle.state, battle.notice, journal.n_void) == ("void", "interrupted", 1)

    run(main())


def test_an_interruption_keeps_what_has_ended_even_while_it_is_being_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        journal, may_store = Journal(), asyncio.Event()
        end_turn = journal.end_turn

        async def slow(*args: Any) -> None:
            await may_store.wait()
            await end_turn(*args)

        monkeypatch.setattr(journal, "end_turn", slow)
        battle = make(ScriptedPlayer(), ScriptedPlayer(), journal)
        battle.ask("Hi")
        await until(lambda: battle.ended_s is not None)
        interruption = asyncio.create_task(battle.interrupt())
        await asyncio.sleep(0)
        may_store.set()
        await interruption
        assert (battle.state, journal.n_void) == ("votable", 0)
        await battle.interrupt()
        assert battle.state == "votable"

    run(main())


def test_a_page_that_is_dropped_without_a_word_is_gone() -> None:
    async def main() -> None:
        battle = make(ScriptedPlayer([asyncio.Event()]), ScriptedPlayer(), abandon_after_s=0.03)
        battle.ask("Hi")

        async def page() -> None:
            async for _ in battle.follow():
                return

        await page()
        await until(lambda: battle.state == "void")

    run(main())


@pytest.mark.parametrize("reason", ["left", "not_stored"])
def test_a_battle_is_voided_while_it_is_written_and_after(reason: Any) -> None:
    async def main() -> None:
        for script in ([asyncio.Event()], ["x"]):
            journal = Journal()
            battle = make(ScriptedPlayer(script), ScriptedPlayer(["y"]), journal)
            battle.ask("Hi")
            await until(lambda: battle.view().sides["b"].text == "y")  # noqa: B023
            await battle.void(reason)
            assert (battle.state, battle.notice, journal.n_void) == ("void", reason, 1)
            await battle.void(reason)
            assert journal.n_void == 1

    run(main())


def test_a_voted_battle_is_never_voided() -> None:
    async def main() -> None:
        journal = Journal()
        battle = make(ScriptedPlayer(), ScriptedPlayer(), journal)
        battle.ask("Hi")
        await watch(battle)
        battle.become_voted()
        await battle.void("left")
        assert (battle.view().state, journal.n_void) == ("voted", 0)

    run(main())


def test_a_battle_that_cannot_be_stored_becomes_void_with_a_notice() -> None:
    async def main() -> None:
        journal = Journal()
        journal.error = StorageFailed("disk full")
        battle = make(ScriptedPlayer(), ScriptedPlayer(), journal)
        battle.ask("Hi")
        last = (await watch(battle))[-1]
        assert (last.state, last.notice, last.can_vote) == ("void", "not_stored", False)

    run(main())


def test_turns_have_a_limit() -> None:
    async def main() -> None:
        battle = make(ScriptedPlayer(), ScriptedPlayer(), max_turns=2)
        for prompt in ("one", "two"):
            battle.ask(prompt)
            await watch(battle)
        assert (battle.n_turns, battle.view().can_send, battle.view().can_vote) == (2, False, True)

    run(main())


def test_a_stored_battle_is_taken_over_and_goes_on() -> None:
    async def main() -> None:
        record = BattleRecord(
            battle_id="battle-1",
            share_id="share",
            kind=BattleKind.BATTLE,
            visitor="visitor-1",
            model_a="x",
            model_b="y",
            state=State.VOTABLE,
            opened_at=1.0,
            closed_at=None,
            policy=Policy.UNIFORM,
            draw_probability=0.5,
            settings=StoredSettings("Be kind.", 0.6, 0.9, 32, "free"),
            language=None,
            turns=(
                TurnRecord(
                    1, "one", (AnswerRecord(Side.A, 1, "A1", 5, "stop"), AnswerRecord(Side.B, 1, "B1", 6, "stop"))
                ),
                TurnRecord(
                    2,
                    "two",
                    (
                        AnswerRecord(Side.A, 1, "A2", 7, CANCELLED),
                        AnswerRecord(Side.B, 1, "", 8, error="broken"),
                        AnswerRecord(Side.B, 2, "B2", 9, "length"),
                    ),
                ),
            ),
        )
        a, b = ScriptedPlayer(["A3"]), ScriptedPlayer(["B3"])
        battle = make(a, b)
        battle.resume(record)
        view = battle.view()
        assert (view.state, view.prompt, view.turns[0].answer_a) == ("votable", "two", "A1")
        assert (view.a.state, view.a.text, view.sides["b"].state, view.sides["b"].is_cut) == (
            "stopped",
            "A2",
            "done",
            True,
        )
        battle.ask("three")
        assert (await watch(battle))[-1].sides["b"].text == "B3"
        assert [message.content for message in b.requests[0].messages] == [
            "Be kind.",
            "one",
            "B1",
            "two",
            "B2",
            "three",
        ]
        assert a.requests[0].seed not in range(5, 10)

    run(main())
