"""Let many pages watch answers in a fresh arena, and measure the load."""

import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from arena.crowd.pages import Events
from bench import result_files
from bench.pages import probed_app
from bench.pages.gradio_calls import call, load_event
from bench.pages.running_app import running
from bench.pages.scripted_models import Models, answer, serving
from bench.proc_stats import cpu_s

SETTINGS = """
[battle]
pace = "free"
max_tokens = 32768
[limits]
battles_per_hour = 100000
[[models]]
name = "one"
base_url = "http://127.0.0.1:{port}/v1"
[[models]]
name = "two"
base_url = "http://127.0.0.1:{port}/v1"
"""


@dataclass(frozen=True, slots=True)
class Load:
    """`n_battles` at once, each watched by `n_pages` pages; each answer has `n_chars` characters."""

    n_battles: int
    n_pages: int
    n_chars: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Taken:
    """The figures of one load. A view is one message to one page; processor time is the app's. `late_ms` is how much
    longer than the median a page waited for its next view; None in files of before."""

    load: Load
    lag_ms: dict[str, float]
    late_ms: dict[str, float] | None
    views_per_s: float
    n_kb_per_watcher: float
    cpu_ms_per_view: float
    cpu_share: float


def percentiles(lags: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and the maximum of lags in seconds, in milliseconds.

    >>> percentiles([0.001] * 99 + [0.1])["p50"]
    1.0
    """
    ordered = sorted(lags)
    places = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(1000 * ordered[min(len(ordered) - 1, int(p * len(ordered)))], 1) for name, p in places.items()}


def late(views: Sequence[Sequence[float]]) -> list[float]:
    """Return by how many seconds each view of each page came later than the median after the one before.

    The first and the last gap of a page do not count: the models need time to begin, and the end waits for both sides.

    >>> late([[0.0, 9.0, 10.0, 11.0, 14.0, 15.0]])
    [0.0, 0.0, 2.0]
    """
    gaps = [later - earlier for times in views for earlier, later in pairwise(times[1:-1])]
    usual = statistics.median(gaps)
    return [max(0.0, gap - usual) for gap in gaps]


class Watcher:
    """A page with its cookie. `begun` is set when the arena has accepted its prompt."""

    def __init__(self, client: httpx.AsyncClient, visitor: str) -> None:
        self._client = client
        self._cookies = {"cookie": f"visitor={visitor}"}
        self.n_views = 0
        self.n_bytes = 0
        self.seen_at: list[float] = []
        self.begun = asyncio.Event()

    async def call(self, event: int, prompt: str) -> None:
        """Call an event of the battle page, and read its answer to the end."""
        async for line in call(self._client, event, ["", prompt], headers=self._cookies):
            self.n_bytes += len(line) + 1
            if '"process_generating"' in line:
                self.n_views += 1
                self.seen_at.append(time.monotonic())
                if self.n_views > 1:
                    self.begun.set()


async def watch(url: str, load: Load) -> list[Watcher]:
    """Start the battles, let all pages watch, and return when all battles have ended."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=120.0, limits=limits) as client, asyncio.TaskGroup() as group:
        config = (await client.get("/config")).raise_for_status().json()
        send, open_page = Events(config).click("send"), load_event(config)
        watchers: list[Watcher] = []
        for _ in range(load.n_battles):
            visitor = secrets.token_hex(16)
            pages = [Watcher(client, visitor) for _ in range(load.n_pages)]
            group.create_task(pages[0].call(send, "Write a long answer"))
            if load.n_pages > 1:
                await pages[0].begun.wait()
            for page in pages[1:]:
                group.create_task(page.call(open_page, ""))
            watchers += pages
    return watchers


async def measure(load: Load, app_folder: Path) -> Taken:
    """Measure one load on a fresh arena, whose app.py is in `app_folder`."""
    models = Models()
    models.text, models.seconds = answer(load.n_chars), load.seconds
    with tempfile.TemporaryDirectory() as folder:
        async with serving(models) as port:
            (Path(folder) / "arena.toml").write_text(SETTINGS.format(port=port), encoding="utf-8")
            lags = Path(folder) / "lags"
            url = f"http://127.0.0.1:{port + 1}"
            command = [sys.executable, str(Path(probed_app.__file__)), str(lags), str(port + 1), folder]
            async with running(command, url, app_folder) as app:
                begun, cpu = time.time(), cpu_s(app.pid)
                watchers = await watch(url, load)
                ended, cpu = time.time(), cpu_s(app.pid) - cpu
                await asyncio.sleep(1.5)  # the probe writes its last lags
                noted = [line.split() for line in lags.read_text(encoding="ascii").splitlines()]
    n_views = sum(watcher.n_views for watcher in watchers)
    return Taken(
        load=load,
        lag_ms=percentiles([float(lag) for at, lag in noted if begun <= float(at) <= ended]),
        late_ms=percentiles(late([watcher.seen_at for watcher in watchers])),
        views_per_s=round(n_views / (ended - begun), 1),
        n_kb_per_watcher=round(sum(watcher.n_bytes for watcher in watchers) / len(watchers) / 1000, 1),
        cpu_ms_per_view=round(1000 * cpu / n_views, 2),
        cpu_share=round(cpu / (ended - begun), 2),
    )


HEADING = (
    "| battles | pages each | lag p50, ms | p95 | p99 | max | late p50, ms | p95 | p99 | max | views/s | kB per page"
    " | CPU ms per view | CPU |\n|" + " ---: |" * 14
)


def row(taken: Mapping[str, Any]) -> str:
    """Return the table row of a `Taken` in a results file."""
    lags = " | ".join(f"{lag:g}" for lag in taken["lag_ms"].values())
    lags += " | " + (" | ".join(f"{lag:g}" for lag in taken["late_ms"].values()) if taken.get("late_ms") else " | | | ")
    return (
        f"| {taken['load']['n_battles']} | {taken['load']['n_pages']} | {lags} | {taken['views_per_s']:.0f}"
        f" | {taken['n_kb_per_watcher']:.0f} | {taken['cpu_ms_per_view']:.1f} | {taken['cpu_share']:.0%} |"
    )


def markdown(path: Path) -> str:
    """Return the table of a results file."""
    content = result_files.read(path)
    rows = [row(raw) for raw in content["loads"]]
    return "\n".join([result_files.heading_of(content), HEADING, *rows, ""])
