"""The parts of the benchmark that run without an arena, and a watcher against a simulated server."""

import asyncio
from dataclasses import asdict

import httpx

from bench.pages.watching import HEADING, Load, Taken, Watcher, late, percentiles, row


def test_percentiles_are_of_the_lags_in_milliseconds() -> None:
    assert percentiles([0.001] * 98 + [0.05, 0.2]) == {"p50": 1.0, "p95": 1.0, "p99": 200.0, "max": 200.0}


def test_a_watcher_counts_the_views_and_bytes_of_its_page() -> None:
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
    taken = Taken(Load(50, 1, 20_000, 100.0), percentiles([0.001]), percentiles([0.1]), 400.0, 500.0, 1.25, 0.5)
    for raw in (asdict(taken), {**asdict(taken), "late_ms": None}):
        assert row(raw).count("|") == HEADING.splitlines()[0].count("|")


def test_a_view_is_late_by_what_its_page_waited_longer_than_usual() -> None:
    assert late([[0.0, 9.0, 10.0, 11.0, 14.0, 15.0], [0.0, 1.0, 2.0, 3.0]]) == [0.0, 0.0, 2.0, 0.0]
