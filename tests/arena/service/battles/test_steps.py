"""The same prompt again: both sides once more, or another pair; and how a second tab learns of it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from arena.players.events import Refused, TimedOut
from arena.rules.limits import MAX_ATTEMPTS, MAX_PULSES
from arena.service import Outcome
from arena.service.battles.pulses import Pulses
from db.codes import State
from tests.arena.service.house import House, battle, refused, run, started, watch
from tests.waiting import until

FOUR = ("Wren Sol", "Moss Tarn", "Fen Quill", "Larch Umber")


@pytest.fixture
def big(tmp_path: Path) -> House:
    return House(tmp_path, FOUR)


def test_both_sides_are_asked_again_with_new_seeds_and_the_earlier_answers_stay(house: House) -> None:
    async def main() -> None:
        house.script(["one"], ["two"], ["three"])
        arena = await started(house)
        battle_id = await battle(arena)
        assert (await arena.view("visitor", battle_id)).can_regenerate
        await arena.regenerate("visitor", battle_id)
        views = await watch(arena, battle_id)
        assert (views[0].state, views[0].a.text, views[0].a.state, views[0].can_regenerate) == (
            "open",
            "",
            "waiting",
            False,
        )
        assert [side.text for side in views[-1].sides.values()] == ["two", "two"]
        await arena.send("visitor", battle_id, "more")
        await watch(arena, battle_id)
        assert [one.content for one in house.streams["Wren Sol"].requests[-1].messages] == ["Hi", "two", "more"]
        first, _ = house.record(battle_id).turns
        assert [(one.side.label, one.attempt, one.text) for one in first.answers] == [
            ("a", 1, "one"),
            ("a", 2, "two"),
            ("b", 1, "one"),
            ("b", 2, "two"),
        ]
        assert len({one.seed for one in first.answers}) == 4
        assert (await arena.vote("visitor", battle_id, Outcome.TIE)).is_counted

    run(main())


def test_it_is_refused_while_answers_are_written_after_the_vote_and_after_the_last_attempt(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        running = await arena.send("visitor", None, "Hi")
        with refused("not_yet"):
            await arena.regenerate("visitor", running)
        await arena.leave("visitor", running)
        with refused("battle_void"):
            await arena.regenerate("visitor", running)
        house.script(["fine"])
        battle_id = await battle(arena)
        for _ in range(MAX_ATTEMPTS - 1):
            await arena.regenerate("visitor", battle_id)
            await watch(arena, battle_id)
        assert not (await arena.view("visitor", battle_id)).can_regenerate
        with refused("cannot_regenerate"):
            await arena.regenerate("visitor", battle_id)
        await arena.vote("visitor", battle_id, Outcome.TIE)
        with refused("already_voted"):
            await arena.regenerate("visitor", battle_id)
        with refused("battle_not_found"):
            await arena.regenerate("thief", battle_id)

    run(main())


def test_a_conversation_that_is_too_long_for_a_model_is_not_asked_again(house: House) -> None:
    async def main() -> None:
        house.script([Refused("too long", is_too_long=True)])
        arena = await started(house)
        battle_id = await battle(arena)
        assert not (await arena.view("visitor", battle_id)).can_regenerate
        with refused("cannot_regenerate"):
            await arena.regenerate("visitor", battle_id)

    run(main())


def test_another_pair_gets_the_first_prompt_and_the_battle_is_left(big: House) -> None:
    async def main() -> None:
        arena = await started(big)
        old_id = await battle(arena, "Tell me a story.")
        await arena.send("visitor", old_id, "Longer!")
        await watch(arena, old_id)
        for _ in range(12):
            new_id = await arena.another_pair("visitor", old_id)
            view = (await watch(arena, new_id))[-1]
            assert (view.prompt, view.turns, view.kind, view.names) == ("Tell me a story.", (), "battle", None)
            old, new = big.record(old_id), big.record(new_id)
            assert {new.model_a, new.model_b} != {old.model_a, old.model_b}
            assert new.draw_probability == pytest.approx(1 / 10), "of five other pairs, in two orders"
            assert (old.state, new.language) == (State.VOID, "en")
            assert await arena.current("visitor") == new_id
            assert (await arena.view("visitor", old_id)).notice == "left"
            old_id = new_id

    run(main())


def test_of_two_models_the_same_pair_is_drawn_again(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        new_id = await arena.another_pair("visitor", await battle(arena))
        assert (await watch(arena, new_id))[-1].state == "votable"
        assert house.record(new_id).draw_probability == 0.5

    run(main())


def test_a_voted_battle_keeps_its_vote_when_another_pair_is_drawn(big: House) -> None:
    async def main() -> None:
        arena = await started(big)
        old_id = await battle(arena)
        await arena.vote("visitor", old_id, Outcome.A)
        new_id = await arena.another_pair("visitor", old_id)
        assert (await watch(arena, old_id))[-1].battle_id == old_id, "it can still be seen, and withdrawn"
        assert big.record(old_id).state is State.VOTED
        assert await arena.current("visitor") == new_id

    run(main())


def test_pages_that_follow_go_on_to_the_other_pair_and_two_tabs_open_one(big: House) -> None:
    async def main() -> None:
        big.script([asyncio.Event()])
        arena = await started(big)
        old_id = await arena.send("visitor", None, "Hi")
        tab = asyncio.create_task(watch(arena, old_id))
        await until(lambda: len(arena._battles._live[old_id].battle._watchers) == 1)
        big.script(["fine"])
        first, second = await asyncio.gather(*(arena.another_pair("visitor", old_id) for _ in range(2)))
        assert first == second
        views = await tab
        assert (views[-1].battle_id, views[-1].state) == (first, "votable")
        assert {view.state for view in views} <= {"open", "votable"}

    run(main())


def test_another_pair_is_refused_like_any_battle_and_then_nothing_is_left(tmp_path: Path) -> None:
    house = House(tmp_path, FOUR, limits={"battles_per_hour": 2})

    async def main() -> None:
        arena = await started(house)
        named = await arena.open_named("visitor", "Hi", models=FOUR[:2], has_guardrails=False)
        await watch(arena, named)
        with refused("names_shown"):
            await arena.another_pair("visitor", named)
        battle_id = await battle(arena)
        with refused("rate_limited", n=2, limit=2, window_s=3600.0):
            await arena.another_pair("visitor", battle_id)
        house.wall_s += 3601
        for name in FOUR:
            house.players.state[name] = "down"
        with refused("too_few_models", n_ready=0, n_models=4):
            await arena.another_pair("visitor", battle_id)
        with refused("battle_not_found"):
            await arena.another_pair("thief", battle_id)
        assert (await arena.view("visitor", battle_id)).can_vote

    run(main())


def test_a_running_battle_makes_room_for_its_other_pair(big: House) -> None:
    async def main() -> None:
        big.script([asyncio.Event()])
        arena = await started(big)
        *_, last = [await arena.send("visitor", None, "Hi") for _ in range(3)]
        assert await arena.another_pair("visitor", last)
        with refused("busy", n_running=3, limit=3):
            await arena.send("visitor", None, "Hi")
        await arena.close()

    run(main())


def test_a_tab_learns_of_every_step_that_another_took(tmp_path: Path) -> None:
    big = House(tmp_path, FOUR, battle={"redraw": False})

    async def main() -> None:
        big.script([TimedOut("slow")], ["fine"])
        arena = await started(big)
        assert arena.pulse("visitor") == 0
        battle_id = ""

        async def begin() -> None:
            nonlocal battle_id
            battle_id = await arena.open_named("visitor", "Hi", models=FOUR[:2], has_guardrails=False)

        async def blind() -> None:
            nonlocal battle_id
            battle_id = await arena.send("visitor", None, "Hi")

        async def pair() -> None:
            nonlocal battle_id
            battle_id = await arena.another_pair("visitor", battle_id)

        async def wait() -> None:
            arena.prompts.hold("visitor", "Hi")

        async def give_up() -> None:
            arena.prompts.let_go("visitor")

        steps: tuple[Callable[[], Awaitable[object]], ...] = (
            wait,
            give_up,
            begin,
            lambda: arena.retry("visitor", battle_id, "a"),
            lambda: arena.regenerate("visitor", battle_id),
            lambda: arena.send("visitor", battle_id, "more"),
            lambda: arena.stop("visitor", battle_id),
            lambda: arena.leave("visitor", battle_id),
            blind,
            pair,
            lambda: arena.vote("visitor", battle_id, Outcome.TIE),
            lambda: arena.withdraw("visitor", battle_id, "misread"),
        )
        for number, step in enumerate(steps):
            before = arena.pulse("visitor")
            await step()
            assert arena.pulse("visitor") > before, number
            if number > 1 and number != 5:  # before the first battle, and the prompt that is stopped
                await watch(arena, battle_id)
            assert arena.pulse("other") == 0
        before = arena.pulse("visitor")
        for read in (arena.view("visitor", battle_id), arena.current("visitor"), arena.status()):
            await read
        assert arena.pulse("visitor") == before
        assert big.record(battle_id).vote.withdraw_reason == "misread"  # type: ignore[union-attr]

    run(main())


def test_pulses_of_the_visitors_of_long_ago_are_forgotten_and_none_repeats_after_a_restart() -> None:
    pulses = Pulses(start=1000.0)
    for number in range(MAX_PULSES + 1):
        pulses.note(f"visitor {number}")
    assert pulses.of("visitor 0") == 0
    assert pulses.of("visitor 1") > 0
    later = Pulses(start=1100.0)
    later.note("visitor 1")
    assert later.of("visitor 1") > pulses.of(f"visitor {MAX_PULSES}")
