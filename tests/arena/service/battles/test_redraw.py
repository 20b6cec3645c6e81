"""A side that fails before any text was shown: another pair is drawn, once, and pages are led to it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from arena.players.events import Filtered, Refused, TimedOut
from arena.service import Outcome
from db.codes import State
from db.errors import StorageFailed
from tests.arena.service.house import LONG, House, battle, refused, run, started, watch
from tests.fakes import ScriptedPlayer
from tests.waiting import until

FOUR = ("Wren Sol", "Moss Tarn", "Fen Quill", "Larch Umber")
BROKEN = TimedOut("no first token")


@pytest.fixture
def big(tmp_path: Path) -> Any:
    """Of four models, the two that are drawn first break before any text (the generator of a house is seeded)."""
    house = House(tmp_path, FOUR)
    for name in run(drawn_first(tmp_path / "probe")):
        house.players.streams[name] = ScriptedPlayer([BROKEN])
    yield house
    house.database.close()


async def drawn_first(folder: Path) -> tuple[str, str]:
    house = House(folder, FOUR)
    record = house.record(await battle(await started(house)))
    house.database.close()
    return record.model_a, str(record.model_b)


@pytest.mark.parametrize("n_broken", [1, 2])
def test_another_pair_takes_over_and_every_page_is_led_to_it(big: House, n_broken: int) -> None:
    async def main() -> tuple[str, str]:
        arena = await started(big)
        asked = big.players.streams[first := drawn(big)[0]], big.players.streams[drawn(big)[1]]
        if n_broken == 1:
            big.players.streams[first] = asked[0].__class__([asyncio.Event()])
        old_id = await arena.send("visitor", None, "안녕하세요", address="office")
        views = await watch(arena, old_id)
        new_id = views[-1].battle_id
        assert new_id != old_id
        assert {view.state for view in views} <= {"open", "votable"}, "the old battle's end is not shown"
        assert not any(side.error for view in views for side in view.sides.values())
        assert {side.text[3:] for side in views[-1].sides.values()} == {LONG}
        assert (await arena.view("visitor", old_id)).battle_id == new_id
        assert await arena.current("visitor") == new_id
        old, new = big.record(old_id), big.record(new_id)
        assert (old.state, new.state) == (State.VOID, State.VOTABLE)
        assert {old.model_a, old.model_b, new.model_a, new.model_b} == set(FOUR)
        assert (old.draw_probability, new.draw_probability, new.policy) == (1 / 12, 1 / 2, old.policy)
        assert (new.language, new.settings, new.turns[0].prompt) == ("ko", old.settings, "안녕하세요")
        assert [answer.error for answer in old.turns[0].answers].count("timed_out") == n_broken
        if n_broken == 1:
            assert big.players.streams[first].n_closed == 1, "the silent side's stream is closed too"
        reveal = await arena.vote("visitor", old_id, Outcome.A)  # a page that still has the old id
        assert reveal.is_counted
        return old_id, new_id

    old_id, new_id = run(main())

    async def restarted() -> None:
        arena = await started(big)
        (view,) = await watch(arena, old_id)
        assert (view.battle_id, view.state) == (new_id, "voted")
        with refused("battle_not_found"):
            await arena.view("thief", old_id)

    run(restarted())


def drawn(house: House) -> list[str]:
    return [name for name in FOUR if house.players.streams[name].scripts == ([BROKEN],)]


def test_it_counts_as_one_battle_in_the_limits(tmp_path: Path) -> None:
    house = House(tmp_path, FOUR, limits={"battles_per_hour": 2})

    async def main() -> None:
        for name in await drawn_first(tmp_path / "probe"):
            house.players.streams[name] = ScriptedPlayer([BROKEN])
        arena = await started(house)
        await battle(arena)
        house.script(["fine"])
        await battle(arena)
        with refused("rate_limited", n=2, limit=2, window_s=3600.0):
            await battle(arena)

    run(main())


def test_the_second_pair_is_the_last_one(tmp_path: Path) -> None:
    house = House(tmp_path, (*FOUR, "Ash Lark", "Elm Finch"))

    async def main() -> None:
        for name in house.streams:
            house.players.streams[name] = ScriptedPlayer([BROKEN])
        arena = await started(house)
        old_id = await arena.send("visitor", None, "Hi")
        last = (await watch(arena, old_id))[-1]
        assert last.battle_id != old_id
        assert [(side.state, side.can_retry) for side in last.sides.values()] == [("failed", True)] * 2
        assert sum(len(stream.requests) for stream in house.players.streams.values()) == 4
        assert last.notice == "wont_count_failed_side"

    run(main())


@pytest.mark.parametrize("n_others", [0, 1])
def test_with_too_few_other_models_the_failed_side_stays_and_can_be_retried(tmp_path: Path, n_others: int) -> None:
    house = House(tmp_path, FOUR)

    async def main() -> None:
        first = await drawn_first(tmp_path / "probe")
        house.players.streams[first[0]] = ScriptedPlayer([BROKEN], ["fine"])
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        for name in [name for name in FOUR if name not in first][n_others:]:
            house.players.state[name] = "down"
        last = (await watch(arena, battle_id))[-1]
        assert (last.battle_id, last.a.state, last.sides["b"].state) == (battle_id, "failed", "done")
        await arena.retry("visitor", battle_id, "a")
        assert (await watch(arena, battle_id))[-1].a.text == "fine"

    run(main())


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([], id="empty"),
        pytest.param([Filtered("stopped")], id="a filter left it empty"),
        pytest.param(["text", 0.1, BROKEN], id="text was shown"),
    ],
)
def test_an_empty_answer_and_one_that_was_shown_stay(tmp_path: Path, script: list[Any]) -> None:
    house = House(tmp_path, FOUR)

    async def main() -> None:
        house.script(script)
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        last = (await watch(arena, battle_id))[-1]
        assert last.battle_id == battle_id
        assert {side.state for side in last.sides.values()} == {"failed"}

    run(main())


@pytest.mark.parametrize("case", ["later turn", "named models", "setting off"])
def test_otherwise_a_failed_side_stays(tmp_path: Path, case: str) -> None:
    house = House(tmp_path, FOUR, battle={"redraw": case != "setting off"})

    async def main() -> None:
        house.script(*([["fine"]] if case == "later turn" else []), [BROKEN])
        arena = await started(house)
        if case == "named models":
            battle_id = await arena.open_named("visitor", "Hi", models=FOUR[:2], has_guardrails=False)
        else:
            battle_id = await arena.send("visitor", None, "Hi")
        last = (await watch(arena, battle_id))[-1]
        if case == "later turn":
            await arena.send("visitor", battle_id, "more")
            last = (await watch(arena, battle_id))[-1]
        assert (last.battle_id, last.a.state) == (battle_id, "failed")

    run(main())


def test_a_prompt_that_is_too_long_for_one_model_is_given_to_others(big: House) -> None:
    async def main() -> None:
        for name in drawn(big):
            big.players.streams[name] = ScriptedPlayer([Refused("too long", is_too_long=True)])
        arena = await started(big)
        assert (await watch(arena, await arena.send("visitor", None, "Hi")))[-1].state == "votable"

    run(main())


def test_stop_and_leave_at_the_moment_of_the_draw_reach_the_battle_that_took_over(
    big: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        for name in FOUR:
            if name not in drawn(big):
                big.players.streams[name] = ScriptedPlayer([asyncio.Event()])
        arena = await started(big)
        for step, state in ((arena.stop, "votable"), (arena.leave, "void")):
            begins, may_store = hold_up(arena, monkeypatch)
            old_id = await arena.send("visitor", None, "Hi")
            await begins.wait()
            stepping = asyncio.create_task(step("visitor", old_id))
            await asyncio.sleep(0.01)
            may_store.set()
            await stepping
            view = await arena.view("visitor", old_id)
            assert view.battle_id != old_id
            assert view.state == state
        await arena.close()

    run(main())


def test_another_pair_asked_for_at_the_moment_of_the_draw_is_the_one_that_goes_on(
    big: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        arena = await started(big)
        begins, may_store = hold_up(arena, monkeypatch)
        old_id = await arena.send("visitor", None, "Hi")
        tab = asyncio.create_task(watch(arena, old_id))
        await begins.wait()
        big.script(["fine"])
        asking = asyncio.create_task(arena.another_pair("visitor", old_id))
        await until(lambda: len(arena._battles._live) == 2)
        may_store.set()
        new_id = await asking
        assert (await tab)[-1].battle_id == new_id
        assert (await arena.view("visitor", old_id)).battle_id == new_id
        assert await arena.current("visitor") == new_id
        states = sorted(live.battle.state for live in arena._battles._live.values())
        assert states == ["void", "void", "votable"]

    run(main())


def hold_up(arena: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Let the next replacement wait in the database; return the events that say it has begun and that it may go on."""
    loop, begins, may_store = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    replace = type(arena._stored).replace

    def slow(*args: Any) -> Any:
        loop.call_soon_threadsafe(begins.set)
        asyncio.run_coroutine_threadsafe(may_store.wait(), loop).result()
        return replace(arena._stored, *args)

    monkeypatch.setattr(arena._stored, "replace", slow)
    return begins, may_store


def test_a_draw_that_cannot_be_stored_ends_the_battle_and_says_so(big: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        arena = await started(big)

        def fails(*_args: Any) -> str:
            raise StorageFailed("disk full")

        monkeypatch.setattr(arena._stored, "replace", fails)
        battle_id = await arena.send("visitor", None, "Hi")
        last = (await watch(arena, battle_id))[-1]
        assert (last.battle_id, last.state, last.notice) == (battle_id, "void", "not_stored")
        await until(lambda: big.record(battle_id).state is State.VOID)

    run(main())


def test_the_wait_is_counted_from_the_first_pair(big: House) -> None:
    async def main() -> None:
        for name in FOUR:
            quiet: list[Any] = [0.3, BROKEN] if name in drawn(big) else [0.2, "fine"]
            big.players.streams[name] = ScriptedPlayer(quiet)
        arena = await started(big)
        old_id = await arena.send("visitor", None, "Hi")
        waits = [(view.battle_id != old_id, view.waited_s) async for view in arena.follow("visitor", old_id)]
        second = [waited for is_new, waited in waits if is_new and waited is not None]
        assert second
        assert min(second) >= 0.3

    run(main())
