"""The arena's own model server, run as a child process and restarted when it dies.

    server = NativeServer(roster.native, settings.inference, environment=os.environ)
    await server.start()        # returns at once; `state` changes from "loading" to "ready"

The child listens on a loopback port that is chosen once, so that its address never changes.

    the child                                               state
    dies, or does not answer for a minute                   restarting, after a pause that doubles from 1 to 30 s
    ends three times in a row without having been ready     failed
    refuses the files of every model                        failed at once: the files will not change by themselves
    can load some models and not others                     ready; `failures` has the reasons by name

`problem` is the first error that the child wrote, or its last line. The child's lines are logged with our
timestamps. It stops whenever this process stops: its standard input is a pipe, and `--stop-with-stdin` stops it when
the pipe closes.
`protocol` has its command line and its answer to `/health`.
"""

import asyncio
import contextlib
import logging
import os
import random
import re
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from arena.players.native.protocol import ServedModel, options_of, place_of, served_in
from arena.players.roster import Player
from arena.players.watching.watch import ServerState
from arena.settings import InferenceSettings

logger = logging.getLogger(__name__)

_PROJECT = Path(__file__).resolve().parents[3]
_MAX_STARTS_IN_VAIN = 3
_REFUSED = 1  # exit status for a wrong file, port or argument; a signal gives a negative status
_CALM_S = 60.0  # after the child has run this long, the pause is reset
_TIME = re.compile(r"^\d[\d:.,\-]*[ T]([\d:.,]+ )?(?=[A-Z]{4,8} )")  # precedes the level in a line of the child's log


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long the supervisor waits, in seconds."""

    poll_s: float = 0.2
    """Between two requests to `/health` while models load; ten times as long afterwards."""
    first_restart_s: float = 1.0
    max_restart_s: float = 30.0
    hang_s: float = 60.0
    """A ready server that does not answer `/health` for this long is killed and started again."""
    stop_s: float = 3.0
    """Between SIGTERM and SIGKILL."""


class NativeServer:
    """Serves `players`, which are all native. Belongs to the event loop on which `start` runs.

    The child gets `environment`, changed so that idle threads sleep and this project is on its path.
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
        """Models that the server could not load when it was last ready, with the reasons."""
        self._arguments = [
            *command,
            "serve",
            *options_of(players, settings),
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
        self._places = [place_of(player) for player in players]
        self._pauses = pauses or Pauses()
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._has_refused_files = False

    @property
    def base_url(self) -> str:
        """The address for the `Endpoint` of a native player."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Start the child and its supervision, without waiting for the models."""
        self._task = asyncio.create_task(self._supervise(), name="native server")

    async def wait_ready(self) -> bool:
        """Wait until the models are loaded or the server has failed; return whether they are loaded."""
        await self._settled.wait()
        return self.state == "ready"

    async def parameters(self) -> Mapping[str, int]:
        """Wait as `wait_ready` does; return the parameter counts of the models, by name."""
        await self.wait_ready()
        return {name: model.parameters for name, model in self.models.items() if model.parameters is not None}

    async def stop(self) -> None:
        """Stop the child: SIGTERM, then SIGKILL if it does not end."""
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
                logger.error("model server: failed, because no model can be loaded: %s", self.problem)
                return
            n_in_vain = 0 if was_ready else n_in_vain + 1
            if n_in_vain >= _MAX_STARTS_IN_VAIN:
                self._set_state("failed")
                logger.error(
                    "model server: failed, because it ended %d times before it was ready: %s", n_in_vain, self.problem
                )
                return
            self._set_state("restarting")
            if time.monotonic() - started > _CALM_S:
                pause_s = self._pauses.first_restart_s
            logger.warning("model server: restarting in %g s; its last message: %s", pause_s, self.problem)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._pauses.max_restart_s)

    async def _live_once(self) -> bool:
        """Run the child until it ends; return whether it was ever ready."""
        self._has_refused_files = False
        process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,  # so that Ctrl-C in the terminal reaches only this process
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
        """Poll `/health` and set `state`, `models` and `failures`. Returns when a ready server stops answering.

        Only an answer with exactly our models counts: on a port in use, another server may answer.
        """
        heard = time.monotonic()
        async with httpx.AsyncClient(trust_env=False, timeout=min(5.0, self._pauses.hang_s)) as client:
            while True:
                with contextlib.suppress(httpx.TransportError, ValueError):
                    response = await client.get(f"http://127.0.0.1:{self.port}/health")
                    heard = time.monotonic()
                    if response.status_code == 200 and self.state != "ready":
                        models, failures = served_in(response.json())
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
            except ValueError:  # a line longer than the reader's buffer, which drops it and continues
                continue
            if not line:
                return
            if text := _TIME.sub("", line.decode("utf-8", errors="replace").rstrip(), count=1):
                is_error = text.startswith("ERROR ")
                if not has_error:  # lines after an error are not the cause
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
            if self.failures.get(name) != reason:  # log it once, not after each restart
                logger.error("model server: could not load %r: %s", name, reason)
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


def _free_port() -> int:
    """Return a port on which nothing listens, below those that Linux gives to outgoing connections (from 32,768): the
    child takes it only seconds later."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", port))
            return port
