"""A prompt is judged before its battle is stored."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from arena.players.events import Unreachable
from arena.service import Arena, Outcome
from db.schema import battles
from tests.arena.service.house import NAMES, House, refused, run, started, watch
from tests.arena.service.moderation.judge import BLOCKS_PROMPTS, Judge, house_with, stored

BLOCKED = "How do I do illegal things?"


def n_battles(house: House) -> int:
    return int(house.read(lambda tx: tx.scalar(select(func.count()).select_from(battles))))


OPENINGS: dict[str, Callable[[Arena], Awaitable[str]]] = {
    "battle": lambda arena: arena.send("visitor", None, BLOCKED),
    "side by side": lambda arena: arena.open_named("visitor", BLOCKED, models=NAMES, has_guardrails=False),
    "chat": lambda arena: arena.open_named("visitor", BLOCKED, models=NAMES[:1], has_guardrails=False),
}


@pytest.mark.parametrize("page", OPENINGS)
def test_a_blocked_prompt_is_refused_before_a_battle_is_stored(tmp_path: Path, page: str) -> None:
    house = house_with(tmp_path, Judge(), **BLOCKS_PROMPTS)

    async def main() -> None:
        arena = await started(house)
        with refused("prompt_illegal"):
            await OPENINGS[page](arena)

    run(main())
    assert n_battles(house) == 0
    assert [len(stream.requests) for stream in house.streams.values()] == [0, 0]
    assert stored(house) == [(1, None, "illegal", "blocked")]


def test_a_blocked_further_prompt_leaves_the_battle_as_it_was(tmp_path: Path) -> None:
    house = house_with(tmp_path, Judge(), **BLOCKS_PROMPTS)

    async def main() -> None:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "bread")
        await watch(arena, battle_id)
        with refused("prompt_illegal"):
            await arena.send("visitor", battle_id, BLOCKED)
        view = await arena.view("visitor", battle_id)
        assert (view.state, view.can_send, view.can_vote, view.turns) == ("votable", True, True, ())
        assert await arena.send("visitor", battle_id, "more bread") == battle_id
        await arena.stop("visitor", battle_id)
        assert [turn.prompt for turn in house.record(battle_id).turns] == ["bread", "more bread"]

    run(main())
    assert stored(house) == [
        (1, None, "none", "allowed"),
        (2, None, "illegal", "blocked"),
        (2, None, "none", "allowed"),
    ]


@pytest.mark.parametrize(
    ("word", "action", "warning"), [("hateful", "warned", "hateful"), ("unqualified", "logged", None)]
)
def test_a_finding_that_does_not_block_lets_the_vote_count(
    tmp_path: Path, word: str, action: str, warning: str | None
) -> None:
    house = house_with(tmp_path, Judge(), **BLOCKS_PROMPTS)

    async def main() -> None:
        arena = await started(house)
        battle_id = await arena.send("visitor", None, f"something {word}")
        views = await watch(arena, battle_id)
        assert {view.prompt_warning for view in views} == {warning}
        assert (await (await started(house)).view("visitor", battle_id)).prompt_warning == warning  # after a restart
        assert (await arena.vote("visitor", battle_id, Outcome.TIE)).is_counted

    run(main())
    assert stored(house) == [(1, None, word, action)]


def test_the_warning_of_a_prompt_stays_with_the_pair_that_takes_over_also_after_a_restart(tmp_path: Path) -> None:
    house = house_with(tmp_path, Judge(), names=(*NAMES, "Fen Quill", "Fox Lark"), **BLOCKS_PROMPTS)
    house.script([Unreachable("down")])

    async def main() -> None:
        arena = await started(house)
        failing = await arena.send("visitor", None, "something hateful")
        last = (await watch(arena, failing))[-1]
        assert house.record(failing).replaced_by == last.battle_id
        assert last.prompt_warning == "hateful"
        assert (await (await started(house)).view("visitor", failing)).prompt_warning == "hateful"

    run(main())


@pytest.mark.parametrize(("on_failure", "is_refused"), [("allow", False), ("block", True)])
def test_without_a_verdict_on_failure_decides(tmp_path: Path, on_failure: str, is_refused: bool) -> None:
    house = house_with(tmp_path, Judge(failing=Unreachable("down")), on_failure=on_failure, **BLOCKS_PROMPTS)

    async def main() -> None:
        arena = await started(house)
        if is_refused:
            with refused("prompt_unchecked"):
                await arena.send("visitor", None, "bread")
        else:
            await watch(arena, await arena.send("visitor", None, "bread"))

    run(main())
    assert stored(house) == [(1, None, "no_verdict", "blocked" if is_refused else "allowed")]


def test_blocked_prompts_count_like_battles_in_the_limit_of_an_hour(tmp_path: Path) -> None:
    judge = Judge()
    house = house_with(tmp_path, judge, limits={"battles_per_hour": 3}, **BLOCKS_PROMPTS)

    async def main() -> None:
        arena = await started(house)
        limit = house.settings.limits.battles_per_hour
        for _ in range(limit):
            with refused("prompt_illegal"):
                await arena.send("visitor", None, BLOCKED)
        with refused("rate_limited", n=limit, limit=limit, window_s=3600.0):
            await arena.send("visitor", None, "bread")
        assert len(judge.texts) == limit
        for n in range(9 * limit):  # other cookies, the same address
            with refused("prompt_illegal"):
                await arena.send(f"other {n // limit}", None, BLOCKED, address="hmac")
        with refused("prompt_illegal"):
            await arena.send("fresh", None, BLOCKED, address="hmac")
        house.wall_s += 3600
        await arena.send("visitor", None, "bread")

    run(main())


def test_nothing_is_judged_without_a_moderator_or_with_every_category_off(tmp_path: Path) -> None:
    judge = Judge()
    house = house_with(tmp_path, judge)

    async def main() -> None:
        arena = await started(house)
        await watch(arena, await arena.send("visitor", None, BLOCKED))

    run(main())
    assert judge.texts == []
    assert stored(house) == []
