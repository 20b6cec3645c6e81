"""Set the language that a visitor chose before Gradio's first script reads it.

Gradio takes the language from `navigator.language` and has no switch. A script in its own `head=` runs too late (0.35
s), so this one is the first thing in the head. Without the cookie it changes nothing.
"""

from collections.abc import Collection, Sequence

from starlette.requests import Request
from starlette.types import ASGIApp

from arena.web.html.change import Change

_SCRIPT = (
    r"<script>(()=>{const m=document.cookie.match(/(?:^|; )lang=(%s)(?:;|$)/);"
    r"if(m)Object.defineProperty(navigator,'language',{get:()=>m[1]})})()</script>"
)


class Language(Change):
    """Adds the script to every page. `languages`: codes such as `en`."""

    def __init__(self, app: ASGIApp, pages: Collection[str], languages: Sequence[str]) -> None:
        super().__init__(app, pages)
        self._head = b"<head>" + (_SCRIPT % "|".join(languages)).encode()

    def changed(self, page: bytes, request: Request) -> bytes:
        return page.replace(b"<head>", self._head, 1)
