"""Who may still come in: a server that is told to stop takes nothing new, and lets those inside finish.

It wraps the application, so that "inside" lasts until the last byte of an answer has been handed over.
"""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from inference.server.responses.errors import ApiError


class Door:
    """An ASGI application around another one; `n_inside` counts the requests that it is answering."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.is_closed = False
        self.n_inside = 0

    def close(self) -> None:
        """From now on all requests but GETs get 503."""
        self.is_closed = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
        elif self.is_closed:
            error = ApiError(503, "the server is shutting down", code="draining")
            await JSONResponse(error.body(), status_code=503)(scope, receive, send)
        else:
            self.n_inside += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self.n_inside -= 1
