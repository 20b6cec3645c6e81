"""The first battle in a fresh copy of the project with a slow, failing or missing compiler: torch answers, the vote
counts, and no compiler outlives the arena."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.end_to_end.running import ROOT, App, ask, chromium, open_battle_page
from tests.fakes.compiler import FakeCompiler, members, wait_until_gone

pytestmark = pytest.mark.browser

PROJECT = ("app.py", "arena.toml", "arena", "db", "elo", "inference")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            root.mkdir(exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    return root


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder for a PATH without a compiler."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "sleep", "echo"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


@pytest.fixture
def app(tmp_path: Path, fresh: Path, tools: Path) -> Iterator[App]:
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "PATH": f"{tmp_path / 'bin'}:{tools}"}
    app = App(tmp_path / "data", root=fresh, environment=environment)
    try:
        yield app
    finally:
        app.stop()


def first_battle(app: App) -> None:
    async def scenario() -> None:
        async with chromium() as browser:
            page = await browser.new_page()
            await open_battle_page(page, app.url)
            await ask(page, "What is 7 plus 5?")
            await expect(page.locator(".is-failed")).to_have_count(0)
            await page.locator("#vote-tie").click()
            await expect(page.locator("#head-a .name, #head-b .name")).to_have_count(2)
        assert app.n_votes() == 1

    app.start()
    asyncio.run(scenario())


def fingerprints(app: App) -> set[str]:
    """Return what follows the digest of the weights in the database's answers."""
    import sqlite3

    with sqlite3.connect(app.data / "arena.sqlite") as database:
        return {str(row[0]).partition("+")[2] for row in database.execute("SELECT fingerprint FROM answers")}


def test_a_slow_compiler_delays_no_battle_and_ends_with_the_arena(app: App, tmp_path: Path) -> None:
    compiler = FakeCompiler(tmp_path / "bin", "sleep 1000")
    first_battle(app)
    (pid,) = compiler.pids
    assert members(pid), "the compiler has not ended: the answers did not wait for it"
    assert fingerprints(app) == {"torch"}
    assert "(torch)" in app.log
    app.stop()
    wait_until_gone(pid)


def test_a_compiler_that_fails_is_logged_and_not_called_again(app: App, tmp_path: Path) -> None:
    compiler = FakeCompiler(tmp_path / "bin", "echo 'cc1: error: no such register' >&2; exit 1")
    first_battle(app)
    assert fingerprints(app) == {"torch"}
    app.wait_until(lambda: "cc printed: cc1: error: no such register" in app.log, "what cc printed")
    app.stop()
    app.start()
    app.wait_until_ready()
    app.wait_until(lambda: "the C code could not be compiled on" in app.log, "the note of the failure")
    assert len(compiler.pids) == 1


def test_without_a_compiler_torch_answers(app: App) -> None:
    first_battle(app)
    assert fingerprints(app) == {"torch"}
    assert "no C compiler (cc) found" in app.log
