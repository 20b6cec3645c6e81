"""Addresses are deleted in time, and the online ratings are brought up to date."""

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import text

from arena.rules.limits import HOUSEKEEPING_EVERY_S
from arena.service import Outcome, online_elo
from arena.service.storage.housekeeping import Housekeeping
from db import queries
from db.integrity import problems
from tests.arena.service.house import House, battle, run, started
from tests.waiting import until


def test_the_online_ratings_equal_their_replay(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        for number, outcome in enumerate([Outcome.A, Outcome.B, Outcome.TIE, Outcome.A, Outcome.BOTH_BAD, Outcome.B]):
            battle_id = await battle(arena)
            await arena.vote("visitor", battle_id, outcome)
            if number == 2:
                await arena.withdraw("visitor", battle_id)
        elo = online_elo(house.settings.elo)
        state = house.read(queries.elo_state)
        replayed = house.read(lambda tx: queries.replay(queries.votes_in_order(tx), elo))
        assert {name: one.rating for name, one in state.items()} == {name: one.rating for name, one in replayed.items()}

    run(main())


def test_a_vote_during_a_long_replay_says_that_its_change_is_not_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.queries.boards.online.LONG_REPLAY", 1)

    def has_right_state() -> bool:
        return bool(house.read(queries.ledger_state).has_right_state(online_elo(house.settings.elo)))

    async def main() -> None:
        arena = await started(house)
        for _ in range(3):
            last = await battle(arena)
            assert not (await arena.vote("visitor", last, Outcome.A)).is_replaying
        await arena.withdraw("visitor", last)
        await until(has_right_state)
        with house.database.write() as tx:
            tx.execute(text("UPDATE ledger SET elo_revision = 0"))
        reveal = await arena.vote("visitor", await battle(arena), Outcome.B)
        assert (reveal.is_counted, reveal.is_replaying) == (True, True)
        assert [side.rating_after for side in (reveal.a, reveal.b)] == [None, None]
        await until(has_right_state)
        assert house.read(lambda tx: problems(tx, online_elo(house.settings.elo))) == []
        reveal = await arena.vote("visitor", await battle(arena), Outcome.B)
        assert not reveal.is_replaying
        assert reveal.a.rating_after is not None
        await arena.close()

    run(main())


def test_an_arena_that_starts_after_an_import_replays_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.queries.boards.online.LONG_REPLAY", 0)

    async def main() -> None:
        arena = await started(house)
        await arena.vote("visitor", await battle(arena), Outcome.A)
        await arena.close()
        with house.database.write() as tx:
            tx.execute(text("UPDATE ledger SET elo_revision = 0"))
        arena = await started(house)
        await until(lambda: house.read(queries.ledger_state).elo_revision == 1)
        await until(lambda: bool(arena._standings.latest and arena._standings.latest.online))
        await arena.close()

    run(main())


def test_a_board_does_not_wait_for_a_long_replay(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.queries.boards.online.LONG_REPLAY", 0)
    go, replay = threading.Event(), Housekeeping.replay
    monkeypatch.setattr(Housekeeping, "replay", lambda self: go.wait(10) and replay(self))

    async def main() -> None:
        arena = await started(house)
        await arena.vote("visitor", await battle(arena), Outcome.A)
        with house.database.write() as tx:
            tx.execute(text("UPDATE ledger SET elo_revision = 0, revision = revision + 1"))
        board = await arena.boards.newest()
        assert (board.n_counted, board.online) == (1, {})
        go.set()
        await until(lambda: bool(arena._standings.latest and arena._standings.latest.online))
        assert (await arena.boards.newest()).online
        await arena.close()

    run(main())


def test_addresses_are_forgotten_before_they_are_a_day_old(house: House) -> None:
    def n_battles() -> Any:
        recent = house.read(lambda tx: queries.count_recent(tx, visitor="", address="hmac", since=0))
        return recent.address_battles

    async def main() -> None:
        arena = await started(house)
        await arena.leave("visitor", await arena.send("visitor", None, "Hi", address="hmac"))
        house.wall_s += 23 * 3600
        await asyncio.to_thread(arena._upkeep._stored.tidy)
        assert n_battles() == 1
        house.wall_s += 3600 - HOUSEKEEPING_EVERY_S + 1
        await asyncio.to_thread(arena._upkeep._stored.tidy)
        assert n_battles() == 0

    run(main())
