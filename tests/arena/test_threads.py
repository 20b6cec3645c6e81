"""The database does not wait for what hangs elsewhere."""

import asyncio
import threading
from pathlib import Path

from arena.service import Outcome
from tests.arena.service.house import House, battle, run, started


def test_names_that_a_resolver_hangs_on_keep_no_vote_waiting(tmp_path: Path) -> None:
    """Endpoints' names are looked up in the loop's default threads. All of them hang here, and more lookups wait."""
    house, may_end = House(tmp_path), threading.Event()

    async def main() -> None:
        lookups = [asyncio.create_task(asyncio.to_thread(may_end.wait)) for _ in range(100)]
        try:
            arena = await started(house)
            async with asyncio.timeout(60):
                assert (await arena.vote("visitor", await battle(arena), Outcome.A)).is_counted
                assert (await arena.boards.newest()).n_counted == 1
            assert not any(lookup.done() for lookup in lookups)
        finally:
            may_end.set()
            await asyncio.gather(*lookups)
            await arena.close()

    run(main())


def test_models_that_never_answer_keep_no_other_visitor_waiting(tmp_path: Path) -> None:
    house = House(tmp_path)

    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        for number in range(60):
            await arena.send(f"patient {number}", None, "Hi")
        house.script(["soon"])
        async with asyncio.timeout(60):
            assert (await arena.vote("visitor", await battle(arena), Outcome.TIE)).is_counted
        await arena.close()

    run(main())
