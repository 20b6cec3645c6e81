"""Let in only the pages' own requests, with bodies of at most 64 kB.

Gradio opens uploads, downloads, an API page, monitoring and deep links (which show a stranger's inputs) to everybody,
and hiding an event in its settings closes none of them. Here every address is closed unless it is listed. A listed
address is not trusted: `Arena` decides who may vote. A form of our own pages is sent to an address in `forms`, and only
from a page of the same origin.

HEAD is answered like GET, without the body. A page with a slash at its end (`/about/`) redirects to the address without
one, because the links of the pages are relative. For an address that does not exist, a browser gets a page, a client
that asks for JSON gets JSON, and any other client one line of text.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arena.web.entrance.calls import BadCall, check_call, check_cancel
from arena.web.entrance.origin import moved

MAX_BODY_BYTES = 64 * 1024

_READ = {
    "/health",
    "/leaderboard.json",
    "/leaderboard.csv",
    "/mine.json",
    "/quick.svg",
    "/pulse",
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/favicon.svg",
    "/preview.png",
    "/gradio_api/startup-events",
}
_STREAM = "/gradio_api/queue/data"
_HEARTBEATS = "/gradio_api/heartbeat/"
_ASSETS = ("/assets/", "/static/")
_CANCEL = "/gradio_api/cancel"
_WRITE = {"/gradio_api/queue/join", _CANCEL}
_WRITE_BELOW = ("/gradio_api/run/",)


def is_taken(path: str, pages: Collection[str]) -> bool:
    """Whether `path` is one of our own addresses, or contains one: `/leaderboard`, `/assets`."""
    ours = {*pages, *_READ, *_WRITE, *_WRITE_BELOW, *_ASSETS, _STREAM, _HEARTBEATS}
    return any(f"{one}/".startswith(f"{path}/") for one in ours)


class Gate:
    """Answers 404 for an address that no page uses, 413 for a body that is too long, 400 for one that no page sends.

    `pages` are paths such as `/about`; `n_inputs` has the number of inputs of every event of the pages; `not_found`
    makes the page for an address that does not exist; `forms` are the addresses to which forms are sent.
    """

    def __init__(
        self,
        app: ASGIApp,
        pages: Sequence[str],
        n_inputs: Mapping[int, int],
        not_found: Callable[[Request], str] | None = None,
        forms: Collection[str] = (),
    ) -> None:
        self._app = app
        self._forms = frozenset(forms)
        self._not_found = not_found
        self._read = _READ | set(pages)
        self._page_names = {page.strip("/") for page in pages}
        self._n_inputs = n_inputs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._is_page_with_slash(scope["method"], scope["path"]):
            await moved(".." + scope["path"][:-1], scope)(scope, receive, send)
        elif not self._is_open(scope["method"], scope["path"], QueryParams(scope["query_string"])):
            await self._refuse(Request(scope))(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, _without_body(send))
        elif scope["path"] == _STREAM:
            await self._stream(scope, receive, send)
        elif scope["method"] != "POST":
            await self._app(scope, receive, send)
        elif scope["path"] in self._forms and not _is_same_origin(Request(scope)):
            await PlainTextResponse("The form is not from this site\n", status_code=403)(scope, receive, send)
        elif (body := await _body(scope, receive)) is None:
            text = f"The body is longer than {MAX_BODY_BYTES} bytes\n"
            await PlainTextResponse(text, status_code=413, headers={"connection": "close"})(scope, receive, send)
        elif scope["path"] not in self._forms and (reason := self._objection(scope["path"], body)) is not None:
            await PlainTextResponse(f"{reason}\n", status_code=400)(scope, receive, send)
        else:
            await self._app(scope, _replay(body, receive), send)

    def _refuse(self, request: Request) -> Response:
        accepts = request.headers.get("accept", "")
        if "text/html" in accepts and request.method in ("GET", "HEAD") and self._not_found is not None:
            return HTMLResponse(self._not_found(request), status_code=404)
        if "application/json" in accepts:
            return JSONResponse({"error": "not_found"}, status_code=404)
        return PlainTextResponse("Not found\n", status_code=404)

    def _objection(self, path: str, body: bytes) -> str | None:
        check = check_cancel if path == _CANCEL else check_call
        try:
            check(body, self._n_inputs)
        except BadCall as error:
            return str(error)
        return None

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the answers to a session's calls. If the session never made a call, Gradio reports that in the stream it
        has begun and then fails; here the stream just ends."""
        try:
            await self._app(scope, receive, send)
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body", "body": b""})

    def _is_page_with_slash(self, method: str, path: str) -> bool:
        return method in ("GET", "HEAD") and path.endswith("/") and path[1:-1] in self._page_names - {""}

    def _is_open(self, method: str, path: str, query: QueryParams) -> bool:
        if ".." in path:
            return False
        if "page" in query and query["page"].strip("/") not in self._page_names:  # Gradio reads it at every address
            return False
        if path in self._read or path.startswith(_ASSETS):
            return method in ("GET", "HEAD")
        if path == _STREAM or path.startswith(_HEARTBEATS):
            return method == "GET"
        return method == "POST" and (path in _WRITE or path.startswith(_WRITE_BELOW) or path in self._forms)


def _is_same_origin(request: Request) -> bool:
    """Whether a browser sent this from a page of the arena. Browsers send Origin with each form, and Sec-Fetch-Site
    unless the page came by plain http from another machine."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return origin == f"{request.url.scheme}://{request.url.netloc}"


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Return the whole body, or None if it is too long; then it is not read to its end."""
    announced = Headers(scope=scope).get("content-length", "0")
    if not announced.isdecimal() or int(announced) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was read, then whatever follows, such as a disconnect."""
    has_given = False

    async def replayed() -> Message:
        nonlocal has_given
        if has_given:
            return await receive()
        has_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
