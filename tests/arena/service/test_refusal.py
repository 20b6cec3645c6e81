"""A step is refused with a key, and the numbers that its sentence needs."""

import asyncio
from pathlib import Path

from arena.service import Outcome
from tests.arena.service.house import House, battle, refused, run, started, watch


def test_turns_have_a_limit(tmp_path: Path) -> None:
    house = House(tmp_path, battle={"max_turns": 1})

    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        assert not (await arena.view("visitor", battle_id)).can_send
        with refused("too_many_turns", limit=1):
            await arena.send("visitor", battle_id, "more")

    run(main())


def test_a_battle_is_closed_to_other_visitors(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        for call in (
            lambda: arena.view("thief", battle_id),
            lambda: arena.vote("thief", battle_id, Outcome.A),
            lambda: arena.send("thief", battle_id, "Hi"),
            lambda: arena.stop("thief", battle_id),
            lambda: arena.retry("thief", battle_id, "a"),
            lambda: arena.leave("thief", battle_id),
            lambda: arena.withdraw("thief", battle_id),
            lambda: watch(arena, battle_id, "thief"),
            lambda: arena.view("visitor", "0" * 32),
            lambda: arena.view("visitor", "'; drop table votes"),
        ):
            with refused("battle_not_found"):
                await call()
        assert await arena.current("thief") is None

    run(main())


def test_steps_in_the_wrong_state_are_refused(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        with refused("not_yet"):
            await arena.vote("visitor", battle_id, Outcome.A)
        with refused("not_yet"):
            await arena.send("visitor", battle_id, "more")
        with refused("not_yet"):
            await arena.retry("visitor", battle_id, "a")
        with refused("not_yet"):
            await arena.withdraw("visitor", battle_id)
        await arena.stop("visitor", battle_id)
        with refused("not_yet"):
            await arena.stop("visitor", battle_id)
        with refused("not_yet"):  # nothing was written: there is nothing to go on from
            await arena.send("visitor", battle_id, "more")
        await arena.leave("visitor", battle_id)
        for call in (arena.vote("visitor", battle_id, Outcome.A), arena.send("visitor", battle_id, "more")):
            with refused("battle_void"):
                await call

    run(main())
