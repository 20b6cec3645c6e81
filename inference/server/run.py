"""Serve until a signal stops the process.

SIGTERM ends it within 10 s: new requests are refused, open answers have some seconds to finish, and the rest end with
an error. A second Ctrl-C does not wait.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn

from inference.engine.loading import Loaded
from inference.engine.worker import MAX_WAITING, Worker
from inference.server.app import create_app
from inference.server.draining import DrainableApp
from inference.server.origins import allowing

logger = logging.getLogger(__name__)

_GRACE_S = 2  # for clients to read the end of their streams; uvicorn takes whole seconds
_JOIN_S = 3.0  # for a step of a model, or its loading, to end


class _Server(uvicorn.Server):
    """uvicorn, but at shutdown it first lets answers finish, and ends the rest before it waits for connections."""

    def __init__(self, config: uvicorn.Config, worker: Worker, app: DrainableApp) -> None:
        super().__init__(config)
        self._worker = worker
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._app.finish(is_hurried=lambda: self.force_exit)  # uvicorn sets it at a second Ctrl-C
        self._worker.close()
        await super().shutdown(sockets)


def run(
    load: Callable[[], Loaded],
    listener: socket.socket,
    *,
    max_waiting: int = MAX_WAITING,
    allowed_origins: Sequence[str] = (),
) -> int:
    """Serve on a bound socket while `load` runs in the worker's thread. Return the exit code: 1 if loading failed."""
    worker = asyncio.run(_serve(Worker(load, max_waiting=max_waiting), listener, allowed_origins))
    has_ended = worker.join(_JOIN_S)
    code = 1 if worker.failure is not None else 0
    if not has_ended:  # in the middle of a step: an ordinary exit would wait, or crash
        logging.shutdown()
        os._exit(code)
    gc.freeze()  # the interpreter's last garbage collection would visit all of torch: 0.4 s, 1.9 s on a busy machine
    return code


async def _serve(worker: Worker, listener: socket.socket, allowed_origins: Sequence[str]) -> Worker:
    app = create_app(worker)
    config = uvicorn.Config(
        allowing(app, allowed_origins),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config, worker, app)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again after it stops, which is harmless
        signal.signal(number, stop)
    worker.start()
    watcher = asyncio.create_task(_watch(worker, server))
    await server.serve(sockets=[listener])
    watcher.cancel()
    return worker


async def _watch(worker: Worker, server: uvicorn.Server) -> None:
    """Stop the server if the models fail to load."""
    await worker.settled()
    if worker.failure is not None:
        logger.error("%s", worker.failure, exc_info=None if isinstance(worker.failure, ValueError) else worker.failure)
        server.should_exit = True
