"""Let in only the owner: from this machine, at the page's own address, with the token that was printed at the start.

The port listens on loopback only. That alone would let in every page that a browser on this machine opens: a name that
resolves to 127.0.0.1 makes a foreign page "same-origin" (DNS rebinding), and a form of a foreign page can be posted to
any address. So a request must name a loopback host, and a form must come from this page's own origin.

The token comes with the address once (`/?token=…`); then a cookie replaces it, which no script can read. A program may
send `Authorization: Bearer TOKEN` instead. Cookies do not know ports, so the cookie's name has the port: two arenas on
one machine do not log each other's owner out.
"""

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

LockedPage = Callable[[Request, bool], str]
"""Makes the page for a request that is not let in; the flag says whether it had the token (and the wrong origin)."""
MAX_BODY_BYTES = 64 * 1024

_HOSTS = ("127.0.0.1", "localhost", "::1")


class Guard:
    """Answers 421 for another host, 403 without the token or for a form of another page, 413 for a long body.
    `open_path` is the one path that needs no token."""

    def __init__(self, app: ASGIApp, token: str, port: int, open_path: str, locked: LockedPage) -> None:
        self._app = app
        self._token = token.encode()
        self._cookie = f"owner-{port}"
        self._pass = hmac.digest(self._token, b"cookie", hashlib.sha256).hex()
        self._open_path = open_path
        self._locked = locked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._refused(Request(scope))
        await (answer or self._app)(scope, receive, send)

    def _refused(self, request: Request) -> Response | None:
        """Return the response in place of the page's; None to let the request in."""
        if not _is_loopback(request.headers):
            return PlainTextResponse("This address is only for this machine. Open it as http://127.0.0.1.\n", 421)
        if request.url.path == self._open_path and request.method in ("GET", "HEAD"):
            return None
        if _length(request.headers) > MAX_BODY_BYTES:
            return PlainTextResponse("The form is too long. Send less.\n", 413)
        given = request.query_params.get("token")
        if given is not None and request.method == "GET":
            return self._enter(request) if self._is_token(given) else self._lock(request)
        is_program = self._is_program(request.headers)
        if not is_program and not self._is_pass(request.cookies.get(self._cookie, "")):
            return self._lock(request)
        if request.method not in ("GET", "HEAD") and not is_program and not _is_own_form(request.headers):
            return self._lock(request, has_token=True)
        return None

    def _enter(self, request: Request) -> Response:
        """Set the cookie and redirect to the same address without the token."""
        rest = [(name, value) for name, value in parse_qsl(request.url.query) if name != "token"]
        path = "/" + request.url.path.lstrip("/")  # a redirect to "//evil.example" would lead to another host
        response = RedirectResponse(f"{path}?{urlencode(rest)}" if rest else path, status_code=303)
        response.headers["cache-control"] = "no-store"
        response.headers.append("set-cookie", f"{self._cookie}={self._pass}; Path=/; HttpOnly; SameSite=Lax")
        return response

    def _lock(self, request: Request, *, has_token: bool = False) -> Response:
        return HTMLResponse(self._locked(request, has_token), status_code=403)

    def _is_program(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.casefold() == "bearer" and self._is_token(given.strip())

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token)

    def _is_pass(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._pass.encode())


def _is_loopback(headers: Headers) -> bool:
    """Whether the Host header names this machine; the port may be that of a tunnel."""
    hosts = headers.getlist("host")
    try:
        return len(hosts) == 1 and urlsplit(f"//{hosts[0]}").hostname in _HOSTS
    except ValueError:
        return False


def _is_own_form(headers: Headers) -> bool:
    """Whether a form was sent by a page of this very address. Browsers name the origin of every form."""
    return headers.get("origin") == f"http://{headers['host']}"


def _length(headers: Headers) -> int:
    """Return the length of the body; without a number it is too long."""
    if "transfer-encoding" in headers:
        return MAX_BODY_BYTES + 1
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 10 else MAX_BODY_BYTES + 1
