"""Graceful shutdown: take no new requests, and finish the open ones.

It wraps another application, so a request counts as open until its last byte is sent.
"""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from inference.server.responses.errors import ApiError


class DrainableApp:
    """An ASGI application around another one. `n_open` counts the requests that it is answering, GETs excepted."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.is_draining = False
        self.n_open = 0

    def drain(self) -> None:
        """Answer 503 from now on, except to GETs."""
        self.is_draining = True

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
