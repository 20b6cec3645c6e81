"""A battle in the database after each step, also if another process ended it or the disk is full."""

import dataclasses
from pathlib import Path

import pytest

from arena.service import Outcome
from db import queries
from db.codes import BattleKind, Policy, State
from tests.arena.service.house import LONG, NAMES, House, battle, full_disk, refused, run, started, watch
from tests.waiting import until


def test_everything_of_a_battle_is_stored(tmp_path: Path) -> None:
    house = House(tmp_path, battle={"system_prompt": "Be kind.", "temperature": 0.3, "top_p": 0.8, "max_tokens": 99})

    async def main() -> str:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "  몇 시야? \n", address="hmac")
        await watch(arena, battle_id)
        return battle_id

    record = house.record(run(main()))
    assert (record.visitor, record.kind, record.state, record.language) == (
        "visitor",
        BattleKind.BATTLE,
        State.VOTABLE,
        "ko",
    )
    assert record.settings == queries.StoredSettings("Be kind.", 0.3, 0.8, 99, "free")
    assert (record.draw_probability, record.policy) == (0.5, Policy.UNIFORM)
    (turn,) = record.turns
    assert (turn.prompt, record.tags) == ("몇 시야?", ("number",))
    a, b = turn.answers
    assert a.seed != b.seed
    for answer, name in ((a, record.model_a), (b, record.model_b)):
        assert answer.text == f"{NAMES.index(str(name))}: {LONG}"
        (request,) = house.streams[str(name)].requests
        assert answer.seed == request.seed
        stored = (
            answer.finish_reason,
            answer.prompt_tokens,
            answer.completion_tokens,
            answer.fingerprint,
            answer.error,
        )
        assert stored == ("stop", 7, 2, "0123456789abcdef", None)
        assert (answer.ttft_ms, answer.duration_ms) == (10.0, 30.0)
    first, second = (house.streams[name].requests[0] for name in NAMES)
    assert dataclasses.replace(first, seed=0) == dataclasses.replace(second, seed=0)
    assert (first.temperature, first.top_p, first.max_tokens) == (0.3, 0.8, 99)
    assert house.read(lambda tx: queries.count_recent(tx, visitor="", address="hmac", since=0)).address_battles == 1


def test_a_step_on_a_battle_that_another_process_ended_says_how_it_ended(house: House) -> None:
    async def main() -> None:
        first = await started(house)
        for end, key in (("vote", "already_voted"), ("leave", "battle_void")):
            battle_id = await battle(first)
            second = house.arena()
            await second.view("visitor", battle_id)
            await (first.vote("visitor", battle_id, Outcome.A) if end == "vote" else first.leave("visitor", battle_id))
            with refused(key):
                await second.send("visitor", battle_id, "more")
            assert (await second.view("visitor", battle_id)).state == ("voted" if end == "vote" else "void")

    run(main())


def test_a_battle_that_cannot_be_stored_asks_no_model(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        arena = await started(house)
        monkeypatch.setattr(queries, "open_battle", full_disk)
        with refused("not_stored"):
            await arena.send("visitor", None, "Hi")
        assert not any(stream.requests for stream in house.streams.values())

    run(main())


def test_answers_that_cannot_be_stored_void_the_battle_visibly(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        arena = await started(house)
        monkeypatch.setattr(queries, "save_answer", full_disk)
        battle_id = await battle(arena)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.notice) == ("void", "not_stored")
        await until(lambda: house.record(battle_id).state is State.VOID)

    run(main())
