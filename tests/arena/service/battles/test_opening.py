"""A battle starts, or is refused with a key and the numbers that its sentence needs."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from arena.rules import limits
from arena.service import Arena, Outcome
from arena.settings import MatchmakingSettings
from db.codes import Policy
from db.exchange import export_votes
from tests.arena.service.house import House, battle, refused, run, started, watch


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_an_empty_prompt_is_refused(house: House, text: str) -> None:
    async def main() -> None:
        with refused("prompt_empty"):
            await house.arena().send("visitor", None, text)

    run(main())


@pytest.mark.parametrize("text", ["nul \0", "half \ud83d"])
def test_a_prompt_with_characters_that_cannot_be_stored_is_refused(house: House, text: str) -> None:
    async def main() -> None:
        with refused("prompt_not_text"):
            await house.arena().send("visitor", None, text)

    run(main())


def test_a_prompt_that_is_too_long_is_refused_with_the_limit_and_not_cut(tmp_path: Path) -> None:
    house = House(tmp_path, battle={"max_prompt_chars": 10})

    async def main() -> None:
        arena = await started(house)
        with refused("prompt_too_long", length=11, limit=10):
            await arena.send("visitor", None, "12345678901")
        battle_id = await battle(arena, "1234567890")
        with refused("prompt_too_long", length=12, limit=10):
            await arena.send("visitor", battle_id, "123456789012")

    run(main())


@pytest.mark.parametrize("names", [(), ("Wren Sol",)])
def test_too_few_models_are_refused_with_their_number(tmp_path: Path, names: tuple[str, ...]) -> None:
    house = House(tmp_path, names)

    async def main() -> None:
        arena = await started(house)
        with refused("models_failed", n_failed=0, n_models=len(names)):
            await arena.send("visitor", None, "Hi")
        status = await arena.status()
        assert not status.can_battle
        assert status.is_hopeless

    run(main())


def test_loading_models_and_silent_models_are_different_refusals(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        house.players.state["Wren Sol"] = "loading"
        with refused("models_loading", n_ready=1, n_models=2):
            await arena.send("visitor", None, "Hi")
        status = await arena.status()
        assert (status.n_models, status.n_ready, status.n_loading, status.n_votes) == (2, 1, 1, 0)
        house.players.state["Wren Sol"] = "down"
        with refused("too_few_models", n_ready=1, n_models=2):
            await arena.send("visitor", None, "Hi")
        assert not (await arena.status()).is_hopeless
        house.players.state["Wren Sol"] = "ready"
        assert await battle(arena)

    run(main())


def test_failed_models_and_silent_models_are_different_refusals(house: House) -> None:
    async def main() -> None:
        arena = await started(house)
        house.players.state["Wren Sol"] = "failed"
        with refused("models_failed", n_failed=1, n_models=2):
            await arena.send("visitor", None, "Hi")
        status = await arena.status()
        assert (status.n_failed, status.is_hopeless) == (1, True)

    run(main())


def test_battles_are_limited_by_the_hour_for_visitor_and_address(tmp_path: Path) -> None:
    house = House(tmp_path, limits={"battles_per_hour": 2})

    async def main() -> None:
        arena = await started(house)
        for _ in range(2):
            await battle(arena)
        with refused("rate_limited", n=2, limit=2, window_s=3600.0):
            await arena.send("visitor", None, "Hi")
        for number in range(2 * limits.ADDRESS_FACTOR):
            await arena.leave(f"other {number}", await arena.send(f"other {number}", None, "Hi", address="office"))
        with refused("rate_limited", n=20, limit=20, window_s=3600.0):
            await arena.send("a new one", None, "Hi", address="office")
        await arena.send("a new one", None, "Hi", address="elsewhere")
        house.wall_s += 3601
        await battle(arena)
        await arena.close()

    run(main())


def test_a_visitor_has_three_battles_written_at_a_time(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        running = [await arena.send("visitor", None, "Hi") for _ in range(limits.MAX_RUNNING)]
        with refused("busy", n_running=3, limit=3):
            await arena.send("visitor", None, "Hi")
        assert await arena.send("other", None, "Hi")
        await arena.leave("visitor", running[0])
        assert await arena.send("visitor", None, "Hi")
        await arena.close()

    run(main())


def test_battles_started_at_the_same_moment_are_counted_too(house: House) -> None:
    async def main() -> None:
        house.script([asyncio.Event()])
        arena = await started(house)
        results = await asyncio.gather(*(arena.send("visitor", None, "Hi") for _ in range(8)), return_exceptions=True)
        assert sum(isinstance(result, str) for result in results) == limits.MAX_RUNNING
        assert not arena._opening._n_opening, "a visitor who opens nothing any more is not kept"
        await arena.close()

    run(main())


def test_a_battle_that_begins_with_an_example_keeps_its_tags_also_in_an_export(tmp_path: Path) -> None:
    names = ("Wren Sol", "Moss Tarn", "Fen Quill", "Larch Umber")
    examples = [{"text": "Add 2 and 3 ", "tags": ["maths", "short"]}, {"text": "Rhyme"}]
    house = House(tmp_path, names, arena={"named_pages": "on"}, examples=examples)

    async def main() -> None:
        arena = await started(house)
        first = await battle(arena, " Add 2 and 3")
        again = await arena.another_pair("visitor", first)
        named = await arena.open_named("visitor", "Add 2 and 3", models=names[:2], has_guardrails=False)
        await watch(arena, again)
        await watch(arena, named)
        assert {house.record(one).tags for one in (first, again, named)} == {("maths", "short")}
        edited, untagged = await battle(arena, "Add 2 and 4"), await battle(arena, "Rhyme")
        assert {house.record(one).tags for one in (edited, untagged)} == {()}
        await arena.vote("visitor", again, Outcome.A)

    run(main())
    written = tmp_path / "votes.jsonl"
    export_votes(house.database, written)
    assert json.loads(written.read_text().splitlines()[-1])["tags"] == ["maths", "short"]


def test_models_of_one_family_are_kept_apart_where_the_settings_say_so(tmp_path: Path) -> None:
    house = House(tmp_path, matchmaking={"same_family": "never"})  # both are of the family Bird

    async def main() -> None:
        arena = await started(house)
        with refused("one_family", n_ready=2, n_models=2):
            await arena.send("visitor", None, "Hi")
        status = await arena.status()
        assert (status.can_battle, status.is_hopeless, status.waits_for) == (False, False, "one_family")
        await arena.apply(replace(house.settings, matchmaking=MatchmakingSettings()), house.roster)
        assert (await arena.status()).can_battle
        assert await battle(arena), "a reload changes the draw at once"

    run(main())


def test_models_that_are_down_leave_the_draw_and_return_by_themselves(tmp_path: Path) -> None:
    house = House(tmp_path, ("Wren Sol", "Moss Tarn", "Fen Quill"), matchmaking={"policy": "balanced"})

    async def drawn(arena: Arena) -> set[str]:
        records = [house.record(await battle(arena)) for _ in range(8)]
        return {name for record in records for name in (record.model_a, record.model_b) if name is not None}

    async def main() -> None:
        arena = await started(house)
        house.players.state["Fen Quill"] = "down"
        assert await drawn(arena) == {"Wren Sol", "Moss Tarn"}
        house.players.state["Fen Quill"] = "ready"
        assert "Fen Quill" in await drawn(arena)

    run(main())


def test_the_policy_sees_the_votes_of_the_last_board(tmp_path: Path) -> None:
    names = ("Wren Sol", "Moss Tarn", "Fen Quill")
    house = House(tmp_path, names, matchmaking={"policy": "balanced"})

    async def main() -> None:
        arena = await started(house)
        house.players.state["Fen Quill"] = "down"
        for number in range(60):
            visitor = f"visitor {number}"
            await arena.vote(visitor, await battle(arena, visitor=visitor), Outcome.TIE)
        house.players.state["Fen Quill"] = "ready"
        await arena.boards.newest()
        records = [house.record(await battle(arena)) for _ in range(12)]
        common, rare = (50 + 60) ** -0.4, 50**-0.4
        total = common * common + 2 * common * rare
        for record in records:
            is_new = "Fen Quill" in (record.model_a, record.model_b)
            assert record.draw_probability == pytest.approx((common * rare if is_new else common**2) / total / 2)
        assert {record.policy for record in records} == {Policy.BALANCED}

    run(main())
