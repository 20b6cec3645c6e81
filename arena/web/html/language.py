"""Language: the one that a visitor chose (cookie `lang`), in force before Gradio's first script asks the browser.

Gradio takes its language from `navigator.language` and has no switch. A script in its own `head=` runs too late (0.35
s), so this one is put right behind `<head>`. Without the cookie it changes nothing.

Two more things of the page's head are put right here: the icon, which a browser asks at the root of the host unless it
is told otherwise, and a manifest that is not there, which Gradio links from that root.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from arena.web.html.change import pass_changed

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
        await pass_changed(
            self._app,
            scope,
            receive,
            send,
            lambda page: page.replace(b"<head>", self._head, 1).replace(_MANIFEST, b"", 1),
        )
