"""The pages as Gradio serves them: their configuration, and their handlers as plain functions."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from arena import ui
from arena.settings import Settings
from arena.settings.sections import ArenaSettings
from arena.ui.links import pages_of
from db.outcome import Outcome
from tests.arena.ui.fake_arena import NAMES, FakeArena, full_board
from tests.waiting import until

_DUEL = "prompt send stop cancel answer-a retry-a regenerate next"
_BATTLE = f"{_DUEL} answer-b retry-b vote-a vote-tie vote-bad vote-b reveal withdraw"
IDS = {
    "": f"{_BATTLE} another",
    "side-by-side": f"{_BATTLE} pick-a pick-b safety",
    "chat": f"{_DUEL} pick-a safety",
}


def _request(visitor: str = "anna", language: str = "en") -> Any:
    return SimpleNamespace(cookies={"visitor": visitor, "lang": language}, headers={})


def _build(arena: FakeArena) -> gr.Blocks:
    def visitor_of(request: gr.Request) -> Any:
        return SimpleNamespace(visitor=request.cookies.get("visitor") or None, address=None)

    return ui.build(arena, Settings(), visitor_of=visitor_of)  # type: ignore[arg-type]


def _handler(pages: gr.Blocks, element: str, event: str = "click") -> Callable[..., Any]:
    """Return the handler of an event of the element with this id."""
    for function in pages.fns.values():
        for block_id, name in function.targets:
            if name == event and block_id is not None and pages.blocks[block_id].elem_id == element:
                assert function.fn is not None
                return function.fn
    raise LookupError(f"no {event} on {element}")


def _by_id(updates: dict[Any, Any]) -> dict[str, Any]:
    return {component.elem_id or component.__class__.__name__: update for component, update in updates.items()}


async def _stream(handler: Callable[..., AsyncIterator[dict[Any, Any]]], *arguments: Any) -> dict[str, Any]:
    """Return what the page shows after the stream: every element's latest properties."""
    shown: dict[str, Any] = {}
    async for updates in handler(*arguments):
        for element, update in _by_id(updates).items():
            shown.setdefault(element, {}).update(update)
    return shown


def _said(text: str) -> str:
    return f'<p dir="auto">{text}</p>\n\n'


def test_the_configuration_names_no_model_and_shows_no_handler() -> None:
    arena = FakeArena(board=full_board())
    app = FastAPI()
    ui.mount(app, _build(arena), Settings())
    with TestClient(app) as client:
        for path in ("/", "/side-by-side", "/chat", "/config", "/gradio_api/info"):
            body = client.get(path).text
            assert not [name for name in NAMES if name in body], path
        info = json.loads(client.get("/gradio_api/info").text)
    assert info["named_endpoints"] == {}
    assert info["unnamed_endpoints"] == {}


def test_every_element_of_the_design_is_there_once() -> None:
    pages = _build(FakeArena())
    for page, ids in IDS.items():
        blocks = [block for block in pages.blocks.values() if block.page == page]
        found = [element for block in blocks if (element := getattr(block, "elem_id", None))]
        assert set(ids.split()) <= set(found), page
        assert sorted(found) == sorted(set(found)), page


def test_nothing_on_the_pages_holds_a_connection() -> None:
    config = _build(FakeArena()).get_config_file()
    assert config["connect_heartbeat"] is False
    assert not [part for part in config["components"] if part["type"] == "state"]


def test_votes_wait_in_no_queue_and_answers_stream() -> None:
    pages = _build(FakeArena())
    queued = {
        pages.blocks[target].elem_id: function.queue
        for function in pages.fns.values()
        for target, _ in function.targets
        if target in pages.blocks
    }
    assert not any(
        queued[vote] for vote in ("vote-a", "vote-tie", "vote-bad", "vote-b", "withdraw-misread", "next", "stop")
    )
    assert queued["send"]
    assert queued["retry-a"]


