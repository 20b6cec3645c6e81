"""Which votes count, from the players' answers to the verdict; the ledger's tests cover the rules alone."""

import asyncio
from pathlib import Path
from typing import Any, Literal

import pytest

from arena.players.events import Broken, Filtered, Finish, Thought, TimedOut
from arena.rounds.turns.attempt import CANCELLED
from arena.rounds.views import BattleView
from arena.service import Outcome
from arena.service.verdicts.facts import shown_facts, turn_facts
from db import queries
from db.codes import BattleKind, Side, State
from db.queries import NewBattle
from tests.arena.service.house import NAMES, House, battle, refused, run, started, watch
from tests.waiting import until

NO_ANSWER: Any = (Outcome.A, ["no_answer"], "wont_count_no_answer")
FAILED_SIDE: Any = (Outcome.A, ["failed_side"], "wont_count_failed_side")
VERDICTS: list[tuple[str, Any, Outcome, list[str], str | None]] = [
    ("good", ["x" * 150], Outcome.A, [], None),
    ("failed", ["half", Broken("cut")], Outcome.A, ["failed_side"], "wont_count_failed_side"),
    ("empty", [], Outcome.A, ["no_answer"], "wont_count_no_answer"),
    ("white", [" ", "\n\u3000\u200b"], Outcome.TIE, ["no_answer"], "wont_count_no_answer"),
    ("thought only", [Thought("Let me see.")], Outcome.B, ["no_answer"], "wont_count_no_answer"),
    ("tool calls", [Finish("tool_calls", 1, 1, None, 1.0, 2.0)], Outcome.A, ["no_answer"], "wont_count_no_answer"),
    ("all filtered", [Finish("content_filter", 1, 0, None, 1.0, 2.0)], *NO_ANSWER),
    ("filtered", [Filtered("before any text")], *NO_ANSWER),
    ("cut by a filter", ["A bomb is", Filtered("cut")], Outcome.A, ["failed_side"], "wont_count_failed_side"),
    ("filter as finish", ["A", Finish("content_filter", 1, 1, None, 1.0, 2.0)], *FAILED_SIDE),
    ("cut", ["y", Finish("length", 1, 1, None, 1.0, 2.0)], Outcome.B, [], None),
    ("leak", ["I am Wren Sol."], Outcome.BOTH_BAD, ["identity_leak"], None),
    ("claim", ["I am ChatGPT."], Outcome.TIE, ["identity_leak"], None),
]


@pytest.mark.parametrize(("name", "script", "outcome", "reasons", "notice"), VERDICTS, ids=[v[0] for v in VERDICTS])
def test_a_vote_says_at_once_whether_it_counts(
    house: House, name: str, script: Any, outcome: Outcome, reasons: list[str], notice: str | None
) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = (script,)
        arena = await started(house)
        battle_id = await battle(arena)
        assert (await arena.view("visitor", battle_id)).notice == notice
        reveal = await arena.vote("visitor", battle_id, outcome)
        assert (list(reveal.reasons), reveal.is_counted) == (reasons, not reasons)
        board = await arena.boards.newest()
        assert board.n_counted == (not reasons)
        assert dict(board.exclusions) == dict.fromkeys(reasons, 1)
        assert (reveal.a.rating_after == reveal.a.rating_before) == (bool(reasons) or outcome.score == 0.5)

    run(main())


def test_two_empty_answers_are_not_identical(house: House) -> None:
    async def main() -> None:
        house.script([])
        arena = await started(house)
        battle_id = await battle(arena)
        view = await arena.view("visitor", battle_id)
        assert (view.notice, view.is_tie_only, view.can_send) == ("wont_count_no_answer", False, False)
        assert [(side.state, side.error, side.can_retry) for side in view.sides.values()] == [
            ("failed", "side_no_answer", True)
        ] * 2
        assert (await arena.vote("visitor", battle_id, Outcome.A)).reasons == ("no_answer",)

    run(main())


