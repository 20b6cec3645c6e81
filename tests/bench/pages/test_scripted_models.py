"""The two scripted models."""

import asyncio
import json

import httpx

from bench.pages.scripted_models import Models, answer, serving


def test_an_answer_has_exactly_the_requested_length() -> None:
    assert [len(answer(n)) for n in (0, 1, 5000, 20_000)] == [0, 1, 5000, 20_000]


def test_the_models_write_the_whole_text_and_end() -> None:
    async def scenario() -> None:
        models = Models()
        models.text, models.seconds = answer(100), 0.3
        transport = httpx.ASGITransport(models.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://models") as client:
            said = (await client.post("/v1/chat/completions", json={})).text.split("\n\n")
        chunks = [json.loads(line.removeprefix("data: "))["choices"][0] for line in said[:-2]]
        assert "".join(chunk["delta"].get("content", "") for chunk in chunks) == answer(100)
        assert len(chunks) == 3 + 1
        assert chunks[-1]["finish_reason"] == "stop"
        assert said[-2] == "data: [DONE]"

    asyncio.run(scenario())


def test_the_models_are_served_until_the_measurement_ends() -> None:
    async def scenario() -> None:
        async with serving(Models()) as port, httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{port}/v1/models"
            assert [model["id"] for model in (await client.get(url)).json()["data"]] == ["one", "two"]

    asyncio.run(scenario())
