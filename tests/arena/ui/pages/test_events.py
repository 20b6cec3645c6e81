"""Every event of every page: what triggers it, what it reads, and that it names no model before the vote."""

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from arena import ui
from arena.settings import Settings
from tests.arena.ui.fake_arena import NAMES, FakeArena, full_board

_CHIPS = 6 * ".click "
_VOTES = "vote-a.click vote-tie.click vote-bad.click vote-b.click"
_STREAMS = f"send.click prompt.submit retry-a.click regenerate.click refresh.click cancel.click {_CHIPS} .load"
_STEPS = "stop.click next.click .tick"
_AFTER_VOTE = "withdraw-misread.click withdraw-wrong_button.click .tick .tick"
SURFACE = {
    # page: the events that read battle, prompt and choice; those that read the battle alone; the others
    "": (f"{_STREAMS} retry-b.click another.click", f"{_STEPS} {_VOTES} {_AFTER_VOTE}"),
    "side-by-side": (f"{_STREAMS} retry-b.click", f"{_STEPS} {_VOTES} {_AFTER_VOTE}"),
    "chat": (_STREAMS, _STEPS),
}
INPUTS = {"": 2, "side-by-side": 5, "chat": 5}


ARENA = FakeArena(word_s=0, board=full_board())


@pytest.fixture(scope="module")
def pages() -> gr.Blocks:
    def visitor_of(request: gr.Request) -> Any:
        return SimpleNamespace(visitor=request.cookies["visitor"], address=None)

    return ui.build(ARENA, Settings(), visitor_of=visitor_of)  # type: ignore[arg-type]


def _events(pages: gr.Blocks, page: str, *, n_inputs: int | None = None) -> dict[str, Any]:
    """Return the functions of a page's events by element and event; several timers have no name of their own."""
    found = {}
    for number, function in pages.fns.items():
        for target, event in function.targets:
            if function.page == page and function.fn and (n_inputs is None or len(function.inputs) == n_inputs):
                element = (pages.blocks[target].elem_id if target in pages.blocks else None) or ""
                found[f"{element}.{event} {number}"] = function
    return found


@pytest.mark.parametrize("page", SURFACE)
def test_the_events_of_a_page_are_these_and_reach_only_its_own_elements(pages: gr.Blocks, page: str) -> None:
    streams, steps = SURFACE[page]
    expected = {INPUTS[page]: streams, 1: f"{streams if INPUTS[page] == 1 else ''} {steps}"}
    for n_inputs, names in expected.items():
        found = [name.split()[0] for name in _events(pages, page, n_inputs=n_inputs)]
        assert sorted(found) == sorted(names.split())
    everything = _events(pages, page)
    assert len(everything) == sum(len(names.split()) for names in (streams, steps))
    for name, function in everything.items():
        assert {part.page for part in [*function.inputs, *function.outputs]} == {page}, name
        assert function.api_visibility == "private", name


def test_no_event_of_the_battle_page_names_a_model_before_the_vote(pages: gr.Blocks) -> None:
    """Call every event as a visitor of its own, during a battle whose answers are in."""

    async def shown(name: str, function: Any) -> str:
        battle_id = await ARENA.send(name, None, "Hello")
        async for view in ARENA.follow(name, battle_id):
            assert view.names is None
        request = SimpleNamespace(cookies={"visitor": name}, headers={})
        answer = function.fn(*[battle_id, "Again"][: len(function.inputs)], request)
        return str([updates async for updates in answer] if inspect.isasyncgen(answer) else await answer)

    async def scenario() -> None:
        said = {name: await shown(name, event) for name, event in _events(pages, "").items()}
        told = {name for name, text in said.items() if any(model in text for model in NAMES)}
        assert {name.split(".")[0] for name in told} == {"vote-a", "vote-tie", "vote-bad", "vote-b"}

    asyncio.run(scenario())
