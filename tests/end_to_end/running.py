"""The real application as a child process, and a real browser: Chromium, driven by Playwright over loopback only."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.ports import free_port
from tests.waiting import read_until

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT_S = 120.0
ANSWER_TIMEOUT_MS = 60_000
LOAD_TIMEOUT_MS = 120_000
"""For a prompt that may be sent before the models are loaded."""
expect.set_options(timeout=20_000)  # a busy machine is not a failure
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class App:
    """One run of app.py with its own data folder. `root` is the project's folder; `environment` None: ours."""

    data: Path
    options: tuple[str, ...] = ()
    root: Path = ROOT
    environment: Mapping[str, str] | None = None
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        path = self.data / "app.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "app.py", "--port", str(self.port), "--data", str(self.data), *self.options]
        with (self.data / "app.log").open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self.environment, stdout=log, stderr=log, text=True
            )
        self.wait_until(lambda: self.get_json("/health") is not None, "the pages to answer")

    def wait_until_ready(self) -> None:
        """Wait until the models can play."""
        self.wait_until(lambda: self.n_ready() >= 2, "two models to be ready")

    def wait_until(self, done: Callable[[], bool], what: str) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_TIMEOUT_S
        while not done():
            assert self.process.poll() is None, f"app.py ended with {self.process.returncode}:\n{self.log}"
            assert time.monotonic() < deadline, f"waited {START_TIMEOUT_S} s for {what}:\n{self.log}"
            time.sleep(0.1)

    def get_json(self, path: str) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def n_ready(self) -> int:
        """Return how many models can be drawn now."""
        health = self.get_json("/health")
        return 0 if health is None else int(health["models"]["ready"])

    def n_votes(self) -> int:
        """Return how many votes the board reports, counted or not."""
        board = self.get_json("/leaderboard.json")
        assert board is not None
        return int(board["votes"] + board["n_excluded"])

    def kill(self) -> None:
        """Kill the process, as a power cut would: no handler runs."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> float:
        """Send SIGTERM; return the seconds that the end took."""
        start = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        return time.monotonic() - start


def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    if os.environ.get("CI"):
        pytest.fail("no Chromium: .ci/debian-packages should have installed it")
    pytest.skip("no Chromium is installed; on Debian: apt-get install chromium")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        try:
            yield browser
        finally:
            await browser.close()


async def open_battle_page(page: Page, url: str) -> None:
    """Open the page for a visitor without a battle, and wait until it listens, which enables its controls."""
    await page.goto(url)
    await expect(page.locator("#send")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)


async def ask(page: Page, prompt: str) -> None:
    """Send a prompt on the battle page and wait until its two answers can be voted on."""
    await page.locator("#prompt textarea").fill(prompt)
    await page.locator("#send").click()
    await expect(page.locator("#asked")).to_contain_text(prompt, timeout=LOAD_TIMEOUT_MS)
    await expect(page.locator("#vote-tie")).to_be_enabled(timeout=ANSWER_TIMEOUT_MS)


async def go_on(page: Page) -> None:
    """Click “next” and wait for the page without a battle. What is done before that may belong to the old battle."""
    await page.locator("#next").click()
    await expect(page.locator("#intro")).to_be_visible()


async def still(page: Page, number: str) -> float:
    """Return a number, as an expression of JavaScript, once it is the same in several frames: nothing moves any more.

    The page scrolls by script and by its own animations some frames after its text has changed.
    """
    two_frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"

    async def read() -> tuple[float, float]:
        before: float = await page.evaluate(number)
        await page.evaluate(two_frames)
        await asyncio.sleep(0.1)
        return before, await page.evaluate(number)

    return (await read_until(read, lambda pair: pair[0] == pair[1]))[1]


async def cast(page: Page, vote: str) -> None:
    """Click a vote button, or “tie” if both answers are the same, because then neither can be called better."""
    button = page.locator(f"#{vote}")
    await (button if await button.is_enabled() else page.locator("#vote-tie")).click()
