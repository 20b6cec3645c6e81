"""Serve until told to stop: socket first, then the models; SIGTERM ends open streams and the process within seconds."""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from inference.engine.loading import Loaded
from inference.engine.worker import Worker
from inference.server.app import create_app

logger = logging.getLogger(__name__)

_GRACE_S = 3  # for clients to read the end of their streams
_JOIN_S = 4.0  # for a step of the model, or its loading, to come to an end


class _Server(uvicorn.Server):
    """uvicorn, which on its way out ends the streams before it waits for their connections."""

    def __init__(self, config: uvicorn.Config, worker: Worker) -> None:
        super().__init__(config)
        self._worker = worker

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._worker.close()
        await super().shutdown(sockets)


def run(load: Callable[[], Loaded], listener: socket.socket) -> int:
    """Serve on a bound socket while `load` runs in the worker's thread. The exit code: 1 when the models cannot be
    loaded.
    """
    worker = asyncio.run(_serve(load, listener))
    has_ended = worker.join(_JOIN_S)
    code = 1 if worker.failure is not None else 0
    if not has_ended:  # in the middle of a step: an ordinary exit would wait for it, or crash in it
        logging.shutdown()
        os._exit(code)
    gc.freeze()  # the interpreter's last collection would walk all of torch: 0.4 s, 1.9 s on a busy machine
    return code


async def _serve(load: Callable[[], Loaded], listener: socket.socket) -> Worker:
    worker = Worker(load)
    config = uvicorn.Config(
        create_app(worker), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_GRACE_S
    )
    server = _Server(config, worker)

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
