"""Language: the one that a visitor chose (cookie `lang`), in force before Gradio's first script asks the browser.

Gradio takes its language from `navigator.language` and has no switch. A script in its own `head=` runs too late (0.35
s), so this one is put right behind `<head>`. Without the cookie it changes nothing.

Two more things of the page's head are put right here: the icon, which a browser asks at the root of the host unless it
is told otherwise, and a manifest that is not there, which Gradio links from that root.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCRIPT = (
    r"<script>(()=>{const m=document.cookie.match(/(?:^|; )lang=(%s)(?:;|$)/);"
    r"if(m)Object.defineProperty(navigator,'language',{get:()=>m[1]})})()</script>"
)
_ICON = b'<link rel="icon" href="./favicon.ico">'
_MANIFEST = b'<link rel="manifest" href="/manifest.json" />'


class Language:
    """Puts the script and the icon into every HTML page that passes; nothing else is touched.

    `languages`: codes such as `en`.
    """

    def __init__(self, app: ASGIApp, languages: Sequence[str]) -> None:
        self._app = app
        self._head = b"<head>" + (_SCRIPT % "|".join(languages)).encode() + _ICON

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        page = bytearray()

        async def send_with_script(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_plain_html(message):
                start = message
            elif start is None:
                await send(message)
            else:
                page.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    body = bytes(page).replace(b"<head>", self._head, 1).replace(_MANIFEST, b"", 1)
                    MutableHeaders(scope=start)["content-length"] = str(len(body))
                    await send(start)
                    await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, send_with_script)


def _is_plain_html(message: Message) -> bool:
    headers = MutableHeaders(scope=message)
    return headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
