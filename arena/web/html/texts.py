"""Replace Gradio's title and tags with the arena's own, in the visitor's language.

Gradio's own title, Open Graph tags ("Click to try out the app!"), picture and manifest go. The page gets a title, a
description and tags of its own, an icon, style sheets, the header and the footer, and a text for browsers without
script.
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
_APP, _END_OF_APP = b"<gradio-app", b"</gradio-app>"
_END_OF_HEAD = b"</head>"


class TextsOfPages(Protocol):
    """The arena's own texts, as HTML."""

    def language(self, request: Request) -> str:
        """Return the language of the page, such as `en`."""

    def theme(self, request: Request) -> str:
        """Return the colours that the visitor chose: `light`, `dark` or `system`."""

    def head(self, request: Request) -> str:
        """Return the title and the tags of the page."""

    def style(self, request: Request) -> str:
        """Return the style sheets of the page."""

    def above(self, request: Request) -> str:
        """Return what stands above what Gradio shows."""

    def below(self, request: Request) -> str:
        """Return what stands below what Gradio shows."""

    def not_found(self, request: Request) -> str:
        """Return a whole page for an address that does not exist."""


class Texts(Change):
    """Puts `texts` into every page."""

    def __init__(self, app: ASGIApp, pages: Collection[str], texts: TextsOfPages) -> None:
        super().__init__(app, pages)
        self._texts = texts

    def changed(self, page: bytes, request: Request) -> bytes:
        texts = self._texts
        page = _MANIFEST.sub(b"", _TAGS.sub(b"", page), count=1)
        page = page.replace(_SCRIPTED_TITLE, b"", 1)  # else Gradio's script sets one title for all pages
        page = _LANGUAGE.sub(lambda found: found[1] + self._attributes(request), page, count=1)
        page = page.replace(b"<head>", b'<head><meta charset="utf-8">' + texts.head(request).encode(), 1)
        page = page.replace(_END_OF_HEAD, texts.style(request).encode() + _END_OF_HEAD, 1)
        page = page.replace(_APP, texts.above(request).encode() + _APP, 1)
        return page.replace(_END_OF_APP, _END_OF_APP + texts.below(request).encode(), 1)

    def _attributes(self, request: Request) -> bytes:
        """Return the end of `lang="`, and the mark of the colours that the visitor chose."""
        language, theme = self._texts.language(request), self._texts.theme(request)
        return (language if theme == "system" else f'{language}" data-theme="{theme}').encode()
