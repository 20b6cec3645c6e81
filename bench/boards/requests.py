"""Whole requests of a running arena: the leaderboard, its filters, style control, a model's page, quick rounds.

The arena is started on a copy of the database, with all its models behind scripted endpoints. Each time is that of one
visitor alone, from the request until the last byte of the page; processor seconds are the arena's.
"""

import asyncio
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.boards.making import DECK
from bench.boards.tables import Timing
from bench.pages.running_app import running
from bench.pages.scripted_models import Models, serving
from bench.proc_stats import cpu_s

_BATTLE = re.compile(r'name="battle" value="([^"]+)"')
_MODEL = """
[[models]]
name = "{name}"
base_url = "http://127.0.0.1:{port}/v1"
model = "one"
"""
_TIMEOUT_S = 120.0
_PAGES: Sequence[tuple[str, float, Sequence[str]]] = [
    ("GET /leaderboard, the first after the start", 1.0, ["/leaderboard"]),
    ("GET /leaderboard, known", 1.0, ["/leaderboard"] * 3),
    ("GET /leaderboard, changed filter", 2.0, [f"/leaderboard?language={one}" for one in ("en", "ko", "fr")]),
    ("GET /leaderboard, three filters", 2.0, [f"/leaderboard?tag={one}&turns=one&decisive=1" for one in
                                              ("code", "number", "story")]),
    ("GET /leaderboard, style control", 2.0, [f"/leaderboard?style=1{one}" for one in
                                              ("", "&since=2001-01-01", "&chars=1-")]),
    ("GET /leaderboard, style control and a language", 2.0, [f"/leaderboard?style=1&language={one}" for one in
                                                             ("en", "ko", "fr")]),
    ("GET /model?name=, the first", 1.0, ["/model?name=model-07"]),
    ("GET /model?name=", 1.0, [f"/model?name=model-{one}" for one in ("11", "23", "42")]),
]  # fmt: skip
"""What, its target in seconds, and addresses none of which was asked for before, except for known boards. Of several
addresses the fastest is kept, as of several runs; all style control without a language is on all votes."""
_N_SCREENS = 6


@dataclass(frozen=True, slots=True)
class _Arena:
    """A running arena."""

    client: httpx.AsyncClient
    pid: int

    async def timed(self, what: str, target_s: float, sent: Sequence[httpx.Request]) -> tuple[Timing, str]:
        """Send requests one after the other; return the best time, and the text of the last answer.

        Raises `httpx.HTTPStatusError` for an answer that is no page.
        """
        best, text = (float("inf"), float("inf")), ""
        for request in sent:
            wall, cpu = time.perf_counter(), cpu_s(self.pid)
            answer = await self.client.send(request)
            taken = (time.perf_counter() - wall, cpu_s(self.pid) - cpu)
            text = answer.raise_for_status().text
            best = min(best, taken)
        return Timing(what, target_s, *best), text


def timings(folder: Path, database: Path, models: Sequence[str]) -> list[Timing]:
    """Time the requests with a copy of the database, which is made in the folder and removed."""
    return asyncio.run(_timings(folder.absolute(), database, models))


async def _timings(folder: Path, database: Path, models: Sequence[str]) -> list[Timing]:
    scripted = Models()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        copy, settings = Path(name) / "arena.sqlite", Path(name) / "arena.toml"
        shutil.copyfile(database, copy)
        async with serving(scripted) as port:
            entries = "".join(_MODEL.format(name=one, port=port) for one in models)
            settings.write_text(f'[quick]\ndecks = ["{DECK}"]\n{entries}', encoding="utf-8")
            url = f"http://127.0.0.1:{port + 1}"
            options = ["--config", str(settings), "--data", name, "--db", f"sqlite:///{copy}"]
            command = [sys.executable, "app.py", *options, "--port", str(port + 1)]
            async with (
                running(command, url) as app,
                httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_S, headers={"origin": url}) as client,
            ):
                return await _of(_Arena(client, app.pid))


async def _of(arena: _Arena) -> list[Timing]:
    found = []
    for what, target_s, paths in _PAGES:
        timing, text = await arena.timed(what, target_s, [arena.client.build_request("GET", path) for path in paths])
        if "model-07" not in text and "/model" not in paths[0]:
            raise RuntimeError(f"{paths[-1]}: expected a board with model-07, got {text[:200]!r}")
        found.append(_printed(timing))
    return [*found, *await _quick(arena)]


async def _quick(arena: _Arena) -> list[Timing]:
    """Play screens; each vote is followed by the next screen, and by the leaderboard with that vote's revision."""
    await arena.client.get("/quick")
    kinds: dict[str, list[Timing]] = {}
    for number in range(_N_SCREENS):
        screen, text = await arena.timed("POST /quick/next, the next screen after a vote", 0.15, [_form(arena, "next")])
        battle = _BATTLE.search(text.replace('\\"', '"'))
        if battle is None:
            raise RuntimeError(f"/quick/next: expected a screen, got {text[:200]!r}")
        fields = {"battle": battle[1], "outcome": "tie"}
        vote, _ = await arena.timed("POST /quick/vote", 0.15, [_form(arena, "vote", fields)])
        again = arena.client.build_request("GET", "/leaderboard")
        board, _ = await arena.timed("GET /leaderboard, after a vote", 1.0, [again])
        for one in (screen, vote, board) if number else ():  # the first screen reads the deck
            kinds.setdefault(one.what, []).append(one)
    return [_printed(min(of, key=lambda one: one.wall_s)) for of in kinds.values()]


def _form(arena: _Arena, name: str, fields: dict[str, str] | None = None) -> httpx.Request:
    """As the page's script sends it."""
    return arena.client.build_request(
        "POST", f"/quick/{name}", data=fields or {"campaign": ""}, headers={"accept": "application/json"}
    )


def _printed(timing: Timing) -> Timing:
    print(f"{timing.what}: {timing.wall_s:.3f} s", flush=True)
    return timing