def test_a_battle_from_the_prompt_to_the_reveal() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        shown = await _stream(_handler(pages, "send"), "", "Hello", _request())
        assert shown["prompt"]["value"] == ""
        assert shown["done-a"]["value"] == _said("You wrote: Hello")
        assert shown["vote-a"]["interactive"]
        assert not [name for name in NAMES if name in str(shown)]
        battle_id = next(iter(arena.battles))
        voted = _by_id(await _handler(pages, "vote-a")(battle_id, _request()))
        assert "Wren Sol" in voted["head-a"]["value"]
        assert "You chose A." in voted["reveal"]["value"]
        assert voted["withdraw-row"]["visible"]
        withdrawn = _by_id(await _handler(pages, "withdraw-misread")(battle_id, _request(language="ko")))
        assert "투표를 취소했습니다." in withdrawn["reveal"]["value"]
        fresh = _by_id(await _handler(pages, "next")(battle_id, _request()))
        assert fresh["intro"]["visible"]
        assert arena.battles[battle_id].has_left

    asyncio.run(scenario())


def test_a_failed_side_is_tried_again_alone() -> None:
    async def scenario() -> None:
        arena = FakeArena(answers={"Hi": ("Fine.", None)}, word_s=0)
        pages = _build(arena)
        shown = await _stream(_handler(pages, "send"), "", "Hi", _request())
        assert shown["retry-b"]["visible"]
        shown = await _stream(_handler(pages, "retry-b"), next(iter(arena.battles)), "", _request())
        assert shown["done-b"]["value"] == _said("Here is the answer after all.")
        assert shown["done-a"]["value"] == _said("Fine.")

    asyncio.run(scenario())


def test_a_reload_gives_the_running_battle_back() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        load = _load(pages)
        fresh = await _stream(load, "", "", _request())
        assert set(fresh) == {"send", "Button", "so-far", "status", "Timer"}, (
            "more could wipe off a prompt sent meanwhile"
        )
        battle_id = await arena.send("anna", None, "Hello")
        shown = await _stream(load, "", "", _request())
        assert shown["done-a"]["value"] == _said("You wrote: Hello")
        assert battle_id in arena.battles
        assert set(await _stream(load, "", "", _request("ben"))) == set(fresh)

    asyncio.run(scenario())


def test_a_page_that_comes_back_after_a_restart_gets_its_prompt_back() -> None:
    async def scenario() -> None:
        arena = FakeArena()
        arena.prompts.interruptions["anna"] = "Hello"
        load = _load(_build(arena))
        shown = await _stream(load, "", "", _request())
        assert shown["prompt"] == {"value": "Hello", "__type__": "update"}
        assert "The arena restarted, and your battle ended." in shown["notice"]["value"]
        assert "서버가 다시 시작되어" in (await _stream(load, "", "", _request(language="ko")))["notice"]["value"]
        assert "prompt" not in await _stream(load, "", "typed meanwhile", _request())
        assert "prompt" not in await _stream(load, "", "", _request("ben"))

    asyncio.run(scenario())


def test_an_address_with_a_battle_opens_it_in_place_of_a_later_one_as_long_as_it_goes_on() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        for prompt in ("First", "Second"):
            await _stream(_handler(pages, "send"), "", prompt, _request())
        first, second = arena.battles

        async def shown(battle_id: str, visitor: str = "anna") -> Any:
            request = _request(visitor)
            request.headers["x-page-query"] = f"?battle={battle_id}"
            return (await _stream(_load(pages), "", "", request)).get("Textbox", {}).get("value")

        assert [await shown(one) for one in (first, second, "nobody's")] == [first, second, second]
        assert await shown(first, "ben") is None
        await arena.vote("anna", first, Outcome.A)
        assert await shown(first) == second

    asyncio.run(scenario())


def test_a_stop_after_the_end_shows_the_end() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        await _stream(_handler(pages, "send"), "", "Hello", _request())
        shown = _by_id(await _handler(pages, "stop")(next(iter(arena.battles)), _request()))
        assert shown["vote-a"] == gr.update(interactive=True)
        assert shown["notice"] == gr.update(value="")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("prompt", "line"),
    [
        ("  ", "Your prompt is empty."),
        (None, "Your prompt is empty."),
        ("x" * 4001, "4,001 characters, and the limit is 4,000"),
    ],
)
def test_a_refused_prompt_stays_in_its_box_and_the_page_says_why(prompt: str | None, line: str) -> None:
    async def scenario() -> None:
        shown = await _stream(_handler(_build(FakeArena()), "send"), "", prompt, _request())
        assert line in shown["notice"]["value"]
        assert "prompt" not in shown

    asyncio.run(scenario())


