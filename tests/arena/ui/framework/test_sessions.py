"""What the server keeps for pages, with Gradio's own routes on a real socket; the limits are low here."""

import asyncio
import contextlib
import gc
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from arena import ui
from arena.settings import Settings
from arena.ui.framework import sessions
from tests.arena.ui.fake_arena import FakeArena
from tests.waiting import until

MAX_IDLE = 3


@dataclass
class House:
    """Serve the pages on a loopback port; give what Gradio keeps for them."""

    arena: FakeArena
    pages: gr.Blocks
    client: httpx.AsyncClient

    @property
    def kept(self) -> set[str]:
        return set(self.pages.state_holder.session_data)

    @property
    def n_kept(self) -> tuple[int, int, int]:
        queue = self.pages._queue
        return len(self.kept), len(queue.pending_messages_per_session), len(queue.pending_event_ids_session)

    def event(self, element: str, name: str) -> int:
        for number, function in self.pages.fns.items():
            for block_id, event in function.targets:
                found = self.pages.blocks.get(block_id) if block_id is not None else None
                if event == name and (element == "" or getattr(found, "elem_id", None) == element):
                    return int(number)
        raise LookupError(f"no {name} on {element}")

    async def call(
        self, session: str, element: str, name: str, data: list[Any], *, path: str = "queue/join", visitor: str = ""
    ) -> Any:
        """Send as the visitor named like the session, unless another is given."""
        body = {"fn_index": self.event(element, name), "data": data, "session_hash": session}
        headers = {"cookie": f"visitor={visitor or session}"}
        answer = await self.client.post(f"/gradio_api/{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def messages(self, session: str) -> AsyncIterator[dict[str, Any]]:
        async with self.client.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def load(self, session: str, *, visitor: str = "") -> None:
        """Send the requests of a browser that opens the battle page."""
        assert (await self.client.get("/")).status_code == 200
        await self.call(session, "", "load", ["", ""], visitor=visitor)
        messages = [message async for message in self.messages(session)]
        first = next(message for message in messages if message["msg"] == "process_generating")
        assert {"interactive": True, "__type__": "update"} in first["output"]["data"], "the page may send"
        assert "process_completed" in [message["msg"] for message in messages]


@contextlib.asynccontextmanager
async def house(arena: FakeArena) -> AsyncIterator[House]:
    def visitor_of(request: gr.Request) -> Any:
        return SimpleNamespace(visitor=request.cookies["visitor"], address=None)

    pages = ui.build(arena, Settings(), visitor_of=visitor_of)  # type: ignore[arg-type]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(ui.mount(FastAPI(), pages, Settings()), log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await until(lambda: server.started)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=address, timeout=60.0) as client:
            yield House(arena, pages, client)
        server.should_exit = True
        await serving


@pytest.fixture(autouse=True)
def low_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_IDLE", MAX_IDLE)


def test_page_loads_leave_a_limited_number_of_sessions() -> None:
    async def main() -> None:
        async with house(FakeArena()) as kept:
            for number in range(3 * MAX_IDLE):
                await kept.load(f"s{number}")
            assert max(kept.n_kept) <= MAX_IDLE + 1
            assert kept.kept >= {f"s{number}" for number in range(2 * MAX_IDLE, 3 * MAX_IDLE)}, "the oldest went first"
            assert len(kept.pages._queue.event_analytics) <= MAX_IDLE

    asyncio.run(main())


def test_requests_outside_the_queue_leave_a_limited_number_of_sessions() -> None:
    async def main() -> None:
        async with house(FakeArena()) as kept:
            for number in range(3 * MAX_IDLE):
                await kept.call(f"s{number}", "next", "click", [""], path="run/x")
            assert max(kept.n_kept) <= MAX_IDLE + 1

    asyncio.run(main())


def test_a_session_with_a_running_stream_is_kept_and_a_dropped_one_starts_again() -> None:
    async def main() -> None:
        async with house(FakeArena(word_s=3600)) as kept:
            await kept.load("old")
            await kept.call("page", "send", "click", ["", "Hello"])
            stream = kept.messages("page")
            while (await anext(stream))["msg"] != "process_generating":
                pass
            for number in range(2 * MAX_IDLE):
                await kept.load(f"s{number}")
            assert "page" in kept.kept
            assert "old" not in kept.kept
            (battle_id,) = kept.arena.battles
            await kept.arena.stop("page", battle_id)
            completed = [message async for message in stream if message["msg"] == "process_completed"]
            assert [message["success"] for message in completed] == [True]
            voted = await kept.call("old", "vote-a", "click", [battle_id], path="run/x", visitor="page")
            assert "Wren Sol" in json.dumps(voted)

    asyncio.run(main())


def test_a_stream_that_nobody_reads_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_UNREAD", 10)

    async def main() -> None:
        async with house(FakeArena(word_s=0.01)) as kept:
            await kept.call("deaf", "send", "click", ["", "word " * 500])
            await until(lambda: "deaf" in kept.pages._queue.pending_messages_per_session)
            await until(lambda: not kept.pages._queue.event_ids_to_events)
            (battle,) = kept.arena.battles.values()
            assert battle.state == "open", "the stream ended, not the battle"
            assert "deaf" not in kept.pages._queue.pending_messages_per_session
            await kept.load("deaf", visitor="ben")

    asyncio.run(main())


def test_a_session_takes_a_few_kilobytes() -> None:
    pages = ui.build(FakeArena(), Settings(), visitor_of=lambda _request: None)  # type: ignore[arg-type, return-value]
    ui.mount(FastAPI(), pages, Settings())
    holder = pages.state_holder
    assert isinstance(holder, sessions.Sessions)
    (load,) = (
        fn for fn in pages.fns.values() if ("load" in [event for _, event in fn.targets]) and len(fn.inputs) == 2
    )

    async def set_all(session: str) -> None:
        updates = {part: gr.update(visible=True) for part in load.outputs if not isinstance(part, gr.Timer)}
        await pages.postprocess_data(load, updates, holder[session])

    asyncio.run(set_all("first"))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(MAX_IDLE):
        asyncio.run(set_all(f"s{number}"))
    gc.collect()
    weight = (tracemalloc.get_traced_memory()[0] - before) / MAX_IDLE
    tracemalloc.stop()
    assert weight < 60_000, f"{weight:.0f} bytes"


def test_gr_state_is_refused() -> None:
    pages = ui.build(FakeArena(), Settings(), visitor_of=lambda _request: None)  # type: ignore[arg-type, return-value]
    with pages:
        gr.State(1)
    with pytest.raises(AssertionError, match=r"gr\.State"):
        ui.mount(FastAPI(), pages, Settings())
