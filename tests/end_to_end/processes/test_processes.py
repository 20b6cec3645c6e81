"""Votes and processes when something is killed, stopped, or in the way."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from random import Random

import pytest
from playwright.async_api import expect

from db import queries
from db.codes import State
from db.outcome import Outcome
from db.session import open_database
from tests.db.building import ELO, SETTINGS
from tests.end_to_end.running import ROOT, App, ask, chromium, go_on, open_battle_page

VOTES_BEFORE_THE_KILL = 2


def children(pid: int) -> list[int]:
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listing.stdout.split()]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[0] != "Z"


def wait_until_gone(pids: list[int], timeout_s: float) -> list[int]:
    deadline = time.monotonic() + timeout_s
    while (left := [pid for pid in pids if is_running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


@pytest.mark.browser
def test_vote_survives_kill_9_right_after_it_was_acknowledged(app: App) -> None:
    async def vote() -> None:
        async with chromium() as browser:
            page = await browser.new_page()
            await open_battle_page(page, app.url)
            for number in range(VOTES_BEFORE_THE_KILL):
                await ask(page, "What is 7 plus 5?")
                await page.locator("#vote-bad").click()
                await expect(page.locator("#head-a .name")).to_be_visible()
                if number + 1 < VOTES_BEFORE_THE_KILL:
                    await go_on(page)
            app.kill()

    assert app.process is not None
    native = children(app.process.pid)
    assert native, "no native server runs as a child"
    asyncio.run(vote())
    assert not wait_until_gone(native, 60), "the native server outlived its parent"
    app.start()
    assert app.n_votes() == VOTES_BEFORE_THE_KILL


@pytest.mark.browser
def test_sigterm_ends_the_app_and_its_child_within_ten_seconds_with_streams_open(app: App) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page()
            await open_battle_page(page, app.url)
            await page.locator("#prompt textarea").fill("Tell me a story about a cat named Bo.")
            await page.locator("#send").click()
            await expect(page.locator("#stop")).to_be_visible()
            assert app.process is not None
            native = children(app.process.pid)
            seconds = await asyncio.to_thread(app.stop)
            assert seconds < 10
            assert not wait_until_gone(native, 60)

    asyncio.run(scenario())


def test_native_server_comes_back_after_it_was_killed(app: App) -> None:
    assert app.process is not None
    (native,) = children(app.process.pid)
    os.kill(native, signal.SIGKILL)
    with urllib.request.urlopen(app.url, timeout=60) as page:
        assert page.status == 200
    process = app.process
    app.wait_until(lambda: children(process.pid) not in ([], [native]), "another model server")
    app.wait_until_ready()


def test_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "app.py", "--port", str(port), "--data", str(tmp_path)]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0
    assert str(port) in result.stderr
    assert "--port" in result.stderr
    assert "Traceback" not in result.stderr


def cast_votes(data: Path, n_votes: int) -> None:
    """Store random votes (seeded) between the roster's models, with the arena's own queries."""
    chance = Random(5)
    database = open_database(f"sqlite:///{data / 'arena.sqlite'}")
    with database.write() as tx:
        names = [model.info.name for model in queries.list_models(tx)]
        for number in range(n_votes):
            model_a, model_b = chance.sample(names, 2)
            battle = queries.open_battle(tx, queries.NewBattle("ann", model_a, model_b, SETTINGS), now=float(number))
            queries.set_battle_state(tx, battle, State.VOTABLE, now=float(number))
            outcome = chance.choice(list(Outcome))
            queries.cast_vote(
                tx, battle, visitor="ann", outcome=outcome, reasons=(), facts={}, rules_version=1, elo=ELO, now=1.0
            )
    database.close()


def test_the_web_board_equals_the_recomputation_of_an_export_digit_for_digit(app: App, tmp_path: Path) -> None:
    """The votes are in the running arena's database; the README's commands make the export and the board."""
    cast_votes(app.data, n_votes=60)
    export, board_file = tmp_path / "votes.jsonl", tmp_path / "board.json"
    for command in (
        ["-m", "db", "export", str(export), "--data", str(app.data)],
        ["-m", "elo", "recompute", "--votes", str(export), "--json", str(board_file)],
    ):
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True, timeout=60, capture_output=True)
    web = app.get_json("/leaderboard.json")
    assert web is not None
    offline = json.loads(board_file.read_text(encoding="utf-8"))
    assert web["models"] == offline["models"]
    assert web["settings"] == offline["settings"]
    assert len(web["models"]) == 4
