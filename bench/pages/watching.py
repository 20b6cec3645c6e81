"""Many pages that watch answers come in: how late the event loop of the arena runs, what goes over the wire, and what
one view costs.

    python -m bench.pages                       50 battles, each with one page, then one battle that 50 pages watch
    python -m bench.pages --app /other/clone    the same with another version of the arena

Two models that this command plays itself write 20 kB of Markdown to each battle in 100 s, which is as fast as answers
are shown by default. The arena is `app.py` as it
is, with a task beside it that wakes every 10 ms and notes how late; the watchers read their streams as the page does
and draw nothing. Models, watchers and arena share the machine's cores, so the lag is an upper bound.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from bench.machine import now, this_machine

_ROOT = Path(__file__).resolve().parents[2]
_RESULTS = Path(__file__).resolve().parents[1] / "results"
_PACKAGES = ("gradio", "fastapi", "starlette", "uvicorn", "httpx", "markdown-it-py")
_PROBE_S = 0.01
_PIECES_PER_S = 10
_SECTION = """## Section {n}

Sorting is **stable** where equal elements keep their *order*, as `sorted` promises; see https://docs.python.org/3 for
the details, which fill another line and a half of ordinary words so that this is a paragraph like any other.

1. Read the input, and `strip` each line.
2. Sort it by **length**, then by letter:
   - short words first
   - long words last

```python
def by_length(words: list[str]) -> list[str]:
    return sorted(words, key=lambda word: (len(word), word))
```

| method | time | stable |
|:-------|-----:|:------:|
| merge  | 12.5 | yes    |
| heap   | 31.0 | no     |

The cost is \\(O(n \\log n)\\).

"""
_SETTINGS = """
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


def answer(n_chars: int) -> str:
    """Markdown of all kinds, exactly so long."""
    sections = "".join(_SECTION.format(n=n) for n in range(n_chars // len(_SECTION) + 1))
    return sections[:n_chars]


@dataclass(frozen=True, slots=True)
class Load:
    """`n_battles` run at once, each watched by `n_pages` pages; both its answers have `n_chars` characters."""

    n_battles: int
    n_pages: int
    n_chars: int
    seconds: float

    @property
    def n_watchers(self) -> int:
        return self.n_battles * self.n_pages


@dataclass(frozen=True, slots=True)
class Taken:
    """What one load took. Lags in milliseconds; a view is one message to one page; processor time is the app's."""

    load: Load
    lag_ms: dict[str, float]
    views_per_s: float
    n_kb_per_watcher: float
    cpu_ms_per_view: float
    cpu_share: float


def percentiles(lags: Sequence[float]) -> dict[str, float]:
    """Of lags in seconds: p50, p95, p99 and the maximum, in milliseconds.

    >>> percentiles([0.001] * 99 + [0.1])["p50"]
    1.0
    """
    ordered = sorted(lags)
    places = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(1000 * ordered[min(len(ordered) - 1, int(p * len(ordered)))], 1) for name, p in places.items()}


class Models:
    """Both models, as an OpenAI-compatible server."""

    def __init__(self) -> None:
        self.text = ""
        self.seconds = 0.0
        self.app = FastAPI()
        self.app.get("/v1/models")(self._list)
        self.app.post("/v1/chat/completions")(self._complete)

    async def _list(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in ("one", "two")]}

    async def _complete(self) -> StreamingResponse:
        return StreamingResponse(self._write(), media_type="text/event-stream")

    async def _write(self) -> AsyncIterator[str]:
        n_pieces = round(self.seconds * _PIECES_PER_S)
        size = -(-len(self.text) // n_pieces)
        for place in range(0, len(self.text), size):
            yield _event({"content": self.text[place : place + size]})
            await asyncio.sleep(1 / _PIECES_PER_S)
        yield _event({}, "stop")
        yield "data: [DONE]\n\n"


def _event(delta: dict[str, str], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'id': 'x', 'object': 'chat.completion.chunk', 'choices': [choice]})}\n\n"


class Watcher:
    """A page, with its cookie. `begun` is set when the arena has taken its prompt."""

    def __init__(self, client: httpx.AsyncClient, visitor: str) -> None:
        self._client = client
        self._cookies = {"cookie": f"visitor={visitor}"}
        self.n_views = 0
        self.n_bytes = 0
        self.begun = asyncio.Event()

    async def call(self, event: int, prompt: str) -> None:
        """Call an event of the battle page, and read what it says to its end."""
        session = secrets.token_hex(5)
        call = {"fn_index": event, "data": ["", prompt], "session_hash": session, "trigger_id": 0}
        joined = await self._client.post("/gradio_api/queue/join", json=call, headers=self._cookies)
        joined.raise_for_status()
        path = f"/gradio_api/queue/data?session_hash={session}"
        async with self._client.stream("GET", path, headers=self._cookies) as stream:
            async for line in stream.aiter_lines():
                self.n_bytes += len(line) + 1
                if '"process_generating"' in line:
                    self.n_views += 1
                    if self.n_views > 1:
                        self.begun.set()


def events(config: dict[str, Any]) -> tuple[int, int]:
    """The numbers of the battle page's events of sending a prompt and of being loaded, from `/config`."""
    (button,) = (part["id"] for part in config["components"] if part["props"].get("elem_id") == "send")
    functions = config["dependencies"]
    send = next(one["id"] for one in functions if [button, "click"] in one["targets"])
    load = next(
        one["id"] for one in functions if len(one["inputs"]) == 2 and any(e == "load" for _, e in one["targets"])
    )
    return send, load


