"""Graceful shutdown: refuse new requests, and give open ones four seconds to finish.

It wraps another application, so a request counts as open until its last byte is sent.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from inference.server.responses.errors import ApiError

logger = logging.getLogger(__name__)

_DRAIN_S = 4.0
_POLL_S = 0.05


class DrainableApp:
    """An ASGI application around another one. `n_open` counts the requests that it is answering, GETs excepted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.is_draining = False
        self.n_open = 0

    def drain(self) -> None:
        """Answer 503 from now on, except to GETs."""
        self.is_draining = True

    async def finish(self, *, is_hurried: Callable[[], bool]) -> None:
        """Refuse new requests, and wait for the open ones: until they end, for four seconds, or until `is_hurried`."""
        self.drain()
        deadline = time.monotonic() + _DRAIN_S
        if self.n_open:
            logger.info("stopping; %d requests have %g s to finish", self.n_open, _DRAIN_S)
        # polled, because both the last answer and a second Ctrl-C end the wait
        while self.n_open and not is_hurried() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_POLL_S)
        if self.n_open:
            logger.warning("%d requests did not finish in time; they end with an error", self.n_open)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
        elif self.is_draining:
            error = ApiError(503, "the server is shutting down", code="draining")
            await JSONResponse(error.body(), status_code=503)(scope, receive, send)
        else:
            self.n_open += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self.n_open -= 1