def _load(pages: gr.Blocks) -> Callable[..., Any]:
    """Return the handler that runs when the battle page is loaded."""
    return next(
        function.fn
        for function in pages.fns.values()
        if function.fn is not None and function.queue and "load" in {name for _, name in function.targets}
    )


def test_controls_are_disabled_until_the_page_listens() -> None:
    """The page draws itself before Gradio listens; a click in between was lost. What enables them is the answer to the
    page's load, which only a listening page asks for."""

    async def scenario() -> None:
        pages = _build(FakeArena(n_ready=0))
        buttons = [block for block in pages.blocks.values() if isinstance(block, gr.Button)]
        early = [one for one in buttons if one.elem_id == "send" or "chip" in one.elem_classes]
        assert not [one for one in early if one.interactive and one.visible]
        early = [one for one in early if one.page == ""]
        assert len(early) == 7
        first = await anext(_load(pages)("", "", _request()))
        assert set(first) == set(early)
        assert all(update.get("interactive") or update.get("visible") for update in first.values())

    asyncio.run(scenario())


def test_a_prompt_sent_before_the_models_are_ready_waits_for_them() -> None:
    async def scenario() -> None:
        arena = FakeArena(n_ready=1, word_s=0)
        stream = _handler(_build(arena), "send")("", "Hello", _request())
        shown = _by_id(await anext(stream))
        assert "1 of 4 is" in shown["status"]["value"]
        assert shown["prompt"] == gr.update(value="Hello", interactive=False)
        assert shown["cancel"] == gr.update(visible=True)
        arena.n_ready = 2
        faces = [_by_id(updates) async for updates in stream]
        assert faces[-1]["vote-a"] == gr.update(interactive=True)
        assert [face["prompt"]["value"] for face in faces if "value" in face.get("prompt", {})] == [""]
        assert {face["status"]["value"] for face in faces if "status" in face} == {""}
        assert arena.prompts.waiting == {}

    asyncio.run(scenario())


def test_a_cancelled_prompt_is_back_in_its_box() -> None:
    async def scenario() -> None:
        arena = FakeArena(n_ready=1)
        pages = _build(arena)
        stream = _handler(pages, "send")("", "Hello", _request())
        await anext(stream)
        back = await _stream(_handler(pages, "cancel"), "", "Hello", _request())
        assert back["prompt"] == gr.update(interactive=True)
        assert back["send"] == gr.update(visible=True, interactive=True)
        arena.n_ready = 4
        async for updates in stream:
            assert "answer-a" not in _by_id(updates)
        assert arena.battles == {}

    asyncio.run(scenario())


def test_a_cancel_after_the_prompt_was_sent_shows_the_battle() -> None:
    async def scenario() -> None:
        pages = _build(FakeArena(word_s=0))
        await _stream(_handler(pages, "send"), "", "Hello", _request())
        shown = await _stream(_handler(pages, "cancel"), "", "Hello", _request())
        assert shown["done-a"]["value"] == _said("You wrote: Hello")

    asyncio.run(scenario())


def test_a_reload_goes_on_waiting_and_two_tabs_send_once() -> None:
    async def scenario() -> None:
        arena = FakeArena(n_ready=1, word_s=0)
        pages = _build(arena)
        sending = _handler(pages, "send")("", "Hello", _request())
        await anext(sending)
        other = _load(pages)("", "", _request())
        await anext(other)
        assert _by_id(await anext(other))["prompt"]["value"] == "Hello"
        arena.n_ready = 4

        async def last(stream: AsyncIterator[dict[Any, Any]]) -> dict[str, Any]:
            shown: dict[str, Any] = {}
            async for updates in stream:
                shown |= _by_id(updates)
            return shown

        for shown in await asyncio.gather(last(sending), last(other)):
            assert shown["done-a"]["value"] == _said("You wrote: Hello")
        assert len(arena.battles) == 1

    asyncio.run(scenario())


