"""The arena's own model server: `python -m inference serve` as a child process, kept alive.

    server = NativeServer(roster.native, settings.inference, environment=os.environ)
    await server.start()        # returns at once; `state` goes from "loading" to "ready"

The child listens on a loopback port that is chosen here, once, so that its address never changes. When it dies, or
answers nothing for a minute, it is started again after a pause that doubles from 1 to 30 s ("restarting"). When it ends
three times in a row without ever having been ready (no memory, a port that another took), it is left alone ("failed"),
and at once when it refused every model's files: they do not mend themselves. Where it can serve some of the models and
not others, it is ready with those, and `failures` says by name why not: the health of the arena takes them for failed
for good. `problem` holds the first error that it wrote, or the last line. Its lines go to our log, under our time. It
ends with this process however that ends: its standard input is a pipe, and `--stop-with-stdin` makes it stop when the
pipe closes.

The arena knows of it only this command line and two addresses, `/health` and `/v1`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from arena.players.health import ServerState
from arena.players.roster import Player
from arena.settings import InferenceSettings

logger = logging.getLogger(__name__)

_PROJECT = Path(__file__).resolve().parents[2]
_MAX_STARTS_IN_VAIN = 3
_REFUSED = 1  # exit status for a wrong file, port or argument; a crash by signal is negative
_CALM_S = 60.0  # alive for so long, the next death is the first one again
_TIME = re.compile(r"^\d[\d:.,\-]*[ T]([\d:.,]+ )?(?=[A-Z]{4,8} )")  # before the level, in a line of the child's log


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What the server says of a model that it has loaded. `decode_backend` decoded when it became ready: "torch" until
    its compiled code is there."""

    parameters: int | None
    fingerprint: str | None
    max_len: int | None
    dtype: str | None
    decode_backend: str | None = None


@dataclass(frozen=True, slots=True)
class Pauses:
    """How the supervisor waits. Seconds."""

    poll_s: float = 0.2
    """Between two looks at `/health` while it loads; ten times that when it is ready."""
    first_restart_s: float = 1.0
    max_restart_s: float = 30.0
    hang_s: float = 60.0
    """Without an answer from `/health` for so long, a ready server is killed and started again."""
    stop_s: float = 3.0
    """Between SIGTERM and SIGKILL."""


