"""Scripts: which ones may run on a page. Those that came with it, marked by a number that each answer draws anew; a
script that something brings into the page later does not know the number.

Gradio's pages have four scripts within their HTML, and ours go there too: what Gradio's `head=` adds is put in by a
script, without the number. `headers` draws the number and names it in the content security policy.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        page = bytearray()
        mark = f'<script nonce="{scope[_NONCE]}"'.encode() if _NONCE in scope else b"<script"

        async def send_marked(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_plain_html(message):
                start = message
            elif start is None:
                await send(message)
            else:
                page.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    body = bytes(page).replace(b"</head>", self._head, 1).replace(b"<script", mark)
                    MutableHeaders(scope=start)["content-length"] = str(len(body))
                    await send(start)
                    await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, send_marked)


def _is_plain_html(message: Message) -> bool:
    headers = MutableHeaders(scope=message)
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
