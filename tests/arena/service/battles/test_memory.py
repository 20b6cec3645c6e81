"""Battles outlive the pages that show them and the processes that run them."""

import asyncio
from typing import Any

import pytest

from arena.rules.limits import KEEP_IDLE_S
from arena.service import Outcome
from db import queries
from db.codes import State
from tests.arena.service.house import NAMES, House, battle, refused, run, started, watch
from tests.waiting import until


def test_a_reload_finds_the_running_battle_and_a_second_tab_follows_it(house: House) -> None:
    async def main() -> None:
        gate = asyncio.Event()
        house.script(["first ", gate, "second"])
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        async for view in arena.follow("visitor", battle_id):
            if view.a.text:
                break  # the page is gone
        assert await arena.current("visitor") == battle_id
        tabs = [asyncio.create_task(watch(arena, battle_id)) for _ in range(2)]
        await until(lambda: len(arena._battles._live[battle_id].battle._watchers) == 2)
        gate.set()
        for tab in tabs:
            assert (await tab)[-1].sides["b"].text == "first second"

    run(main())


def test_the_current_battle_is_the_latest_unfinished_one(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        assert await arena.current("visitor") is None
        older, newer = await battle(arena), await battle(arena)
        assert await arena.current("visitor") == newer
        await arena.vote("visitor", newer, Outcome.A)
        assert await arena.current("visitor") == newer  # it can be withdrawn
        house.wall_s += 61
        assert await arena.current("visitor") == older
        await arena.leave("visitor", older)
        assert await arena.current("visitor") is None
        assert house.record(older).state is State.VOID
        last = await battle(arena)
        await arena.vote("visitor", last, Outcome.A)
        await arena.leave("visitor", last)
        assert await arena.current("visitor") is None
        assert house.record(last).state is State.VOTED

    run(main())


def test_a_battle_that_no_page_watches_is_void_in_the_database(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house, abandon_after_s=0.03)
        battle_id = await arena.send("visitor", None, "Hi")
        await until(lambda: house.record(battle_id).state is State.VOID)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.notice) == ("void", "abandoned")
        with refused("battle_void"):
            await arena.vote("visitor", battle_id, Outcome.A)
        assert await arena.current("visitor") is None

    run(main())


