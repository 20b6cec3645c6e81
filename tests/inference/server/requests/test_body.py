"""Bodies that are too large, and long ones that must not delay other requests."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from inference.engine.loading import load_models
from inference.folder import open_folder
from inference.server.requests.body import MAX_BODY_BYTES
from tests.inference.server.serving import LIMIT_S, TEXT, Server, asking


def test_a_body_that_is_too_large_is_refused_with_the_limit(server: Server) -> None:
    for n_bytes in (MAX_BODY_BYTES + 1, 10 * 2**20):
        response = httpx.post(server.url + TEXT, content=b"x" * n_bytes, timeout=LIMIT_S)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (413, "body_too_large")
        assert error["message"] == f"the body has {n_bytes:,} bytes; at most {MAX_BODY_BYTES:,} were expected"


def test_a_body_without_an_end_is_refused(folders: dict[str, Path]) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 2**20

    async def scenario() -> None:
        async with asking(lambda: load_models({"one": open_folder(folders["one"])}, n_slots=1)) as (http, _):
            response = await http.post(TEXT, content=endless())
            assert response.status_code == 413
            assert "more than" in response.json()["error"]["message"]

    asyncio.run(scenario())


def test_a_long_prompt_does_not_block_the_event_loop(folders: dict[str, Path]) -> None:
    """While eight megabytes of text are tokenized, no pause of the event loop is nearly as long as the request."""
    body = json.dumps({"model": "one", "prompt": ["the quick brown fox " * 95_000] * 4, "max_tokens": 1}).encode()
    assert 7_000_000 < len(body) < MAX_BODY_BYTES

    async def scenario() -> None:
        async with asking(lambda: load_models({"one": open_folder(folders["one"])}, max_len={"one": 99})) as (http, _):
            pauses = []

            async def tick() -> None:
                while True:
                    before = time.perf_counter()
                    await asyncio.sleep(0.001)
                    pauses.append(time.perf_counter() - before)

            ticking = asyncio.create_task(tick())
            start = time.perf_counter()
            response = await http.post(TEXT, content=body)
            whole = time.perf_counter() - start
            ticking.cancel()
            assert response.json()["error"]["code"] == "context_length_exceeded"
            assert max(pauses) < whole / 2

    asyncio.run(scenario())
