"""Start an arena for a measurement, wait until it is ready, and stop it."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 120.0


@asynccontextmanager
async def running(command: Sequence[str], url: str, folder: Path = ROOT) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """Run the arena in `folder`, from when two models are ready.

    Raise RuntimeError if it ends before that, and TimeoutError if it takes longer than two minutes.
    """
    app = _start(command, folder)
    try:
        await _wait_until_ready(app, url)
        yield app
    finally:
        app.send_signal(signal.SIGTERM)
        await asyncio.to_thread(app.wait, 30)


def _start(command: Sequence[str], folder: Path) -> "subprocess.Popen[bytes]":
    environment = {"ARENA_WEB_ADMIN_PORT": "0", **os.environ, "PYTHONPATH": str(ROOT)}  # two arenas may run at once
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=quiet, stderr=quiet)


async def _wait_until_ready(app: "subprocess.Popen[bytes]", url: str) -> None:
    try:
        async with asyncio.timeout(_READY_WITHIN_S), httpx.AsyncClient(base_url=url, timeout=10) as client:
            while not await _is_ready(client):
                if app.poll() is not None:
                    raise RuntimeError(f"app.py ended with code {app.returncode}")
                await asyncio.sleep(0.2)
    except TimeoutError as error:
        raise TimeoutError(f"app.py had no two models ready within {_READY_WITHIN_S:g} s") from error


async def _is_ready(client: httpx.AsyncClient) -> bool:
    try:
        return bool((await client.get("/health")).json()["models"]["ready"] >= 2)
    except httpx.TransportError:
        return False