def test_closing_the_arena_ends_open_battles_and_keeps_votable_ones(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        done = await battle(arena)
        house.script(["x", asyncio.Event()])
        running = await arena.send("visitor", None, "Hi")
        page = asyncio.create_task(watch(arena, running))
        await until(lambda: arena._battles._live[running].battle.view().a.text == "x")
        await arena.close()
        assert (await page)[-1].notice == "interrupted"
        assert house.record(done).state is State.VOTABLE
        assert all(stream.n_closed == 1 for stream in house.streams.values())
        later = await started(house)
        assert house.record(running).state is State.VOID
        assert later.prompts.interrupted("visitor") == "Hi"

    run(main())


def test_after_a_crash_open_battles_are_void_and_votable_ones_stay(house: House) -> None:
    async def crash() -> tuple[str, str]:
        arena = await started(house)
        votable = await battle(arena)
        house.script([asyncio.Event()])
        return votable, await arena.send("other", None, "Hi")  # nothing is closed

    votable, lost = run(crash())
    assert house.record(lost).state is State.OPEN

    async def restarted() -> None:
        house.script(["more"])
        arena = await started(house)
        assert house.record(lost).state is State.VOID
        assert (await arena.view("other", lost)).notice == "closed"
        assert await arena.current("other") is None
        assert await arena.current("visitor") == votable
        (view,) = await watch(arena, votable)
        assert (view.state, view.can_vote, view.can_send, view.a.state) == ("votable", True, True, "done")
        await arena.send("visitor", votable, "go on")
        assert (await watch(arena, votable))[-1].a.text == "more"
        assert len(house.streams["Wren Sol"].requests[0].messages) == 3
        assert (await arena.vote("visitor", votable, Outcome.A)).a.rating_after == 1016.0

    run(restarted())


def test_a_prompt_that_a_crash_interrupted_comes_before_an_older_battle_without_a_vote(house: House) -> None:
    async def crash() -> tuple[str, str]:
        arena = await started(house)
        older = await battle(arena, "old")
        house.wall_s += 1
        house.script([asyncio.Event()])
        return older, await arena.send("visitor", None, "interrupted")

    older, lost = run(crash())

    async def restarted() -> None:
        house.script(["x"])
        arena = await started(house)
        assert (house.record(lost).state, house.record(older).state) == (State.VOID, State.VOTABLE)
        assert (await arena.current("visitor"), arena.prompts.interrupted("visitor")) == (None, "interrupted")
        assert (await arena.view("visitor", older)).can_vote, "the visitor's own page leads to it"
        house.wall_s += 1
        newer = await battle(arena, "interrupted")
        assert (await arena.current("visitor"), arena.prompts.interrupted("visitor")) == (newer, None)

    run(restarted())


def test_a_battle_later_than_the_one_that_a_crash_interrupted_is_shown_again(house: House) -> None:
    async def crash() -> str:
        arena = await started(house)
        scripts = dict(house.streams)
        house.script([asyncio.Event()])
        await arena.send("visitor", None, "interrupted")
        house.streams |= scripts
        house.players.streams |= scripts
        house.wall_s += 1
        return await battle(arena, "later")

    later = run(crash())

    async def restarted() -> None:
        assert await (await started(house)).current("visitor") == later

    run(restarted())


def test_an_acknowledged_vote_survives_a_crash_and_can_be_withdrawn(house: House) -> None:
    async def crash() -> str:
        arena = await started(house)
        battle_id = await battle(arena)
        await arena.vote("visitor", battle_id, Outcome.B)
        return battle_id

    battle_id = run(crash())

    async def restarted() -> None:
        arena = await started(house)
        view = await arena.view("visitor", battle_id)
        assert view.state == "voted"
        assert view.reveal is not None
        assert (view.reveal.outcome, view.reveal.is_counted, view.reveal.a.rating_after) == (Outcome.B, True, None)
        assert {view.reveal.a.model, view.reveal.b.model} == set(NAMES)
        assert view.reveal.b.rank == 1
        assert (await arena.withdraw("visitor", battle_id)).reasons == ("withdrawn",)

    run(restarted())


def test_a_vote_whose_page_closed_at_the_commit_is_stored_once_and_shown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        loop, begun = asyncio.get_running_loop(), asyncio.Event()
        cast_vote = queries.cast_vote

        def telling(*args: Any, **options: Any) -> Any:
            loop.call_soon_threadsafe(begun.set)
            return cast_vote(*args, **options)

        monkeypatch.setattr(queries, "cast_vote", telling)
        voting = asyncio.create_task(arena.vote("visitor", battle_id, Outcome.A))
        await begun.wait()
        voting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await voting
        await until(lambda: house.record(battle_id).vote is not None)
        reveal = await arena.vote("visitor", battle_id, Outcome.A)
        assert (reveal.outcome, reveal.is_counted) == (Outcome.A, True)
        assert house.read(lambda tx: queries.vote_totals(tx, None)).counted == 1

    run(main())


def test_a_battle_of_a_removed_model_allows_a_vote_and_no_further_turn(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        del house.players.streams["Wren Sol"]
        again = house.arena()
        await again.send("visitor", battle_id, "more")
        last = (await watch(again, battle_id))[-1]
        assert getattr(last, house.side_of(battle_id, "Wren Sol")).error == "side_failed"
        assert (await again.vote("visitor", battle_id, Outcome.A)).reasons == ("failed_side",)

    run(main())


def test_idle_battles_leave_memory_and_are_read_back(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        house.clock_s += KEEP_IDLE_S + 1
        fresh = await battle(arena)
        await arena.close()
        await arena.start()
        await until(lambda: battle_id not in arena._battles._live)
        assert fresh in arena._battles._live
        assert (await arena.vote("visitor", battle_id, Outcome.A)).is_counted

    run(main())
