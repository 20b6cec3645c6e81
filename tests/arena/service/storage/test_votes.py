"""Votes in the database, also of concurrent steps and processes, and on a full disk."""

import asyncio
from typing import Any

import pytest

from arena.service import Outcome, Refusal
from db import queries
from db.codes import BattleKind
from tests.arena.service.house import House, battle, full_disk, refused, run, started


def test_fifty_votes_at_once_store_one(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        outcomes = [list(Outcome)[number % 4] for number in range(50)]
        results = await asyncio.gather(
            *(arena.vote("visitor", battle_id, outcome) for outcome in outcomes), return_exceptions=True
        )
        stored = house.record(battle_id).vote
        assert stored is not None
        for outcome, result in zip(outcomes, results, strict=True):
            if outcome is stored.outcome:
                assert not isinstance(result, BaseException)
                assert result.outcome is outcome
            else:
                assert isinstance(result, Refusal)
                assert result.key == "already_voted"
        totals = house.read(lambda tx: queries.vote_totals(tx, None))
        assert totals.counted + totals.excluded == 1
        assert (await arena.status()).n_votes == 1

    run(main())


def test_two_arenas_on_one_database_store_one_vote(house: House) -> None:
    """The second process does not know the vote of the first one; the database decides."""

    async def main() -> None:
        first = await started(house)
        battle_id = await battle(first)
        second = house.arena()
        assert (await second.view("visitor", battle_id)).can_vote
        reveal = await first.vote("visitor", battle_id, Outcome.B)
        with refused("already_voted"):
            await second.vote("visitor", battle_id, Outcome.A)
        again = await second.vote("visitor", battle_id, Outcome.B)
        assert again.a.model == reveal.a.model
        third = house.arena()
        await third.view("visitor", battle_id)
        with refused("already_voted"):
            await third.send("visitor", battle_id, "more")

    run(main())


def test_a_vote_that_cannot_be_stored_changes_nothing_and_can_be_cast_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        arena = await started(house)
        battle_id = await battle(arena)
        with monkeypatch.context() as patch:
            patch.setattr(queries, "cast_vote", full_disk)
            with refused("not_stored"):
                await arena.vote("visitor", battle_id, Outcome.A)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.can_vote, view.reveal) == ("votable", True, None)
        assert house.record(battle_id).vote is None
        assert (await arena.vote("visitor", battle_id, Outcome.A)).is_counted

    run(main())


def test_votes_are_counted_once_for_each_revision_of_any_process(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[BattleKind | None] = []
    vote_totals = queries.vote_totals

    def counting(tx: Any, kind: BattleKind | None = BattleKind.BATTLE) -> Any:
        counted.append(kind)
        return vote_totals(tx, kind)

    monkeypatch.setattr(queries, "vote_totals", counting)

    async def main() -> None:
        one, other = await started(house), house.arena()
        await asyncio.gather(*(one.status() for _ in range(20)))
        assert counted == [None, BattleKind.BATTLE]
        battle_id = await battle(other)
        await other.vote("visitor", battle_id, Outcome.A)
        counted.clear()
        status = await one.status()
        assert (status.n_votes, status.n_counted) == (1, 1)
        await other.withdraw("visitor", battle_id)
        status = await one.status()
        assert (status.n_votes, status.n_counted) == (1, 0)
        counted.clear()
        assert await one.status() == status
        assert not counted

    run(main())