class NativeServer:
    """Serves `players`, which all have a `path`. Belongs to the event loop on which `start` runs.

    The child gets `environment`, with idle threads that sleep and this project on its path.
    """

    def __init__(
        self,
        players: Sequence[Player],
        settings: InferenceSettings,
        *,
        environment: Mapping[str, str],
        command: Sequence[str] = (sys.executable, "-m", "inference"),
        pauses: Pauses | None = None,
    ) -> None:
        self.port = settings.port or _free_port()
        self.state: ServerState = "loading"
        self.problem: str | None = None
        self.models: Mapping[str, ServedModel] = {}
        self.failures: Mapping[str, str] = {}
        """Models that the server left out when it was last ready, and why."""
        self._arguments = [
            *command,
            "serve",
            *_options(players, settings),
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        self._arguments.append("--stop-with-stdin")
        path = environment.get("PYTHONPATH")
        self._environment = {
            **environment,
            "GOMP_SPINCOUNT": "0",  # idle threads sleep: the pages need the processor too
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": f"{_PROJECT}{os.pathsep}{path}" if path else str(_PROJECT),
        }
        self._names = {player.name for player in players}
        self._places = [_place(player) for player in players]
        self._pauses = pauses or Pauses()
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._has_refused_files = False

    @property
    def base_url(self) -> str:
        """What an `Endpoint` of a native player asks."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Start the child and its supervision; does not wait for the models."""
        self._task = asyncio.create_task(self._supervise(), name="native server")

    async def wait_ready(self) -> bool:
        """Wait until the models are loaded, or the server has failed for good; whether they are."""
        await self._settled.wait()
        return self.state == "ready"

    async def parameters(self) -> Mapping[str, int]:
        """Wait as `wait_ready` does; return the parameter counts of the models, by name."""
        await self.wait_ready()
        return {name: model.parameters for name, model in self.models.items() if model.parameters is not None}

    async def stop(self) -> None:
        """End the child: SIGTERM, then SIGKILL if it does not go."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _supervise(self) -> None:
        pause_s, n_in_vain = self._pauses.first_restart_s, 0
        while True:
            started = time.monotonic()
            was_ready = False
            try:
                was_ready = await self._live_once()
            except OSError as error:
                self.problem = f"{self._arguments[0]}: {error}"
            except Exception:
                logger.exception("the supervision of the model server failed")
            self.models = {}
            if self._has_refused_files and not was_ready:
                self._set_state("failed")
                logger.error("model server: ended before it was ready, and would again; given up: %s", self.problem)
                return
            n_in_vain = 0 if was_ready else n_in_vain + 1
            if n_in_vain >= _MAX_STARTS_IN_VAIN:
                self._set_state("failed")
                logger.error("model server: ended %d times before it was ready, given up: %s", n_in_vain, self.problem)
                return
            self._set_state("restarting")
            if time.monotonic() - started > _CALM_S:
                pause_s = self._pauses.first_restart_s
            logger.warning("model server: starts again in %g s; it said: %s", pause_s, self.problem)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._pauses.max_restart_s)

    async def _live_once(self) -> bool:
        """One life of the child, to its end; whether it was ever ready."""
        self._has_refused_files = False
        process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,  # Ctrl-C in the terminal is ours to pass on
        )
        logger.info("model server: process %d on port %d", process.pid, self.port)
        reading = asyncio.create_task(self._read_lines(process))
        watching = asyncio.create_task(self._watch())
        try:
            dying = asyncio.create_task(process.wait())
            await asyncio.wait([dying, watching], return_when=asyncio.FIRST_COMPLETED)
            if dying.done():
                await asyncio.wait([reading], timeout=1.0)
                logger.warning("model server: process %d ended with status %s", process.pid, process.returncode)
                self._has_refused_files = process.returncode == _REFUSED and self._names_a_place(self.problem)
            else:
                watching.result()
                self.problem = f"no answer from /health for {self._pauses.hang_s:g} s"
        finally:
            watching.cancel()
            await self._end(process)
            reading.cancel()
            await asyncio.gather(watching, reading, return_exceptions=True)
        return bool(self.models)

    async def _watch(self) -> None:
        """Follow `/health`: set `state`, `models` and `failures`; returns when a server that was ready hangs.

        Only an answer about exactly our models counts: on a port that was taken, another server may answer.
        """
        heard = time.monotonic()
        async with httpx.AsyncClient(trust_env=False, timeout=min(5.0, self._pauses.hang_s)) as client:
            while True:
                with contextlib.suppress(httpx.TransportError, ValueError):
                    response = await client.get(f"http://127.0.0.1:{self.port}/health")
                    heard = time.monotonic()
                    if response.status_code == 200 and self.state != "ready":
                        models, failures = _served(response.json())
                        if models and models.keys() | failures.keys() == self._names:
                            self._become_ready(models, failures)
                is_ready = self.state == "ready"
                if is_ready and time.monotonic() - heard > self._pauses.hang_s:
                    return
                await asyncio.sleep(self._pauses.poll_s * (10 if is_ready else 1))

    async def _read_lines(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        has_error = False
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than the reader's buffer; it drops the line and goes on
                continue
            if not line:
                return
            if text := _TIME.sub("", line.decode("utf-8", errors="replace").rstrip(), count=1):
                is_error = text.startswith("ERROR ")
                if not has_error:  # what follows an error is how the server goes, not why
                    self.problem = text
                has_error = has_error or is_error
                logger.info("model server: %s", text)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), self._pauses.stop_s)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def _names_a_place(self, problem: str | None) -> bool:
        return problem is not None and any(place in problem for place in self._places)

    def _become_ready(self, models: Mapping[str, ServedModel], failures: Mapping[str, str]) -> None:
        for name, reason in failures.items():
            if self.failures.get(name) != reason:  # once, not again after each restart
                logger.error("model server: left %r out for good: %s", name, reason)
        self.models, self.failures = models, failures
        self._set_state("ready")
        decoded = (f"{name} ({model.decode_backend or 'unknown backend'})" for name, model in models.items())
        logger.info("model server: ready with %s", ", ".join(decoded))

    def _set_state(self, state: ServerState) -> None:
        self.state = state
        if state in ("ready", "failed"):
            self._settled.set()
        else:
            self._settled.clear()


def _options(players: Sequence[Player], settings: InferenceSettings) -> list[str]:
    options = []
    for player in players:
        options += ["--model", f"{player.name}={_place(player)}"]
        if player.max_len is not None:
            options += ["--max-len", f"{player.name}={player.max_len}"]
        if player.dtype is not None:
            options += ["--dtype", f"{player.name}={player.dtype}"]
    if settings.cache_gb is not None:
        options += ["--cache-gb", f"{settings.cache_gb:g}"]
    if settings.threads is not None:
        options += ["--threads", str(settings.threads)]
    if settings.budget is not None:
        options += ["--budget", str(settings.budget)]
    return options


def _place(player: Player) -> str:
    """Where the child finds a model: a folder, or a name of the hub."""
    if player.hub is not None:
        return f"hf:{player.hub}"
    if player.path is not None:
        return str(player.path.resolve())
    raise ValueError(f"player {player.name!r} has no path; the model server cannot load it")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _served(health: Any) -> tuple[dict[str, ServedModel], dict[str, str]]:
    """The models of a `/health` answer, and the reasons for those that were left out. Raises `ValueError` for what is
    no such answer."""
    models = health.get("models") if isinstance(health, dict) else None
    failures = health.get("failed", {}) if isinstance(health, dict) else None
    if not isinstance(models, dict) or not isinstance(failures, dict):
        raise ValueError("the answer of /health contains no models")
    served = {
        name: ServedModel(
            parameters=model.get("parameters"),
            fingerprint=model.get("fingerprint"),
            max_len=model.get("max_len"),
            dtype=model.get("dtype"),
            decode_backend=model.get("decode_backend"),
        )
        for name, model in models.items()
    }
    return served, {name: str(reason) for name, reason in failures.items()}
