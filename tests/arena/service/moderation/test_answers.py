"""Answers are judged before or while they are shown, and a blocked one is withheld everywhere."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from arena.players.events import Thought
from arena.rounds.views import BattleView
from arena.service import Outcome
from db import queries
from tests.arena.service.house import NAMES, House, refused, run, started, watch
from tests.arena.service.moderation.judge import BLOCKS_ANSWERS, Judge, house_with, stored
from tests.fakes import ScriptedPlayer
from tests.waiting import until

WREN, MOSS = NAMES


def answering(house: House, **texts: Any) -> None:
    """Give Wren and Moss these answers: a text, or a script."""
    for name, script in ((WREN, texts["wren"]), (MOSS, texts["moss"])):
        steps = [script] if isinstance(script, str) else script
        house.streams[name] = house.players.streams[name] = ScriptedPlayer(steps)


def side(view: BattleView, house: House, name: str) -> Any:
    return view.sides[house.side_of(view.battle_id, name)]


def test_a_blocked_answer_is_withheld_on_the_page_in_the_record_and_after_the_vote(tmp_path: Path) -> None:
    house = house_with(tmp_path, Judge(), **BLOCKS_ANSWERS)
    answering(house, wren=[Thought("illegal thoughts"), "Take this illegal way. " * 9], moss="Bread is baked. " * 9)

    async def main() -> None:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        views = await watch(arena, battle_id)
        assert not any("illegal" in repr(view) for view in views)
        last = views[-1]
        wren, moss = side(last, house, WREN), side(last, house, MOSS)
        assert (wren.state, wren.error, wren.text, wren.can_retry) == ("failed", "side_withheld", "", False)
        assert (moss.state, moss.text) == ("done", "Bread is baked. " * 9)
        assert (last.notice, last.can_vote, last.can_send) == ("wont_count_flagged", True, False)
        assert last.settings is not None
        assert last.settings.pace == "together"
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert (reveal.is_counted, reveal.reasons) == (False, ("flagged",))
        assert "illegal" not in repr(reveal)
        record = house.record(battle_id)
        assert "illegal" not in repr(record.turns)
        assert record.vote is not None
        assert record.vote.facts["is_flagged"] is True
        shared = await arena.sharing.page(record.share_id, "visitor")
        assert "illegal" not in repr(shared)
        assert {turn.a.error for turn in shared.turns} | {turn.b.error for turn in shared.turns if turn.b} == {
            None,
            "side_withheld",
        }
        again = await (await started(house)).view("visitor", battle_id)  # after a restart
        assert side(again, house, WREN).error == "side_withheld"

    run(main())
    assert {(turn, category, action) for turn, _, category, action in stored(house)} == {
        (1, "illegal", "blocked"),
        (1, "none", "allowed"),
    }


def test_nothing_is_shown_before_the_verdicts_which_are_asked_for_in_parallel(tmp_path: Path) -> None:
    judge = Judge()
    house = house_with(tmp_path, judge, **BLOCKS_ANSWERS)
    answering(house, wren="Soup is hot. " * 9, moss="Bread is baked. " * 9)

    async def main() -> None:
        judge.gate = asyncio.Event()
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        following = asyncio.create_task(watch(arena, battle_id))
        await until(lambda: judge.n_at_once == 2)
        for _ in range(20):
            await asyncio.sleep(0.01)
            view = await arena.view("visitor", battle_id)
            assert [(one.state, one.text) for one in view.sides.values()] == [("waiting", "")] * 2
        judge.gate.set()
        assert {one.state for one in (await following)[-1].sides.values()} == {"done"}

    run(main())


def test_the_page_of_both_sides_is_the_same_whichever_is_withheld(tmp_path: Path) -> None:
    """Both sides have the same phase until they end, at one moment."""
    house = house_with(tmp_path, Judge(), **BLOCKS_ANSWERS)
    answering(house, wren="illegal " * 40, moss="Bread is baked. " * 9)

    async def main() -> None:
        arena = await started(house)
        views = await watch(arena, await arena.send("visitor", None, "Hi"))
        states = [{one.state for one in view.sides.values()} for view in views]
        assert states[-1] == {"failed", "done"}
        before = [found for found in states if found != states[-1]]
        assert all(found in ({"waiting"}, {"thinking"}, {"writing"}) for found in before)
        assert states[: len(before)] == before

    run(main())


@pytest.mark.parametrize(
    ("word", "action", "warning"), [("hateful", "warned", "hateful"), ("unqualified", "logged", None)]
)
def test_a_finding_that_does_not_block_shows_the_answer_and_the_vote_counts(
    tmp_path: Path, word: str, action: str, warning: str | None
) -> None:
    house = house_with(tmp_path, Judge(), **{**BLOCKS_ANSWERS, "answers_illegal": "off"})
    answering(house, wren=f"Some {word} answer. " * 9, moss="Bread is baked. " * 9)

    async def main() -> None:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        last = (await watch(arena, battle_id))[-1]
        assert last.settings is not None
        assert last.settings.pace == "equal"
        assert side(last, house, WREN).text == f"Some {word} answer. " * 9
        assert [side(last, house, name).warning for name in NAMES] == [warning, None]
        again = await (await started(house)).view("visitor", battle_id)  # after a restart
        assert [side(again, house, name).warning for name in NAMES] == [warning, None]
        assert (await arena.vote("visitor", battle_id, Outcome.A)).is_counted

    run(main())
    assert ({(category, what) for _, _, category, what in stored(house)}) == {(word, action), ("none", "allowed")}


@pytest.mark.parametrize(("on_failure", "error"), [("allow", None), ("block", "side_withheld")])
def test_a_moderator_that_hangs_ends_the_turn_after_its_timeout(
    tmp_path: Path, on_failure: str, error: str | None
) -> None:
    judge = Judge()
    house = house_with(tmp_path, judge, timeout_s=0.1, on_failure=on_failure, **BLOCKS_ANSWERS)

    async def main() -> None:
        judge.gate = asyncio.Event()
        arena = await started(house)
        last = (await watch(arena, await arena.send("visitor", None, "Hi")))[-1]
        assert [one.error for one in last.sides.values()] == [error] * 2
        assert last.notice == (None if error is None else "wont_count_flagged")

    run(main())
    assert {(category, action) for _, _, category, action in stored(house)} == {
        ("no_verdict", "allowed" if error is None else "blocked")
    }


def test_two_withheld_answers_are_not_equal_answers(tmp_path: Path) -> None:
    house = house_with(tmp_path, Judge(), **BLOCKS_ANSWERS)
    answering(house, wren="illegal one", moss="illegal two")

    async def main() -> None:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        last = (await watch(arena, battle_id))[-1]
        assert (last.notice, last.is_tie_only) == ("wont_count_flagged", False)
        assert (await arena.vote("visitor", battle_id, Outcome.A)).reasons == ("flagged",)

    run(main())


def test_a_stop_before_the_verdict_shows_nothing(tmp_path: Path) -> None:
    judge = Judge()
    house = house_with(tmp_path, judge, **BLOCKS_ANSWERS)
    answering(house, wren="illegal " * 40, moss="Bread is baked. " * 9)

    async def main() -> None:
        judge.gate = asyncio.Event()
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        following = asyncio.create_task(watch(arena, battle_id))
        await until(lambda: judge.n_at_once == 2)
        written = (await arena._battles.find("visitor", battle_id)).battle
        stopping = asyncio.create_task(arena.stop("visitor", battle_id))
        await until(lambda: written._ending == "stop")
        judge.gate.set()
        await stopping
        assert not any("illegal" in repr(view) or "Bread" in repr(view) for view in await following)
        assert "illegal" not in repr(house.record(battle_id))

    run(main())


def test_regenerated_answers_are_judged_again(tmp_path: Path) -> None:
    house = house_with(tmp_path, Judge(), **BLOCKS_ANSWERS)
    house.script(["illegal words, many of them. " * 5], ["Bread is baked. " * 9])

    async def main() -> None:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        last = (await watch(arena, battle_id))[-1]
        with refused("not_yet"):  # one side alone cannot be asked again
            await arena.retry("visitor", battle_id, "a")
        assert last.can_regenerate
        await arena.regenerate("visitor", battle_id)
        last = (await watch(arena, battle_id))[-1]
        assert (last.notice, {one.text for one in last.sides.values()}) == (
            "identical_answers",
            {"Bread is baked. " * 9},
        )
        assert (await arena.vote("visitor", battle_id, Outcome.TIE)).is_counted

    run(main())


def test_a_withheld_first_answer_draws_no_other_pair(tmp_path: Path) -> None:
    house = house_with(tmp_path, Judge(), **BLOCKS_ANSWERS)
    house.script(["illegal " * 30])

    async def main() -> None:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        assert {view.battle_id for view in await watch(arena, battle_id)} == {battle_id}

    run(main())


def test_a_chat_withholds_its_answer_too(tmp_path: Path) -> None:
    house = house_with(tmp_path, Judge(), **BLOCKS_ANSWERS)
    house.script(["illegal " * 30])

    async def main() -> None:
        arena = await started(house)
        battle_id = await arena.open_named("visitor", "Hi", models=[WREN], has_guardrails=False)
        views = await watch(arena, battle_id)
        assert not any("illegal" in repr(view) for view in views)
        assert (views[-1].a.error, views[-1].can_send, views[-1].can_regenerate) == ("side_withheld", False, True)

    run(main())
    assert house.read(lambda tx: queries.ledger_state(tx).revision) == 0
