"""The parts of the benchmark of pages that need no arena, and its watcher against a server of the test's own."""

import asyncio
import json
from dataclasses import asdict

import httpx

from bench.pages.watching import HEADING, Load, Models, Taken, Watcher, answer, events, percentiles, row


def test_an_answer_has_exactly_so_many_characters() -> None:
    assert [len(answer(n)) for n in (0, 1, 5000, 20_000)] == [0, 1, 5000, 20_000]


def test_percentiles_are_of_the_lags_in_milliseconds() -> None:
    assert percentiles([0.001] * 98 + [0.05, 0.2]) == {"p50": 1.0, "p95": 1.0, "p99": 200.0, "max": 200.0}


def test_the_events_are_found_in_the_configuration() -> None:
    functions = [
        {"id": 3, "targets": [[7, "click"]], "inputs": [1, 2]},
        {"id": 4, "targets": [[0, "load"]], "inputs": [1]},
        {"id": 5, "targets": [[0, "load"]], "inputs": [1, 2]},
    ]
    components = [{"id": 7, "props": {"elem_id": "send"}}, {"id": 8, "props": {}}]
    assert events({"components": components, "dependencies": functions}) == (3, 5)


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


def test_a_watcher_counts_what_its_page_is_told() -> None:
    told = 'data: {"msg":"process_generating"}\n\ndata: {"msg":"process_generating"}\n\ndata: {"msg":"x"}\n\n'

    def answered(request: httpx.Request) -> httpx.Response:
        assert request.headers["cookie"] == "visitor=abc"
        return httpx.Response(200, text=told if request.method == "GET" else "{}")

    async def scenario() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answered), base_url="http://arena") as client:
            watcher = Watcher(client, "abc")
            await watcher.call(3, "Hello")
        assert watcher.n_views == 2
        assert watcher.begun.is_set()
        assert watcher.n_bytes == len(told)

    asyncio.run(scenario())


def test_a_row_has_a_cell_for_each_column() -> None:
    taken = Taken(Load(50, 1, 20_000, 100.0), percentiles([0.001]), 400.0, 500.0, 1.25, 0.5)
    assert row(asdict(taken)).count("|") == HEADING.splitlines()[0].count("|")
