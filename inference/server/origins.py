"""Pages of other origins that may read the server's answers in a browser (CORS). By default none may.

A server without CORS still answers such a page, but the browser does not show the page the answer.
"""

import re
from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}  # browsers leave them out


def parse_origin(text: str) -> str:
    """Return an origin as browsers send it. * means any, null a page of a file. Raises ValueError for other text."""
    origin = text.lower()
    if origin in ("*", "null"):
        return origin
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(
            f"{text!r} is not an origin; scheme://host or scheme://host:port was expected, such as "
            "http://localhost:3000, without a path or a slash at the end, or * for any"
        )
    return origin.removesuffix(_DEFAULT_PORTS.get(origin.partition(":")[0], ""))


def allowing(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Return the application with CORS headers for these origins; unchanged where there are none.

    It answers a browser's preflight request (OPTIONS) itself. Its errors have the headers too, so that a page
    can show them. Cookies are not allowed: the server has none.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=("*",),
        allow_private_network=True,  # a page from the internet may ask a server on this machine
    )