def test_neither_of_two_identical_answers_can_win(house: House) -> None:
    async def main() -> None:
        house.script(["the same"])
        house.streams["Wren Sol"].scripts = (["the", " same\n"],)
        arena = await started(house)
        for outcome in (Outcome.TIE, Outcome.BOTH_BAD):
            battle_id = await battle(arena)
            view = await arena.view("visitor", battle_id)
            assert (view.notice, view.is_tie_only, view.can_vote) == ("identical_answers", True, True)
            for refused_outcome in (Outcome.A, Outcome.B):
                with refused("identical_answers"):
                    await arena.vote("visitor", battle_id, refused_outcome)
            assert house.record(battle_id).vote is None
            assert (await arena.vote("visitor", battle_id, outcome)).reasons == ()
            with refused("already_voted"):
                await arena.vote("visitor", battle_id, Outcome.A)

    run(main())


def test_answers_are_identical_only_if_every_turn_is(house: House) -> None:
    async def main() -> None:
        house.script(["the same"], ["the same"])
        house.streams["Wren Sol"].scripts = (["the same"], ["not the same"])
        arena = await started(house)
        battle_id = await battle(arena)
        assert (await arena.view("visitor", battle_id)).is_tie_only
        await arena.send("visitor", battle_id, "more")
        last = (await watch(arena, battle_id))[-1]
        assert (last.notice, last.is_tie_only) == (None, False)
        assert (await arena.vote("visitor", battle_id, Outcome.A)).reasons == ()

    run(main())


def test_the_shown_and_the_stored_turn_give_the_same_facts(house: House) -> None:
    async def main() -> None:
        scripts: list[Any] = [
            ["x" * 150],
            [],
            [" "],
            ["half", Broken("cut")],
            ["half", Filtered("cut")],
            [Filtered("")],
        ]
        for script in scripts:
            house.streams["Wren Sol"].scripts = (script,)
            arena = await started(house)
            battle_id = await battle(arena)
            shown = [shown_facts(turn) for turn in arena._battles._live[battle_id].battle.turns]
            assert shown == [turn_facts(turn) for turn in house.record(battle_id).turns]
            again = await started(house)  # read back from the database
            assert (await again.view("visitor", battle_id)).notice == (await arena.view("visitor", battle_id)).notice
            resumed = [shown_facts(turn) for turn in again._battles._live[battle_id].battle.turns]
            assert resumed == shown

    run(main())


def test_a_retry_of_an_empty_answer_makes_the_vote_count(house: House) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = ([" \n"], [], ["fine now"])
        arena = await started(house)
        battle_id = await battle(arena)
        side = house.side_of(battle_id, "Wren Sol")
        for _ in range(2):
            assert getattr(await arena.view("visitor", battle_id), side).error == "side_no_answer"
            await arena.retry("visitor", battle_id, side)
            last = (await watch(arena, battle_id))[-1]
        assert (last.notice, getattr(last, side).text) == (None, "fine now")
        assert (await arena.vote("visitor", battle_id, Outcome.A)).is_counted
        stored = [answer.text for answer in house.record(battle_id).turns[0].answers if answer.side.label == side]
        assert stored == [" \n", "", "fine now"]

    run(main())


def test_a_name_in_the_reasoning_alone_is_no_identity_leak(house: House) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = ([Thought("I am Wren Sol."), "Hello.", Thought("Wren Sol, yes.")],)
        arena = await started(house)
        assert (await arena.vote("visitor", await battle(arena), Outcome.A)).reasons == ()

    run(main())


def test_equal_answers_with_different_reasoning_are_identical(house: House) -> None:
    async def main() -> None:
        house.script(["the same"])
        house.streams["Wren Sol"].scripts = ([Thought("hm"), "the same"],)
        arena = await started(house)
        assert (await arena.view("visitor", await battle(arena))).is_tie_only

    run(main())


def test_a_vote_counts_although_an_endpoint_got_fewer_parameters(house: House) -> None:
    async def main() -> None:
        sent = {"max_completion_tokens": 1024, "seed": 5, "stream": True}
        house.streams["Wren Sol"].scripts = (["Yes.", Finish("stop", 1, 1, None, 1.0, 2.0, sent)],)
        arena = await started(house)
        assert (await arena.vote("visitor", await battle(arena), Outcome.A)).reasons == ()

    run(main())


