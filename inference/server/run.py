"""Serve until told to stop: socket first, then the models. SIGTERM ends the process within 10 s: nothing new is taken,
answers may finish for some seconds, then those that still run end with an error. A second Ctrl-C does not wait.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from inference.engine.loading import Loaded
from inference.engine.worker import MAX_WAITING, Worker
from inference.server.app import create_app
from inference.server.door import Door

logger = logging.getLogger(__name__)

_DRAIN_S = 4.0  # for answers to finish
_GRACE_S = 2  # for clients to read the end of their streams; whole seconds, uvicorn wants them so
_JOIN_S = 3.0  # for a step of the model, or its loading, to come to an end
_POLL_S = 0.05


class _Server(uvicorn.Server):
    """uvicorn, which on its way out lets answers finish, and ends the rest before it waits for their connections."""

    def __init__(self, config: uvicorn.Config, worker: Worker, door: Door) -> None:
        super().__init__(config)
        self._worker = worker
        self._door = door

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._door.close()
        deadline = time.monotonic() + _DRAIN_S
        if self._door.n_inside:
            logger.info("stopping; %d requests have %g s to finish", self._door.n_inside, _DRAIN_S)
        # polled, since two things end it: the last answer, and a second Ctrl-C, which uvicorn tells by an attribute
        while self._door.n_inside and not self.force_exit and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)
        if self._door.n_inside:
            logger.warning("%d requests did not finish in time; they end with an error", self._door.n_inside)
        self._worker.close()
        await super().shutdown(sockets)


def run(load: Callable[[], Loaded], listener: socket.socket, *, max_waiting: int = MAX_WAITING) -> int:
    """Serve on a bound socket while `load` runs in the worker's thread; `max_waiting` is the worker's. The exit code:
    1 when the models cannot be loaded.
    """
    worker = asyncio.run(_serve(Worker(load, max_waiting=max_waiting), listener))
    has_ended = worker.join(_JOIN_S)
    code = 1 if worker.failure is not None else 0
    if not has_ended:  # in the middle of a step: an ordinary exit would wait for it, or crash in it
        logging.shutdown()
        os._exit(code)
    gc.freeze()  # the interpreter's last collection would walk all of torch: 0.4 s, 1.9 s on a busy machine
    return code


async def _serve(worker: Worker, listener: socket.socket) -> Worker:
    door = create_app(worker)
    config = uvicorn.Config(door, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_GRACE_S)
    server = _Server(config, worker, door)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again when it has stopped: harmless then
        signal.signal(number, stop)
    worker.start()
    watcher = asyncio.create_task(_watch(worker, server))
    await server.serve(sockets=[listener])
    watcher.cancel()
    return worker


async def _watch(worker: Worker, server: uvicorn.Server) -> None:
    """Stop the server when the models cannot be loaded."""
    await worker.settled()
    if worker.failure is not None:
        logger.error("%s", worker.failure, exc_info=None if isinstance(worker.failure, ValueError) else worker.failure)
        server.should_exit = True
