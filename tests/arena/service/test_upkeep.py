"""The background tasks: models are registered, their parameters counted, and the database kept in order."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from arena.players.roster import Roster
from db import queries
from db.errors import StorageFailed
from tests.arena.service.house import House, run, started
from tests.waiting import until


def test_only_active_false_retires_a_model(tmp_path: Path) -> None:
    """Two processes may share the database and have different rosters: one may use a model that the other lacks."""

    async def retired(names: tuple[str, ...], inactive: tuple[str, ...] = ()) -> dict[str, bool]:
        arena = await started(House(tmp_path, names, inactive=inactive))
        cards = (await arena.boards.newest()).models
        await arena.close()
        return {name: cards[name].is_retired for name in cards}

    async def main() -> None:
        larger = ("Wren Sol", "Moss Tarn", "Fen Quill")
        assert await retired(larger) == {"Wren Sol": False, "Moss Tarn": False, "Fen Quill": False}
        assert not any((await retired(("Wren Sol", "Fen Quill"))).values())
        assert await retired(larger, inactive=("Moss Tarn",)) == {
            "Wren Sol": False,
            "Moss Tarn": True,
            "Fen Quill": False,
        }
        assert (await retired(("Wren Sol", "Fen Quill")))["Moss Tarn"], "it is retired for every process"
        assert not any((await retired(larger)).values()), "a model that is active again has come back"

    run(main())


def test_counted_parameters_are_shown_on_the_board(house: House) -> None:
    async def main() -> None:
        loaded: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        house.roster = Roster(tuple(replace(player, parameters=None) for player in house.roster))
        arena = house.arena()
        await arena.start(parameters=lambda: loaded)
        assert (await arena.boards.newest()).models["Wren Sol"].parameters is None
        loaded.set_result({"Wren Sol": 1_000_000, "unknown": 7})

        async with asyncio.timeout(30):
            while (await arena.boards.newest()).models["Wren Sol"].parameters is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        board = await arena.boards.newest()
        assert (board.models["Wren Sol"].parameters, board.models["Moss Tarn"].parameters) == (1_000_000, None)
        await arena.close()

    run(main())


def test_counts_that_cannot_be_stored_are_a_warning(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*args: Any, **options: Any) -> None:
        raise StorageFailed("disk full")

    async def main() -> None:
        loaded: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        arena = house.arena()
        await arena.start(parameters=lambda: loaded)
        monkeypatch.setattr(queries, "upsert_models", full)
        loaded.set_result({"Wren Sol": 1_000_000})
        await until(lambda: "the board does not show how large the models are" in caplog.text)
        await arena.close()

    run(main())


def test_a_task_that_failed_is_in_the_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> dict[str, int]:
        raise RuntimeError("no counts")

    async def main() -> None:
        arena = house.arena()
        await arena.start(parameters=broken)
        await asyncio.sleep(0)
        await arena.close()
        assert "RuntimeError: no counts" in caplog.text

    run(main())


def test_housekeeping_goes_on_after_the_database_fails(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        tried = threading.Semaphore(0)

        def full(*args: Any, **options: Any) -> None:
            tried.release()
            raise StorageFailed("disk full")

        monkeypatch.setattr("arena.rules.limits.HOUSEKEEPING_EVERY_S", 0.01)
        monkeypatch.setattr(queries, "clear_addresses", full)
        arena = await started(house)
        for _ in range(2):
            assert await asyncio.to_thread(tried.acquire, timeout=60)
        await arena.close()

    run(main())
