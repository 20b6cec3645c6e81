"""A visitor's cookie, and the pseudonym that is made from it.

The cookie is 128 random bits, HttpOnly and SameSite=Lax, given with the first page. The database contains only its HMAC
under the arena's secret: a stolen database lets nobody act as a visitor, and a stolen cookie does not lead to its rows.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arena.web.sender.address import HasClient, address_mac

COOKIE = "visitor"
_RENEW = "x-new-visitor"
"""A header that never leaves the server: the answer gets a new cookie."""

_VALID = re.compile(r"[0-9a-f]{32}")
_MAX_AGE_S = 400 * 86400  # the longest that browsers keep a cookie


class HasCookies(Protocol):
    """A request of Starlette or of Gradio."""

    @property
    def cookies(self) -> Any: ...


class Identifiable(HasCookies, HasClient, Protocol):
    """A request with cookies and a client."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of a request, as far as the arena needs to know."""

    visitor: str | None
    """The pseudonym, None without a valid cookie."""
    address: str
    """HMAC of the address, for the limits."""


def identify(request: Identifiable, secret: bytes) -> Sender:
    return Sender(pseudonym(request, secret), address_mac(request, secret))


def pseudonym(request: HasCookies, secret: bytes) -> str | None:
    """Return the sender's pseudonym: 64 hex digits, the same for every request with this cookie. None without a valid
    cookie."""
    cookie = request.cookies.get(COOKIE)
    if not isinstance(cookie, str) or not _VALID.fullmatch(cookie):
        return None
    return hmac.digest(secret, b"visitor:" + cookie.encode(), hashlib.sha256).hex()


def renew(answer: Response) -> None:
    """Make the browser a new visitor with this answer."""
    answer.headers[_RENEW] = "1"


class VisitorCookie:
    """Adds a cookie to every HTML page whose request has no valid one, and to answers that `renew` has marked, for the
    addresses below `path`; with Secure if the page came by https.

    Other applications on the same host may use the same cookie names. A browser sends the cookie with the longest path
    first, so only the first cookie of each name is passed on.
    """

    def __init__(self, app: ASGIApp, path: str = "/") -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _with_first_cookies(scope)
        is_known = _VALID.fullmatch(Request(scope).cookies.get(COOKIE, "")) is not None

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_page = message["status"] == 200 and headers.get("content-type", "").startswith("text/html")
                if _RENEW in headers or (is_page and not is_known):
                    del headers[_RENEW]
                    secure = "; Secure" if scope["scheme"] == "https" else ""
                    attributes = f"Max-Age={_MAX_AGE_S}; Path={self._path}; HttpOnly; SameSite=Lax{secure}"
                    headers.append("set-cookie", f"{COOKIE}={secrets.token_hex(16)}; {attributes}")
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _with_first_cookies(scope: Scope) -> Scope:
    """Return the request with only the first cookie of each name."""
    cookies: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            for cookie in value.split(b";"):
                cookies.setdefault(cookie.partition(b"=")[0].strip(), cookie.strip())
    others = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
    return {**scope, "headers": [*others, (b"cookie", b"; ".join(cookies.values()))] if cookies else others}
