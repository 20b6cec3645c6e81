"""A reveal with the ranks from before the vote asks for the new ones."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import gradio as gr

from arena.service import Outcome
from arena.ui.pages.duel import Duel
from tests.arena.ui.fake_arena import FakeArena


def test_an_open_page_takes_the_new_ranks_and_keeps_what_else_it_shows() -> None:
    arena = FakeArena(word_s=0)
    with gr.Blocks() as page:
        duel = Duel(arena, lambda request: SimpleNamespace(visitor="ann", address=None))  # type: ignore[arg-type]
    parts: Any = duel._parts
    timer = parts["ranks-timer"]
    (tick,) = [one for one in page.fns.values() if (timer._id, "tick") in one.targets]
    (vote,) = [one for one in page.fns.values() if (parts["vote-a"]._id, "click") in one.targets]
    request = SimpleNamespace(cookies={}, headers={})

    async def scenario() -> None:
        battle_id = await arena.send("ann", None, "Hello")
        async for _ in arena.follow("ann", battle_id):
            pass
        await arena.vote("ann", battle_id, Outcome.A)
        battle = arena.battles[battle_id]
        assert battle.reveal is not None
        battle.reveal = replace(battle.reveal, is_board_older=True)
        shown: Any = await vote.fn(battle_id, request)
        assert shown[timer]["active"]
        battle.reveal = replace(battle.reveal, is_board_older=False, a=replace(battle.reveal.a, rank=7, rank_worst=7))
        shown = await tick.fn(battle_id, request)
        assert not shown[timer]["active"]
        assert "rank 7" in shown[parts["reveal"]]["value"]
        assert set(shown) == {timer, *(parts[name] for name in ("reveal", "head-a", "head-b"))}
        shown = await tick.fn("", request)  # the visitor has gone on
        assert set(shown) == {timer}

    asyncio.run(scenario())
