"""The server of the admin port, beside the pages' in one process and on one event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

logger = logging.getLogger(__name__)

_GRACE_S = 1


class AdminServer:
    """Serves `app` on a socket from `start` to `stop`."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = _Beside(config)
        self._listener = listener
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]), name="admin port")

    async def stop(self) -> None:
        if self._task is None:
            return
        self._server.should_exit = True
        try:
            await self._task
        except Exception:
            logger.exception("the server of the admin port failed")


class _Beside(uvicorn.Server):
    """A server that leaves signals to the pages' server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
