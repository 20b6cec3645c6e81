"""Scripts: which ones may run on a page. Those that came with it, marked by a number that each answer draws anew; a
script that something brings into the page later does not know the number.

Gradio's pages have four scripts within their HTML, and ours go there too: what Gradio's `head=` adds is put in by a
script, without the number. `headers` draws the number and names it in the content security policy.
"""

from __future__ import annotations

import secrets

from starlette.types import ASGIApp, Receive, Scope, Send

from arena.web.html.change import pass_changed

_NONCE = "arena.nonce"


def with_nonce(scope: Scope) -> tuple[Scope, str]:
    """The request with a number for the scripts of its answer, and the number."""
    nonce = secrets.token_urlsafe(16)
    return {**scope, _NONCE: nonce}, nonce


class Scripts:
    """Marks the scripts of every HTML page that passes, and adds `script` to its head."""

    def __init__(self, app: ASGIApp, script: str = "") -> None:
        self._app = app
        self._head = f"<script>{script}</script></head>".encode() if script else b"</head>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        mark = f'<script nonce="{scope[_NONCE]}"'.encode() if _NONCE in scope else b"<script"
        await pass_changed(
            self._app,
            scope,
            receive,
            send,
            lambda page: page.replace(b"</head>", self._head, 1).replace(b"<script", mark),
        )
