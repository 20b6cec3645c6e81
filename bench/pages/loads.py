"""Measure the memory that page loads leave in the app's process, minute by minute.

    python -m bench.pages.loads                        5 page loads per second for 10 minutes
    python -m bench.pages.loads --minutes 1 --per-s 2

A load makes a browser's requests when it opens the battle page for the first time, without a cookie: the page, its
style sheet, and the event that finds the visitor's battle. Assets are left out: a browser caches them, and the server
reads them from disk. The models of `arena.toml` are loaded but receive no request.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import httpx

from bench import result_files
from bench.machine import now, this_machine
from bench.pages.gradio_calls import call, load_event
from bench.pages.running_app import running
from bench.proc_stats import cpu_s, resident_bytes

_PACKAGES = ("gradio", "fastapi", "starlette", "uvicorn")
_AT_ONCE = 50
"""The most concurrent loads; a server that is slower delays the next ones."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The resident memory and the processor time of the app's process after `n_loads` loads."""

    minute: float
    n_loads: int
    rss_mb: float
    cpu_s: float


async def load_page(url: str, event: int) -> None:
    """Open the battle page in a new browser. Raise RuntimeError if the page cannot send a prompt afterwards."""
    async with httpx.AsyncClient(base_url=url, timeout=60.0) as client:
        page = (await client.get("/")).raise_for_status().text
        await client.get("/theme.css")
        answer = "\n".join([line async for line in call(client, event, [None, ""])])
    if "process_completed" not in answer or '"interactive":true' not in answer:
        raise RuntimeError(f"expected an answer to the page's load event, got {answer[:200]!r}")
    if "gradio_config" not in page:
        raise RuntimeError(f"expected a Gradio page, got {page[:200]!r}")


def sample(pid: int, begun_s: float, n_loads: int) -> Sample:
    """Take a sample of a process of this machine."""
    minute = (time.monotonic() - begun_s) / 60
    return Sample(round(minute, 2), n_loads, round(resident_bytes(pid) / 2**20, 1), round(cpu_s(pid), 2))


async def measure(url: str, pid: int, *, minutes: float, per_s: float, every_s: float = 60.0) -> list[Sample]:
    """Load pages at a steady rate; take a sample before the first, every `every_s` seconds, and at the end."""
    async with httpx.AsyncClient(base_url=url) as client:
        event = load_event((await client.get("/config")).raise_for_status().json())
    await load_page(url, event)  # memory allocated by the first page is not a leak
    room, n_loads = asyncio.Semaphore(_AT_ONCE), 0

    async def load() -> None:
        nonlocal n_loads
        try:
            await load_page(url, event)
            n_loads += 1
        except httpx.TransportError as error:  # a busy machine closed an idle connection
            print(f"a page load failed: {error!r}", file=sys.stderr)
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


HEADING = "| minute | page loads | resident MB | processor ms per load |\n| ---: | ---: | ---: | ---: |"


def row(taken: Sample, since: Sample | None = None) -> str:
    n_loads = taken.n_loads - (since.n_loads if since else 0)
    cpu_ms = f"{1000 * (taken.cpu_s - (since.cpu_s if since else 0)) / n_loads:.0f}" if since and n_loads else ""
    return f"| {taken.minute:.1f} | {taken.n_loads:,} | {taken.rss_mb:.0f} | {cpu_ms} |"


def table(samples: Sequence[Sample]) -> str:
    """Return one row per sample, with the processor time per load since the row above."""
    rows = [row(samples[0]), *(row(later, earlier) for earlier, later in pairwise(samples))]
    return "\n".join([HEADING, *rows]) + "\n"


def markdown(path: Path) -> str:
    """Return the table of a results file."""
    content = result_files.read(path)
    samples = [Sample(**raw) for raw in content["samples"]]
    return "\n".join([result_files.heading_of(content), table(samples)])


async def _measure_app(port: int, *, minutes: float, per_s: float) -> list[Sample]:
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "app.py", "--port", str(port), "--data", data]
        async with running(command, url) as app:
            return await measure(url, app.pid, minutes=minutes, per_s=per_s)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.pages.loads", description="Measure the memory that page loads leave in the app."
    )
    parser.add_argument(
        "--minutes", type=float, default=10.0, metavar="N", help="length of the measurement (default %(default)g)"
    )
    parser.add_argument(
        "--per-s", type=float, default=5.0, metavar="N", help="page loads per second (default %(default)g)"
    )
    parser.add_argument("--port", type=int, default=17860, help="port of the app (default %(default)s)")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="default: bench/results/page-loads-cpu-MACHINE.json"
    )
    args = parser.parse_args(argv)
    samples = asyncio.run(_measure_app(args.port, minutes=args.minutes, per_s=args.per_s))
    print("\n" + table(samples))
    machine = this_machine(_PACKAGES)
    content = {"machine": asdict(machine), "date": now(), "per_s": args.per_s}
    content |= {"samples": [asdict(one) for one in samples]}
    result_files.write(args.output or result_files.path_for("page-loads", machine), content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
