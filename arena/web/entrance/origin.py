"""Take the arena's own address from the settings, not from a request.

Gradio writes the address of its requests into the page, and trusts `X-Forwarded-Host` from anybody. When this runs,
uvicorn has already used what a trusted proxy says about client and scheme, so the forwarded headers are dropped. With a
public URL, host and scheme are replaced by those of the URL.

If the public URL has a path (https://example.org/arena), requests may come with or without it, because some proxies
strip it. Here it is stripped if present, so that everything behind this sees `/about`, not `/arena/about`. `/arena`
redirects to `/arena/`, because the links of the pages are relative.
"""

from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


class Origin:
    def __init__(self, app: ASGIApp, public_url: str | None = None) -> None:
        self._app = app
        self._scheme, self._host, self._path = "", b"", ""
        if public_url is not None:
            parts = urlsplit(public_url)
            self._scheme, self._host, self._path = parts.scheme, parts.netloc.encode(), parts.path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._path and scope["path"] == self._path and scope["method"] in ("GET", "HEAD"):
            await moved(self._path.rpartition("/")[2] + "/", scope)(scope, receive, send)
        else:
            await self._app(self._at_home(scope), receive, send)

    def _at_home(self, scope: Scope) -> Scope:
        """Return the request as it would be without a proxy, at a public URL without a path."""
        headers = [(name, value) for name, value in scope["headers"] if not name.startswith(b"x-forwarded-")]
        home: Scope = {**scope, "headers": headers}
        if self._host:
            home["scheme"] = self._scheme
            home["headers"] = [(name, value) for name, value in headers if name != b"host"] + [(b"host", self._host)]
        if self._path and scope["path"].startswith(self._path + "/"):
            home["path"] = scope["path"].removeprefix(self._path)
            home.pop("raw_path", None)  # optional in ASGI; nothing here reads it
        return home


def moved(target: str, scope: Scope) -> Response:
    """Return a redirect to `target`, relative to the requested address, with the same query."""
    query = scope["query_string"].decode("latin-1")
    return Response(status_code=308, headers={"location": f"{target}?{query}" if query else target})
