"""Measure what a visitor waits for in a browser, beside a plain Gradio arena.

    python -m bench.pages.visits                          five rounds, 100,000 votes in the database
    python -m bench.pages.visits --rounds 1 --votes 1000  a quick look

A round starts the arena and the peer (`peer`) one after the other, each as a new process with a new browser, whose
cache is empty. A prompt that is typed and sent before the page listens is kept and sent then. The page is opened again
with a full cache, a prompt is sent, and a vote is cast: the time ends when both names are shown. Both get their answers
from the same scripted models.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from bench import result_files
from bench.machine import now, this_machine
from bench.pages.in_browser import Visit, visit
from bench.pages.running_app import ROOT, running
from bench.pages.scripted_models import Models, answer, serving
from bench.pages.watching import SETTINGS

_PACKAGES = ("gradio", "fastapi", "starlette", "uvicorn", "playwright")
_N_CHARS, _SECONDS = 400, 1.0
_TARGETS = {"cold_s": 2.0, "cold_listens_s": 2.0, "warm_s": 0.5, "warm_listens_s": 0.5, "reveal_ms": 150.0}
_HEADINGS = {
    "cold_s": "first visit: a prompt can be typed, s",
    "cold_listens_s": "and is sent at once, s",
    "warm_s": "opened again: it can be typed, s",
    "warm_listens_s": "and is sent at once, s",
    "n_requests": "requests",
    "n_kb": "kB",
    "reveal_ms": "vote to names, ms",
    "request_ms": "of it the request, ms",
}

_NULLS = ("changed_revision", "share_id", "draw_probability", "prepared_id", "policy", "language", "settings")
_VOTE: dict[str, Any] = {
    **dict.fromkeys((*_NULLS, "withdrawn_at", "withdraw_reason", "deck_prompt"), None),
    "model_a": "one",
    "model_b": "two",
    "anony": True,
    "kind": "battle",
    "counted": True,
    "visitor": "someone",
    "tstamp": 1.7e9,
    "opened_at": 1.7e9,
    "rules_version": 1,
    "facts": {},
    "reasons": [],
    "turns": [],
    "deck_answers": [],
}
"""A line of `python -m db export` without texts."""


def store_votes(folder: Path, n_votes: int) -> None:
    """Fill the data folder's database."""
    if n_votes == 0:
        return
    votes, winners = folder / "votes.jsonl", ("model_a", "model_b", "tie", "both_bad")
    with votes.open("w", encoding="utf-8") as file:
        for n in range(n_votes):
            line = {
                **_VOTE,
                "battle": str(uuid.UUID(int=n + 1)),
                "winner": winners[n % 4],
                "revision": n + 1,
                "ledger_revision": n_votes,
            }
            file.write(json.dumps(line) + "\n")
    command = [sys.executable, "-m", "db", "import", str(votes), "--data", str(folder / "data")]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@asynccontextmanager
async def _peer(port: int, models_url: str) -> AsyncIterator[None]:
    command = [sys.executable, "-m", "bench.pages.peer", str(port), models_url]
    quiet = asyncio.subprocess.DEVNULL
    direct = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost", "GRADIO_ANALYTICS_ENABLED": "False"}
    environment = {**os.environ, **direct}  # Gradio asks itself whether it is there before it goes on
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    try:
        async with asyncio.timeout(120), httpx.AsyncClient() as client:
            while True:
                try:
                    (await client.get(f"http://127.0.0.1:{port}/config", timeout=10)).raise_for_status()
                    break
                except httpx.HTTPError:
                    if process.returncode is not None:
                        raise RuntimeError(f"the peer ended with code {process.returncode}") from None
                    await asyncio.sleep(0.2)
        yield
    finally:
        process.terminate()
        await process.wait()


async def measure(executable: str, *, rounds: int, n_votes: int) -> dict[str, list[Visit]]:
    """Return the visits of each round to the arena (`ours`) and to the peer (`peer`)."""
    taken: dict[str, list[Visit]] = {"ours": [], "peer": []}
    models = Models()
    models.text, models.seconds = answer(_N_CHARS), _SECONDS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        store_votes(folder, n_votes)
        async with serving(models) as port:
            (folder / "arena.toml").write_text(SETTINGS.format(port=port), encoding="utf-8")
            for _ in range(rounds):
                url = f"http://127.0.0.1:{port + 1}"
                options = ["--config", f"{folder}/arena.toml", "--data", f"{folder}/data", "--port", str(port + 1)]
                async with running([sys.executable, "app.py", *options], url):
                    taken["ours"].append(await visit(url, executable))
                print(taken["ours"][-1], flush=True)
                async with _peer(port + 2, f"http://127.0.0.1:{port}/v1"):
                    taken["peer"].append(await visit(f"http://127.0.0.1:{port + 2}", executable))
                print(taken["peer"][-1], flush=True)
    return taken


def table(content: Mapping[str, Any]) -> str:
    """Return the medians, and the medians of the ratios within each round."""
    rows = ["| | arena | target | peer | ratio |", "| --- | ---: | ---: | ---: | ---: |"]
    for key, heading in _HEADINGS.items():
        ours, peers = ([one[key] for one in content["visits"][side]] for side in ("ours", "peer"))
        target = f"{_TARGETS[key]:g}" if key in _TARGETS else ""
        line = f"| {heading} | {statistics.median(ours):g} | {target} |"
        if None in peers:
            rows.append(f"{line} | |")
        else:
            ratio = statistics.median(our / peer for our, peer in zip(ours, peers, strict=True))
            rows.append(f"{line} {statistics.median(peers):g} | {ratio:.2f} |")
    note = f"{len(content['visits']['ours'])} rounds, {content['n_votes']:,} votes in the arena's database"
    return "\n".join(
        [*rows, "", f"{note}; load of the machine {content['load_before']:.1f} before the first round.", ""]
    )


def markdown(path: Path) -> str:
    """Return the table of a results file."""
    content = result_files.read(path)
    return "\n".join([result_files.heading_of(content), table(content)])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.pages.visits", description="Measure what a visitor waits for in a browser."
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="number of pairs (default %(default)s)")
    parser.add_argument("--votes", type=int, default=100_000, metavar="N", help="votes stored before (default 100,000)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/visits-cpu-MACHINE.json")
    args = parser.parse_args(argv)
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        parser.error("no Chromium is installed; on Debian: apt-get install chromium")
    load = os.getloadavg()[0]
    taken = asyncio.run(measure(executable, rounds=args.rounds, n_votes=args.votes))
    machine = this_machine(_PACKAGES)
    content = {"machine": asdict(machine), "date": now(), "n_votes": args.votes, "load_before": round(load, 1)}
    content |= {"visits": {side: [asdict(one) for one in visits] for side, visits in taken.items()}}
    result_files.write(args.output or result_files.path_for("visits", machine), content)
    print("\n" + table(content))
    return 0


if __name__ == "__main__":
    sys.exit(main())
