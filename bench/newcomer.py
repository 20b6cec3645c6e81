"""Play a newcomer's first battle on a busy machine, and print the time of each step.

    make newcomer                      install everything, as a newcomer does; pip's cache is shared
    make newcomer ARGS="--installed"   use the packages of this environment and install nothing

The last commit is cloned and started with `make run`, with an empty HOME and no compiled code, beside two busy loops; a
real browser plays until the first vote. If the battle fails, the exit code is 1 and the arena's log is printed.
"""

import argparse
import asyncio
import os
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from playwright.async_api import Error, expect

from tests.end_to_end.running import ROOT, App, ask, chromium, open_battle_page
from tests.ports import free_port

_N_BUSY = 2
_SET_UP_S = 900.0
_PROMPT = "What is 7 plus 5?"
_STRANGE = ("ARENA_", "PYTHON", "VIRTUAL_ENV", "XDG_", "MAKE", "MFLAGS")  # a newcomer's shell does not have these


class _Clock:
    """Prints each step with its time."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()

    def step(self, name: str) -> None:
        now = time.monotonic()
        print(f"{now - self._last:7.1f} s  {name}", flush=True)
        self._last = now

    def total(self) -> None:
        print(f"{time.monotonic() - self._start:7.1f} s  in all", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.newcomer", description="A newcomer's first battle.")
    parser.add_argument(
        "--installed", action="store_true", help="use the packages of this environment and install nothing"
    )
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        for _ in range(_N_BUSY):
            held.enter_context(_busy())
        return _newcomer(Path(folder), is_installed=args.installed)


def _newcomer(folder: Path, *, is_installed: bool) -> int:
    clone, home, clock = folder / "arena", folder / "home", _Clock()
    home.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    clock.step("clone")
    if is_installed:
        _lend_packages(clone)
    app, log = App(folder / "data", port=free_port()), folder / "log"
    with log.open("w") as out, _making(clone, app, _environment(home), out) as make:
        try:
            for done, name in (
                ((clone / ".venv" / ".run").exists, "installed"),
                ((clone / ".venv" / ".compiled").exists, "C code compiled"),
                (lambda: app.get_json("/health") is not None, "the page is served"),
            ):
                _wait(done, make, name)
                clock.step(name)
            asyncio.run(_first_battle(app, clock))
            _check(app.n_votes() == 1, "the vote is not in the database")
        except (AssertionError, Error) as error:
            print(f"the first battle failed: {error}\n{log.read_text(errors='replace')}", file=sys.stderr)
            return 1
    clock.step("stopped")
    clock.total()
    return 0


async def _first_battle(app: App, clock: _Clock) -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        await open_battle_page(page, app.url)
        clock.step("the page listens in a browser")
        await ask(page, _PROMPT)
        clock.step("both answers are there")
        _check(await page.locator(".is-failed").count() == 0, "a side failed")
        await page.locator("#vote-tie").click()
        await expect(page.locator("#head-a .name, #head-b .name")).to_have_count(2)
        clock.step("the vote is stored, the names are shown")


def _check(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise AssertionError(otherwise)


def _wait(done: Callable[[], bool], make: "subprocess.Popen[bytes]", name: str) -> None:
    deadline = time.monotonic() + _SET_UP_S
    while not done():
        _check(make.poll() is None, f"make ended with {make.returncode} before: {name}")
        _check(time.monotonic() < deadline, f"waited {_SET_UP_S:g} s for: {name}")
        time.sleep(0.1)


@contextmanager
def _making(clone: Path, app: App, environment: Mapping[str, str], out: IO[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `make run` in the clone, and in the end stop all its processes."""
    python = Path(sys.base_prefix, "bin", "python3")
    command = ["make", "run", f"PYTHON={python}", f"ARGS=--port {app.port} --data {app.data}"]
    process = subprocess.Popen(
        command, cwd=clone, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _busy() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _environment(home: Path) -> dict[str, str]:
    """Return our environment without the variables of this project and its tools, but with pip's cache and settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_STRANGE)}
    here = str(Path(sys.executable).parent)
    path = os.pathsep.join(one for one in kept["PATH"].split(os.pathsep) if one != here)
    cache = subprocess.run(
        [sys.executable, "-m", "pip", "cache", "dir"], capture_output=True, text=True, check=True
    ).stdout.strip()
    settings = Path.home() / ".config" / "pip" / "pip.conf"
    shared = {"PIP_CONFIG_FILE": str(settings)} if settings.exists() and "PIP_CONFIG_FILE" not in kept else {}
    return {**kept, **shared, "PATH": path, "HOME": str(home), "PIP_CACHE_DIR": cache}


def _lend_packages(clone: Path) -> None:
    """Make an environment in the clone that borrows the packages of this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clone / ".venv")], check=True)
    (theirs,) = (clone / ".venv" / "lib").glob("python*/site-packages")
    (theirs / "lent.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
    (clone / ".venv" / ".run").touch()


if __name__ == "__main__":
    if shutil.which("git") is None:
        sys.exit("make newcomer needs git; install it")
    sys.exit(main())