async def watch(url: str, load: Load) -> list[Watcher]:
    """Begin the battles, let all pages watch, and return when all have ended."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=120.0, limits=limits) as client, asyncio.TaskGroup() as group:
        send, open_page = events((await client.get("/config")).raise_for_status().json())
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


def cpu_s(pid: int) -> float:
    """Processor time of a process of this machine so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(load: Load, app_folder: Path) -> Taken:
    """One load against a fresh arena."""
    models = Models()
    models.text, models.seconds = answer(load.n_chars), load.seconds
    config = uvicorn.Config(models.app, port=0, log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    for _ in range(200):
        if not server.started:
            await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "arena.toml").write_text(_SETTINGS.format(port=port), encoding="utf-8")
        lags = Path(folder) / "lags"
        url = f"http://127.0.0.1:{port + 1}"
        app = _start([str(lags), str(port + 1), folder], app_folder)
        try:
            await _ready(app, url)
            begun, cpu = time.time(), cpu_s(app.pid)
            watchers = await watch(url, load)
            ended, cpu = time.time(), cpu_s(app.pid) - cpu
            await asyncio.sleep(1.5)  # until the last lags are written
            noted = [line.split() for line in lags.read_text(encoding="ascii").splitlines()]
        finally:
            app.send_signal(signal.SIGTERM)
            await asyncio.to_thread(app.wait, 30)
            server.should_exit = True
            await serving
    n_views = sum(watcher.n_views for watcher in watchers)
    return Taken(
        load=load,
        lag_ms=percentiles([float(lag) for at, lag in noted if begun <= float(at) <= ended]),
        views_per_s=round(n_views / (ended - begun), 1),
        n_kb_per_watcher=round(sum(watcher.n_bytes for watcher in watchers) / len(watchers) / 1000, 1),
        cpu_ms_per_view=round(1000 * cpu / n_views, 2),
        cpu_share=round(cpu / (ended - begun), 2),
    )


def _start(arguments: Sequence[str], app_folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(__file__)), "--serve", *arguments]
    quiet = subprocess.DEVNULL
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    return subprocess.Popen(command, cwd=app_folder, env=environment, stdout=quiet, stderr=quiet)


async def _ready(app: subprocess.Popen[bytes], url: str) -> None:
    async with httpx.AsyncClient(timeout=10) as client:
        for _ in range(600):
            if app.poll() is not None:
                raise RuntimeError(f"app.py ended with code {app.returncode}")
            try:
                if (await client.get(url + "/health")).json()["models"]["ready"] == 2:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
    raise TimeoutError("app.py had no two models ready within 120 s")


def serve(lags: Path, port: str, folder: str) -> int:
    """Run app.py of the present folder with a probe on its loop, which writes a line `time lag` for each wake."""
    sys.path.insert(0, os.getcwd())
    import app  # the one of this folder

    started = uvicorn.Server.startup

    async def probe() -> None:
        with lags.open("w", encoding="ascii") as file:
            written = time.monotonic()
            while True:
                before = time.monotonic()
                await asyncio.sleep(_PROBE_S)
                file.write(f"{time.time():.3f} {time.monotonic() - before - _PROBE_S:.6f}\n")
                if before - written > 1:
                    file.flush()
                    written = before

    async def startup(self: Any, sockets: Any = None) -> None:
        await started(self, sockets)
        self.probe = asyncio.create_task(probe())

    uvicorn.Server.startup = startup  # type: ignore[method-assign]
    return app.main(["--config", f"{folder}/arena.toml", "--data", f"{folder}/data", "--port", port])


HEADING = (
    "| battles | pages each | lag p50, ms | p95 | p99 | max | views a second | kB a page | CPU ms a view | CPU |\n"
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def row(taken: dict[str, Any]) -> str:
    """A `Taken` as it stands in the file."""
    lags = " | ".join(f"{lag:g}" for lag in taken["lag_ms"].values())
    return (
        f"| {taken['load']['n_battles']} | {taken['load']['n_pages']} | {lags} | {taken['views_per_s']:.0f}"
        f" | {taken['n_kb_per_watcher']:.0f} | {taken['cpu_ms_per_view']:.1f} | {taken['cpu_share']:.0%} |"
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description="Pages that watch answers come in.")
    parser.add_argument("--watchers", type=int, default=50, metavar="N")
    parser.add_argument("--chars", type=int, default=20_000, metavar="N", help="of each answer (default 20,000)")
    parser.add_argument("--seconds", type=float, default=100.0, metavar="N", help="of each answer (default 100)")
    parser.add_argument("--app", type=Path, default=_ROOT, metavar="DIR", help="the clone whose app.py is measured")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/pages-cpu-MACHINE.json")
    args = parser.parse_args(argv)
    loads = [
        Load(args.watchers, 1, args.chars, args.seconds),
        Load(1, args.watchers, args.chars, args.seconds),
    ]
    print(HEADING)
    taken = []
    for load in loads:
        taken.append(asyncio.run(measure(load, args.app)))
        print(row(asdict(taken[-1])), flush=True)
    machine = this_machine(_PACKAGES)
    output: Path = args.output or _RESULTS / f"pages-cpu-{machine.slug}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": asdict(machine), "date": now(), "loads": [asdict(one) for one in taken]}
    output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        sys.exit(serve(Path(sys.argv[2]), sys.argv[3], sys.argv[4]))
    sys.exit(main())