@pytest.mark.parametrize(("n_chars", "reasons"), [(99, ("stopped",)), (100, ())])
def test_a_vote_after_a_stop_before_100_characters_does_not_count(
    house: House, n_chars: int, reasons: tuple[str]
) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = (["x" * n_chars, asyncio.Event()],)
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        side = house.side_of(battle_id, "Wren Sol")

        other: Literal["a", "b"] = "b" if side == "a" else "a"

        def view() -> BattleView:
            return arena._battles._live[battle_id].battle.view()

        attempt = arena._battles._live[battle_id].battle._attempts.current[other]
        await until(lambda: len(getattr(view(), side).text) == n_chars and attempt.is_complete and attempt.n_shown > 0)
        await arena.stop("visitor", battle_id)
        last = await arena.view("visitor", battle_id)
        assert last.notice == ("wont_count_stopped" if reasons else None)
        assert (getattr(last, side).state, getattr(last, other).state) == ("stopped", "done")
        assert (await arena.vote("visitor", battle_id, Outcome.A)).reasons == reasons
        stored = house.record(battle_id).turns[0].shown(Side.parse(side))
        assert stored is not None
        assert (stored.finish_reason, len(stored.text)) == (CANCELLED, n_chars)

    run(main())


def test_a_stop_after_white_space_alone_allows_no_further_turn(house: House) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = ([" \n", asyncio.Event()],)
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        side = house.side_of(battle_id, "Wren Sol")
        battle = arena._battles._live[battle_id].battle
        await until(lambda: getattr(battle.view(), side).text == " \n")
        await arena.stop("visitor", battle_id)
        last = await arena.view("visitor", battle_id)
        assert (last.notice, last.can_send) == ("wont_count_stopped", False)

    run(main())


def test_a_retry_that_works_makes_the_vote_count(house: House) -> None:
    async def main() -> None:
        house.streams["Wren Sol"].scripts = ([TimedOut("no token")], ["fine now"])
        arena = await started(house)
        battle_id = await battle(arena)
        side = house.side_of(battle_id, "Wren Sol")
        with refused("not_yet"):
            await arena.retry("visitor", battle_id, "b" if side == "a" else "a")
        await arena.retry("visitor", battle_id, side)
        assert house.record(battle_id).state is State.OPEN
        last = (await watch(arena, battle_id))[-1]
        assert (last.state, last.notice, getattr(last, side).text) == ("votable", None, "fine now")
        assert (await arena.vote("visitor", battle_id, Outcome.A)).is_counted
        attempts = [answer.error for answer in house.record(battle_id).turns[0].answers if answer.side.label == side]
        assert attempts == ["timed_out", None]

    run(main())


def test_votes_beyond_votes_per_hour_are_stored_and_do_not_count(tmp_path: Path) -> None:
    house = House(tmp_path, limits={"votes_per_hour": 2})

    async def main() -> None:
        arena = await started(house)
        reasons = [(await arena.vote("visitor", await battle(arena), Outcome.A)).reasons for _ in range(3)]
        assert reasons == [(), (), ("rate_limited",)]
        house.wall_s += 3601
        assert (await arena.vote("visitor", await battle(arena), Outcome.A)).reasons == ()
        assert (await arena.boards.newest()).n_excluded == 1

    run(main())


def test_a_vote_sooner_than_min_read_s_does_not_count(tmp_path: Path) -> None:
    house = House(tmp_path, limits={"min_read_s": 5.0})

    async def main() -> None:
        arena = await started(house)
        assert (await arena.vote("visitor", await battle(arena), Outcome.A)).reasons == ("rate_limited",)
        battle_id = await battle(arena)
        house.clock_s += 5
        assert (await arena.vote("visitor", battle_id, Outcome.A)).reasons == ()

    run(main())


def test_a_vote_on_a_prompt_of_a_named_page_does_not_count(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        with house.database.write() as tx:
            named = NewBattle("visitor", *NAMES, settings=None, kind=BattleKind.NAMED, replica="main")
            queries.add_turn(tx, queries.open_battle(tx, named, now=house.wall_s - 3600), "Who is it?")
        assert (await arena.vote("visitor", await battle(arena, "Who is it?"), Outcome.A)).reasons == ("named_probe",)
        assert (await arena.vote("visitor", await battle(arena, "Else"), Outcome.A)).is_counted
        house.wall_s += 24 * 3600
        assert (await arena.vote("visitor", await battle(arena, "Who is it?"), Outcome.A)).is_counted

    run(main())


def test_a_vote_of_a_banned_visitor_is_stored_with_its_reason(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        with house.database.write() as tx:
            queries.ban_visitor(tx, "visitor", reason="spam", now=house.wall_s)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert reveal.reasons == ("banned",)
        assert (await arena.view("visitor", battle_id)).reveal is not None

    run(main())
