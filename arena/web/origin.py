"""Origin: the address under which the arena is reached, said by its settings and not by a request.

Gradio writes the address of its own requests into the page, and believes `X-Forwarded-Host` from anybody. uvicorn has
taken what a trusted proxy says of client and scheme before this runs; here the headers go, and with a public URL the
host and the scheme are its own.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send


class Origin:
    def __init__(self, app: ASGIApp, public_url: str | None = None) -> None:
        self._app = app
        self._scheme, self._host = "", b""
        if public_url is not None:
            parts = urlsplit(public_url)
            self._scheme, self._host = parts.scheme, parts.netloc.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = [(name, value) for name, value in scope["headers"] if not name.startswith(b"x-forwarded-")]
            scope = {**scope, "headers": headers}
            if self._host:
                scope["scheme"] = self._scheme
                scope["headers"] = [(name, value) for name, value in headers if name != b"host"] + [
                    (b"host", self._host)
                ]
        await self._app(scope, receive, send)