def test_a_waiting_prompt_is_given_back_when_the_models_cannot_be_loaded() -> None:
    async def scenario() -> None:
        arena = FakeArena(n_ready=1)
        stream = _handler(_build(arena), "send")("", "Hello", _request())
        await anext(stream)
        arena.n_failed, arena.n_ready = 3, 1
        shown: dict[str, Any] = {}
        async for updates in stream:
            shown |= _by_id(updates)
        assert shown["prompt"] == gr.update(interactive=True), "its text stays in the box"
        assert "Your prompt was not sent: 3 of 4 models could not be loaded" in shown["notice"]["value"]

    asyncio.run(scenario())


def test_a_page_gets_an_update_every_second_so_that_a_closed_one_is_noticed() -> None:
    """Gradio closes the stream of a closed page only when it yields."""

    class Silent(FakeArena):
        async def follow(self, visitor: str, battle_id: str) -> AsyncIterator[Any]:
            view = self._view(self._own(visitor, battle_id))
            for _ in range(3):  # as the arena does where nothing changes
                yield view

    async def scenario() -> None:
        stream = _handler(_build(Silent(word_s=60)), "send")("", "Hello", _request())
        assert len([updates async for updates in stream]) == 1 + 3

    asyncio.run(scenario())


def test_somebody_elses_battle_is_not_found() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        await _stream(_handler(pages, "send"), "", "Hello", _request("anna"))
        shown = _by_id(await _handler(pages, "vote-b")(next(iter(arena.battles)), _request("ben")))
        assert "This battle was not found." in shown["notice"]["value"]
        assert not [name for name in NAMES if name in str(shown)]

    asyncio.run(scenario())


def test_both_sides_are_asked_again_and_another_pair_is_asked_the_same() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        await _stream(_handler(pages, "send"), "", "Hello", _request())
        (first,) = arena.battles
        shown = await _stream(_handler(pages, "regenerate"), first, "", _request())
        assert shown["done-a"]["value"] == _said("You wrote: Hello")
        shown = await _stream(_handler(pages, "another"), first, "", _request())
        assert shown["Textbox"]["value"] != first
        assert shown["asked"]["value"].count("Hello") == 1
        assert arena.battles[first].state == "void"

    asyncio.run(scenario())


def test_a_stream_of_a_battle_that_was_left_ends_with_the_idle_page() -> None:
    """Its last face may come after that of Next, and would cover it."""

    async def scenario() -> None:
        arena = FakeArena(word_s=60)
        pages = _build(arena)
        stream = asyncio.create_task(_stream(_handler(pages, "send"), "", "Hello", _request()))
        await until(lambda: bool(arena.battles))
        await _handler(pages, "next")(next(iter(arena.battles)), _request())
        shown = await stream
        assert (shown["marker"]["value"], shown["intro"]["visible"]) == ("idle", True)

    asyncio.run(scenario())


def test_another_tab_shows_what_the_first_one_went_on_with() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        await _stream(_handler(pages, "send"), "", "Hello", _request())
        (battle_id,) = arena.battles
        refresh = _handler(pages, "refresh")
        shown = await _stream(refresh, "", "typed here", _request())
        assert shown["done-a"]["value"] == _said("You wrote: Hello")
        assert "value" not in shown.get("prompt", {})
        waited = await _stream(refresh, "", "Hello", _request())
        assert waited["prompt"]["value"] == "", "a prompt that waited here for the models"
        await _handler(pages, "vote-a")(battle_id, _request())
        assert "Wren Sol" in (await _stream(refresh, battle_id, "", _request()))["head-a"]["value"]
        await _handler(pages, "next")(battle_id, _request())
        assert (await _stream(refresh, battle_id, "", _request()))["intro"]["visible"]

    asyncio.run(scenario())


def _on(pages: gr.Blocks, page: str, element: str, event: str = "click") -> Callable[..., Any]:
    """Return the handler of an event on one of the pages."""
    for function in pages.fns.values():
        for block_id, name in function.targets:
            found = pages.blocks[block_id].elem_id if block_id in pages.blocks else ""
            if function.page == page and name == event and found == element and function.fn is not None:
                return function.fn
    raise LookupError(f"no {event} on {element} of /{page}")


