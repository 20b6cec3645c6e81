"""What page loads leave behind: the memory of the app's process, minute by minute, while pages are opened and closed.

    python -m bench.pages.loads                        5 page loads a second for 10 minutes
    python -m bench.pages.loads --minutes 1 --per-s 2

A load is what a browser asks when it opens the battle page for the first time, without a cookie: the page, its style
sheet, and the event that finds the visitor's battle, whose answer it reads to the end. Assets are left out: a browser
keeps them, and the server reads them from disk. The models of `arena.toml` are loaded beside, and not asked.
"""

import argparse
import asyncio
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from bench.machine import now, this_machine

_ROOT = Path(__file__).resolve().parents[2]
_RESULTS = Path(__file__).resolve().parents[1] / "results"
_PACKAGES = ("gradio", "fastapi", "starlette", "uvicorn")
_AT_ONCE = 50
"""Loads that may be on their way at the same time: a server that cannot follow slows the next ones down."""


@dataclass(frozen=True, slots=True)
class Sample:
    """After so many loads: resident memory, and processor time since the start, of the app's process."""

    minute: float
    n_loads: int
    rss_mb: float
    cpu_s: float


class Visitor:
    """A browser that opens the page; each load is a browser of its own."""

    def __init__(self, url: str, load_event: int) -> None:
        self._url = url
        self._load_event = load_event

    async def load(self) -> None:
        """Raises `RuntimeError` where the page does not hear that it may send."""
        session = secrets.token_hex(5)
        async with httpx.AsyncClient(base_url=self._url, timeout=60.0) as client:
            page = (await client.get("/")).raise_for_status().text
            await client.get("/theme.css")
            call = {"fn_index": self._load_event, "data": [None, ""], "session_hash": session, "trigger_id": 0}
            (await client.post("/gradio_api/queue/join", json=call)).raise_for_status()
            answer = (await client.get(f"/gradio_api/queue/data?session_hash={session}")).raise_for_status().text
        if "process_completed" not in answer or '"interactive":true' not in answer:
            raise RuntimeError(f"session {session}: expected an answer to the page's load, got {answer[:200]!r}")
        if "gradio_config" not in page:
            raise RuntimeError(f"expected a page of Gradio, got {page[:200]!r}")


def load_event(config: dict[str, Any]) -> int:
    """The number of the battle page's event of being loaded, from `/config`: it takes the battle and the prompt."""
    for function in config["dependencies"]:
        if any(event == "load" for _, event in function["targets"]) and len(function["inputs"]) == 2:
            return int(function["id"])
    raise LookupError("expected an event of loading the battle page in /config")


def sample(pid: int, begun_s: float, n_loads: int) -> Sample:
    """Of a process of this machine, from /proc."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    resident = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert resident is not None, "Linux says how much is resident"
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Sample(
        round((time.monotonic() - begun_s) / 60, 2), n_loads, round(int(resident[1]) / 1024, 1), round(cpu_s, 2)
    )


async def measure(url: str, pid: int, *, minutes: float, per_s: float, every_s: float = 60.0) -> list[Sample]:
    """Load pages at a steady rate; a sample before the first, one after each `every_s`, and one at the end."""
    async with httpx.AsyncClient(base_url=url) as client:
        visitor = Visitor(url, load_event((await client.get("/config")).raise_for_status().json()))
    await visitor.load()  # what is made at the first page is no leak
    room, n_loads = asyncio.Semaphore(_AT_ONCE), 0

    async def load() -> None:
        nonlocal n_loads
        try:
            await visitor.load()
            n_loads += 1
        except httpx.TransportError as error:  # a machine so busy that a connection kept open was closed meanwhile
            print(f"a page load broke off: {error!r}", file=sys.stderr)
        finally:
            room.release()

    begun = time.monotonic()
    samples = [sample(pid, begun, 0)]
    async with asyncio.TaskGroup() as group:
        for number in range(round(minutes * 60 * per_s)):
            await asyncio.sleep(max(0.0, begun + number / per_s - time.monotonic()))
            await room.acquire()
            group.create_task(load())
            if time.monotonic() - begun >= len(samples) * every_s:
                samples.append(sample(pid, begun, n_loads))
                print(row(samples[-1]), flush=True)
    return [*samples, sample(pid, begun, n_loads)]


HEADING = "| minute | page loads | resident MB | processor ms a load |\n| ---: | ---: | ---: | ---: |"


def row(taken: Sample, since: Sample | None = None) -> str:
    n_loads = taken.n_loads - (since.n_loads if since else 0)
    cpu_ms = f"{1000 * (taken.cpu_s - (since.cpu_s if since else 0)) / n_loads:.0f}" if since and n_loads else ""
    return f"| {taken.minute:.1f} | {taken.n_loads:,} | {taken.rss_mb:.0f} | {cpu_ms} |"


def table(samples: Sequence[Sample]) -> str:
    """Markdown, one row a sample; what a load costs since the row above."""
    rows = [row(samples[0]), *(row(later, earlier) for earlier, later in pairwise(samples))]
    return "\n".join([HEADING, *rows]) + "\n"


def _wait_for(app: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if app.poll() is not None:
            raise RuntimeError(f"app.py ended with code {app.returncode}")
        try:
            if httpx.get(url + "/health", timeout=10).json()["models"]["ready"] >= 2:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise TimeoutError("app.py had no two models ready within 120 s")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.pages.loads", description="The memory of the app while pages are opened and closed."
    )
    parser.add_argument("--minutes", type=float, default=10.0, metavar="N")
    parser.add_argument("--per-s", type=float, default=5.0, metavar="N", help="page loads a second (default 5)")
    parser.add_argument("--port", type=int, default=17860, help="where the app listens meanwhile (default 17860)")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: bench/results/page-loads-cpu-MACHINE.json"
    )
    args = parser.parse_args(argv)
    url = f"http://127.0.0.1:{args.port}"
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "app.py", "--port", str(args.port), "--data", data]
        app = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(app, url)
            samples = asyncio.run(measure(url, app.pid, minutes=args.minutes, per_s=args.per_s))
        finally:
            app.send_signal(signal.SIGTERM)
            app.wait(30)
    print("\n" + table(samples))
    machine = this_machine(_PACKAGES)
    output: Path = args.output or _RESULTS / f"page-loads-cpu-{machine.slug}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": asdict(machine), "date": now(), "per_s": args.per_s}
    text = json.dumps({**content, "samples": [asdict(one) for one in samples]}, indent=1) + "\n"
    part = output.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
