"""Page loads of a small server; the command measures the real one."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from bench.pages.loads import Sample, load_page, measure, sample, table
from tests.waiting import until

CONFIG = {
    "dependencies": [
        {"id": 3, "targets": [[7, "click"]], "inputs": [1, 2]},
        {"id": 5, "targets": [[0, "load"]], "inputs": [1, 2]},
        {"id": 9, "targets": [[0, "load"]], "inputs": [4]},
    ]
}


class Server:
    """Answers as Gradio does, with `heard` as the stream, and records its sessions and calls."""

    def __init__(self, heard: str) -> None:
        self.sessions: list[str] = []
        self.calls: list[int] = []
        self.app = FastAPI()
        self.url = ""

        @self.app.get("/{path:path}")
        async def get(path: str, session_hash: str = "") -> PlainTextResponse:
            if path == "config":
                return PlainTextResponse(json.dumps(CONFIG))
            if path == "gradio_api/queue/data":
                self.sessions.append(session_hash)
                return PlainTextResponse(heard)
            return PlainTextResponse("<script>window.gradio_config = {}</script>")

        @self.app.post("/gradio_api/queue/join")
        async def join(request: Request) -> dict[str, str]:
            self.calls.append((await request.json())["fn_index"])
            return {"event_id": "e"}


@asynccontextmanager
async def serving(heard: str = '{"interactive":true} process_completed') -> AsyncIterator[Server]:
    server = Server(heard)
    uvicorn_server = uvicorn.Server(uvicorn.Config(server.app, port=0, log_config=None))
    task = asyncio.create_task(uvicorn_server.serve())
    await until(lambda: uvicorn_server.started)
    server.url = f"http://127.0.0.1:{uvicorn_server.servers[0].sockets[0].getsockname()[1]}"
    yield server
    uvicorn_server.should_exit = True
    await task


def test_every_load_has_its_own_session_and_memory_is_sampled() -> None:
    async def main() -> None:
        async with serving() as server:
            samples = await measure(server.url, os.getpid(), minutes=0.01, per_s=20.0, every_s=0.2)
            assert samples[0].n_loads == 0
            assert samples[-1].n_loads == 12
            assert len(samples) >= 3
            assert len(set(server.sessions)) == 13, "one load before the first sample"
            assert set(server.calls) == {5}

    asyncio.run(main())


def test_a_page_that_cannot_send_is_an_error() -> None:
    async def main() -> None:
        async with serving("process_completed") as server:
            with pytest.raises(RuntimeError, match="expected an answer to the page's load event"):
                await load_page(server.url, 5)

    asyncio.run(main())


def test_a_row_has_the_cost_of_a_load_since_the_row_before() -> None:
    rows = table([Sample(0.0, 0, 200.0, 3.0), Sample(1.0, 300, 210.4, 6.0)]).splitlines()
    assert rows[2:] == ["| 0.0 | 0 | 200 |  |", "| 1.0 | 300 | 210 | 10 |"]


def test_a_sample_describes_the_process() -> None:
    taken = sample(os.getpid(), 0.0, 7)
    assert taken.rss_mb > 10
    assert taken.cpu_s > 0
    assert taken.n_loads == 7
