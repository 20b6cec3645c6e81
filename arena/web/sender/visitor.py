"""Visitor: a random number in a cookie, and the pseudonym by which everything behind the web layer knows its owner.

The cookie is 128 random bits, HttpOnly and SameSite=Lax, given with the first page. The database sees only its HMAC
under the arena's secret: who steals the database cannot act as anybody, and who holds a cookie cannot find its rows.
`identify` tells both things that the pages may know of a sender: the pseudonym and the HMAC of the address.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arena.web.sender.address import HasClient, address_mac

COOKIE = "visitor"

_VALID = re.compile(r"[0-9a-f]{32}")
_MAX_AGE_S = 400 * 86400  # the longest that browsers keep a cookie


class HasCookies(Protocol):
    """A request of Starlette or of Gradio."""

    @property
    def cookies(self) -> Any: ...


class Identifiable(HasCookies, HasClient, Protocol):
    """A request that tells its sender."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a request, as far as the arena wants to know."""

    visitor: str | None
    """The pseudonym; None without a valid cookie."""
    address: str
    """HMAC of the address, for the limits."""


def identify(request: Identifiable, secret: bytes) -> Sender:
    return Sender(pseudonym(request, secret), address_mac(request, secret))


def pseudonym(request: HasCookies, secret: bytes) -> str | None:
    """Who sent the request: 64 hex digits, the same for every request with this cookie. None without a valid cookie."""
    cookie = request.cookies.get(COOKIE)
    if not isinstance(cookie, str) or not _VALID.fullmatch(cookie):
        return None
    return hmac.digest(secret, b"visitor:" + cookie.encode(), hashlib.sha256).hex()


class VisitorCookie:
    """Gives a cookie with every HTML page whose request has no valid one, for the addresses below `path`. Secure where
    the page came by https.

    Others on the same host may have cookies of the same name. A browser names the one with the longest path first, so
    everything behind this sees the first of each name alone.
    """

    def __init__(self, app: ASGIApp, path: str = "/") -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _with_first_cookies(scope)
        if _VALID.fullmatch(Request(scope).cookies.get(COOKIE, "")):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if message["status"] == 200 and headers.get("content-type", "").startswith("text/html"):
                    secure = "; Secure" if scope["scheme"] == "https" else ""
                    attributes = f"Max-Age={_MAX_AGE_S}; Path={self._path}; HttpOnly; SameSite=Lax{secure}"
                    headers.append("set-cookie", f"{COOKIE}={secrets.token_hex(16)}; {attributes}")
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _with_first_cookies(scope: Scope) -> Scope:
    """The request with one cookie of each name, the first."""
    cookies: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            for cookie in value.split(b";"):
                cookies.setdefault(cookie.partition(b"=")[0].strip(), cookie.strip())
    others = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
    return {**scope, "headers": [*others, (b"cookie", b"; ".join(cookies.values()))] if cookies else others}
