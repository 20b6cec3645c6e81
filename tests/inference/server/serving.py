"""The server as a child process, or its application in this process.

The application is for states that a child process does not enter on demand: full, or loading.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import openai

from inference.engine.loading import Loaded, load_models
from inference.engine.worker import Worker
from inference.folder import open_folder
from inference.server.app import create_app

LIMIT_S = 60
ENDLESS = 1_000_000  # tokens; greedily, these random models never end
ASK: list[Any] = [{"role": "user", "content": "the quick brown fox"}]
CHAT, TEXT = "/v1/chat/completions", "/v1/completions"
USER = {"role": "user", "content": "x"}


class Server:
    """`python -m inference serve` in a child process."""

    def __init__(self, *arguments: str, wait: bool = True, path: str | None = None) -> None:
        """`path` is the PATH for its search for a compiler."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        if path is not None:
            environment["PATH"] = path
        self.process = subprocess.Popen(
            [sys.executable, "-m", "inference", "serve", "--port", "0", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert self.process.stdout is not None
        self.greeting = self.process.stdout.readline()
        self.url = self.greeting.split()[-1] if self.greeting else ""
        if wait:
            deadline = time.monotonic() + LIMIT_S
            while httpx.get(f"{self.url}/health", timeout=LIMIT_S).status_code != 200:
                assert time.monotonic() < deadline, "the models were not loaded in time"
                time.sleep(0.05)

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0, timeout=LIMIT_S)

    def end(self) -> tuple[int, str]:
        """Wait for the process, and return its exit code and stderr."""
        _, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, errors


@contextlib.contextmanager
def serving(*arguments: str, wait: bool = True, path: str | None = None) -> Iterator[Server]:
    server = Server(*arguments, wait=wait, path=path)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.communicate()


def ask_in_process(worker: Worker) -> openai.AsyncOpenAI:
    transport = httpx.ASGITransport(create_app(worker))
    http = httpx.AsyncClient(transport=transport, base_url="http://server")
    return openai.AsyncOpenAI(base_url="http://server/v1", api_key="none", max_retries=0, http_client=cast(Any, http))


@contextlib.asynccontextmanager
async def working(path: Path, *, gate: threading.Event | None = None, max_waiting: int = 0) -> AsyncIterator[Worker]:
    def load() -> Loaded:
        if gate is not None:
            gate.wait(LIMIT_S)
        return load_models({"one": open_folder(path)}, n_slots=1)

    worker = Worker(load, max_waiting=max_waiting)
    worker.start()
    try:
        async with asyncio.timeout(LIMIT_S):
            yield worker
    finally:
        worker.close()
        worker.join(LIMIT_S)


@contextlib.asynccontextmanager
async def asking(load: Callable[[], Loaded]) -> AsyncIterator[tuple[httpx.AsyncClient, Worker]]:
    """Yield a client of the application in this process, and its worker, after `load`."""
    worker = Worker(load)
    worker.start()
    try:
        async with asyncio.timeout(LIMIT_S):
            await worker.settled()
            transport = httpx.ASGITransport(create_app(worker))
            async with httpx.AsyncClient(transport=transport, base_url="http://server", timeout=LIMIT_S) as http:
                yield http, worker
    finally:
        worker.close()
        worker.join(LIMIT_S)
