"""Mark the scripts that came with a page with a nonce, so that the browser runs no others.

The nonce is new for each answer. Gradio's pages have four scripts in their HTML, and ours is added to
them: Gradio's own `head=` would add it by script, without the nonce. `headers` draws the nonce and names it in the
Content-Security-Policy.
"""

import secrets
from collections.abc import Collection

from starlette.requests import Request
from starlette.types import ASGIApp, Scope

from arena.web.html.change import Change

_NONCE = "arena.nonce"


def with_nonce(scope: Scope) -> tuple[Scope, str]:
    """Return the request with a nonce for the scripts of its answer, and the nonce."""
    nonce = secrets.token_urlsafe(16)
    return {**scope, _NONCE: nonce}, nonce


class Scripts(Change):
    """Marks the scripts of every page, and adds `script` to its head."""

    def __init__(self, app: ASGIApp, pages: Collection[str], script: str = "") -> None:
        super().__init__(app, pages)
        self._head = f"<script>{script}</script></head>".encode() if script else b"</head>"

    def changed(self, page: bytes, request: Request) -> bytes:
        mark = f'<script nonce="{request.scope[_NONCE]}"'.encode() if _NONCE in request.scope else b"<script"
        return page.replace(b"</head>", self._head, 1).replace(b"<script", mark)
