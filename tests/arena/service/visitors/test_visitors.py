"""A visitor's data is deleted while battles run."""

import asyncio

from arena.service import Chosen, Outcome
from db.codes import State
from tests.arena.service.house import House, battle, refused, run, started


def test_a_deletion_ends_what_is_being_written_and_drops_it_from_memory(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        voted = await battle(arena, "A secret")
        await arena.vote("visitor", voted, Outcome.A)
        other = await battle(arena, "Not mine", visitor="other")
        house.script(["Some", asyncio.Event()])
        running = await arena.send("visitor", None, "Another secret")
        arena.prompts.hold("visitor", "A third secret")

        stays = await arena.visitors.forget("visitor")

        assert (stays.n_battles, stays.n_votes) == (2, 1)
        assert house.record(running).state is State.VOID
        assert not house.record(running).has_texts
        assert arena.prompts.held("visitor") is None
        for battle_id in (voted, running):
            with refused("battle_not_found"):
                await arena.view("visitor", battle_id)
        assert (await arena.visitors.battles("visitor", Chosen())).battles == ()
        assert (await arena.visitors.battles("other", Chosen())).battles[0].battle_id == other
        assert (await arena.view("other", other)).prompt == "Not mine"
        await arena.close()

    run(main())