def test_side_by_side_asks_the_chosen_models_and_sends_nothing_before() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        send = _on(pages, "side-by-side", "send")
        for chosen in ((None, None), ("Wren Sol", None), (["Wren Sol"], {"a": 1})):
            shown = await _stream(send, "", "Hello", _request(), *chosen, False)
            assert "No model is chosen." in shown["notice"]["value"]
        assert arena.battles == {}
        shown = await _stream(send, "", "Hello", _request(), "Fen Quill", "Ash Lark", True)
        assert "Fen Quill" in shown["head-a"]["value"]
        assert "Ash Lark" in shown["head-b"]["value"]
        assert shown["pick-a"] == {"interactive": False, "value": "Fen Quill", "__type__": "update"}
        (battle,) = arena.battles.values()
        assert battle.has_guardrails
        await _stream(send, battle.battle_id, "And then?", _request(), "Fen Quill", "Ash Lark", True)
        assert len(arena.battles) == 1
        assert (
            "does not count"
            in (await _stream(_on(pages, "side-by-side", "", "load"), "", "", _request()))["vote-hint"]["value"]
        )

    asyncio.run(scenario())


def test_a_link_chooses_the_models_and_says_which_one_is_unknown() -> None:
    async def scenario() -> None:
        pages = _build(FakeArena())

        async def shown(page: str, query: str) -> dict[str, Any]:
            request = _request()
            request.headers["x-page-query"] = query
            return await _stream(_on(pages, page, "", "load"), "", "", request)

        face = await shown("side-by-side", "?a=Moss+Tarn&b=%3Cb%3ENobody")
        assert face["pick-a"]["choices"] == list(NAMES)
        assert face["pick-a"]["value"] == "Moss Tarn"
        assert "value" not in face["pick-b"]
        assert "“&lt;b&gt;Nobody” is not a model of this arena" in face["notice"]["value"]
        assert (await shown("chat", "?model=Wren%20Sol"))["pick-a"]["value"] == "Wren Sol"
        assert "notice" not in await shown("chat", "")

    asyncio.run(scenario())


def test_a_link_to_other_models_does_not_show_the_conversation_with_these() -> None:
    async def scenario() -> None:
        arena = FakeArena(word_s=0)
        pages = _build(arena)
        await _stream(_on(pages, "chat", "send"), "", "Hello", _request(), "Wren Sol", None, False)
        for query, is_shown in (("", True), ("?model=Wren+Sol", True), ("?model=Moss+Tarn", False)):
            request = _request()
            request.headers["x-page-query"] = query
            face = await _stream(_on(pages, "chat", "", "load"), "", "", request)
            assert ("asked" in face) == is_shown

    asyncio.run(scenario())


def test_without_named_pages_there_is_only_the_battle() -> None:
    settings = Settings(arena=ArenaSettings(named_pages="off"))
    pages = ui.build(FakeArena(), settings, visitor_of=lambda _request: None)  # type: ignore[arg-type, return-value]
    assert not {"side-by-side", "chat"} & {path for path, *_ in pages.pages}
    assert pages_of(settings).keys() & {"battle", "side_by_side", "chat"} == {"battle"}


def test_without_a_cookie_the_page_says_what_it_needs() -> None:
    async def scenario() -> None:
        pages = _build(FakeArena())
        shown = await _stream(_handler(pages, "send"), "", "Hello", _request(visitor=""))
        assert "Allow cookies" in shown["notice"]["value"]
        shown = _by_id(await _handler(pages, "vote-a")("b1", _request(visitor="")))
        assert "Allow cookies" in shown["notice"]["value"]

    asyncio.run(scenario())


def test_an_internal_error_is_logged_and_shown_as_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeArena):
        async def vote(self, *_: Any) -> Any:
            raise RuntimeError("the detail")

        async def current(self, visitor: str, kind: str = "battle") -> str | None:
            raise RuntimeError("the detail")

    async def scenario() -> None:
        pages = _build(Broken())
        shown = [_by_id(await _handler(pages, "vote-a")("b1", _request()))["notice"]["value"]]
        for function in pages.fns.values():
            if "load" in {name for _, name in function.targets}:
                assert function.fn is not None
                shown.append((await _stream(function.fn, "", "", _request()))["notice"]["value"])
        assert len(shown) == 4
        assert all("Something went wrong." in line and "detail" not in line for line in shown)

    asyncio.run(scenario())
    assert "the detail" in caplog.text
