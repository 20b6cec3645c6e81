"""Running requests: clients that disconnect, a full queue, models that fail."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from inference.engine.request import Request, SamplingParams
from inference.server import completions
from inference.server.requests.prompts import Prompt
from inference.server.requests.protocol import CompletionRequest
from tests.inference.server.serving import ASK, CHAT, ENDLESS, LIMIT_S, Server, ask_in_process, working


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_disconnects_frees_its_slot(server: Server, client: openai.OpenAI, stream: bool) -> None:
    """There is one slot, and the first answer would take minutes."""
    body = {"model": "one", "messages": ASK, "max_tokens": ENDLESS, "temperature": 0, "stream": stream}
    if stream:
        with httpx.stream("POST", server.url + CHAT, json=body, timeout=LIMIT_S) as response:
            lines = response.iter_lines()
            while '"content":"' not in next(lines):
                pass
    else:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(server.url + CHAT, json=body, timeout=httpx.Timeout(LIMIT_S, read=1))
    client.chat.completions.create(model="one", messages=ASK, max_tokens=2, timeout=LIMIT_S)


def test_a_stream_is_neither_buffered_nor_stored_by_proxies(server: Server) -> None:
    body = {"model": "one", "messages": ASK, "max_tokens": 1, "stream": True}
    headers = httpx.post(server.url + CHAT, json=body, timeout=LIMIT_S).headers
    assert headers["x-accel-buffering"] == "no"
    assert headers["cache-control"] == "no-store"


def test_a_full_server_answers_429_and_accepts_requests_again_when_there_is_room(folders: dict[str, Path]) -> None:
    async def scenario() -> None:
        async with working(folders["one"]) as worker:
            await worker.settled()
            client = ask_in_process(worker)
            settings: dict[str, Any] = {"model": "one", "messages": ASK, "max_tokens": 1}
            worker.submit("one", Request("endless", (1,), SamplingParams(max_tokens=ENDLESS, temperature=0)))
            with pytest.raises(openai.RateLimitError) as full:
                await client.chat.completions.create(**settings)
            assert (full.value.code, full.value.type) == ("queue_full", "rate_limit_error")
            worker.cancel("endless")
            await client.chat.completions.create(**settings)

    asyncio.run(scenario())


def test_a_stream_that_waits_for_a_slot_tells_its_place_in_comments(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is one slot. A request that waits moves up when the one before it is cancelled."""
    monkeypatch.setattr(completions, "_PLACE_EVERY_S", 0.01)

    async def scenario() -> None:
        async with working(folders["one"], max_waiting=2) as worker:
            await worker.settled()
            endless = SamplingParams(max_tokens=ENDLESS, temperature=0)
            for name in ("running", "first"):
                worker.submit("one", Request(name, (1,), endless))
            body = CompletionRequest.model_validate({"model": "one", "prompt": "a", "max_tokens": 1})
            running = completions.submit(worker, "one", body, [Prompt((1,), 1, continues_text=False)])
            chunks = completions._chunks(running, has_usage=False)
            while await anext(chunks) != ": place in queue 2\n\n":
                pass
            worker.cancel("first")
            assert await anext(chunks) == ": place in queue 1\n\n"
            worker.cancel("running")
            *_, last = [chunk async for chunk in chunks]
            assert last == "data: [DONE]\n\n"

    asyncio.run(scenario())


def test_requests_before_the_models_are_loaded_get_503(folders: dict[str, Path]) -> None:
    async def scenario() -> None:
        gate = threading.Event()
        async with working(folders["one"], gate=gate) as worker:
            client = ask_in_process(worker)
            for ask in (client.chat.completions.create(model="one", messages=ASK), client.models.list()):
                with pytest.raises(openai.InternalServerError) as early:
                    await ask
                assert (early.value.status_code, early.value.code) == (503, "loading")
            gate.set()
            await worker.settled()
            assert [model.id async for model in client.models.list()] == ["one"]

    asyncio.run(scenario())


def test_a_model_that_fails_is_an_error_and_not_the_end_of_an_answer(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from inference.model.serving import ServedModel

    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("out of memory")

    async def scenario() -> None:
        async with working(folders["one"]) as worker:
            await worker.settled()
            client = ask_in_process(worker)
            monkeypatch.setattr(ServedModel, "step", broken)
            with pytest.raises(openai.InternalServerError, match="the model failed: RuntimeError"):
                await client.chat.completions.create(model="one", messages=ASK)
            with pytest.raises(openai.APIError, match="the model failed: RuntimeError"):
                async for _ in await client.chat.completions.create(model="one", messages=ASK, stream=True):
                    pass

    asyncio.run(scenario())
