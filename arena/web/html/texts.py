"""Replace Gradio's title and tags with the arena's own, in the visitor's language.

Gradio's own title, Open Graph tags ("Click to try out the app!"), picture and manifest go. The page gets a title, a
description and tags of its own, an icon, and a text for browsers without script.
"""

import re
from collections.abc import Collection
from typing import Protocol

from starlette.requests import Request
from starlette.types import ASGIApp

from arena.web.html.change import Change

_TAGS = re.compile(rb"""<meta\s+(?:property="og:|name="(?:twitter:|description"))[^>]*>\s*|<title>[^<]*</title>""")
_MANIFEST = re.compile(rb"""<link rel="manifest"[^>]*>""")
_SCRIPTED_TITLE = b'control_page_title="true"'
_LANGUAGE = re.compile(rb"""(<html[^>]*?\blang=")[^"]*""")
_APP = b"<gradio-app"


class TextsOfPages(Protocol):
    """The arena's own texts, as HTML."""

    def language(self, request: Request) -> str:
        """Return the language of the page, such as `en`."""

    def head(self, request: Request) -> str:
        """Return what the head gets."""

    def noscript(self, request: Request) -> str:
        """Return what the page shows without script."""

    def not_found(self, request: Request) -> str:
        """Return a whole page for an address that does not exist."""


class Texts(Change):
    """Puts `texts` into every page."""

    def __init__(self, app: ASGIApp, pages: Collection[str], texts: TextsOfPages) -> None:
        super().__init__(app, pages)
        self._texts = texts

    def changed(self, page: bytes, request: Request) -> bytes:
        language, texts = self._texts.language(request).encode(), self._texts
        page = _MANIFEST.sub(b"", _TAGS.sub(b"", page), count=1)
        page = page.replace(_SCRIPTED_TITLE, b"", 1)  # else Gradio's script sets one title for all pages
        page = _LANGUAGE.sub(lambda found: found[1] + language, page, count=1)
        head = b'<head><meta charset="utf-8">' + texts.head(request).encode()
        return page.replace(b"<head>", head, 1).replace(_APP, texts.noscript(request).encode() + _APP, 1)
