"""Let a page load its scripts and style sheets sooner."""

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from starlette.requests import Request
from starlette.types import ASGIApp

from arena.web.html.change import Change


class LoadsSooner(Protocol):
    """What the pages load."""

    @property
    def assets(self) -> Mapping[str, bytes]:
        """The content of scripts and style sheets by their path."""

    def changed(self, page: bytes, path: str, language: str) -> bytes:
        """Return the page so that it loads sooner."""


class Loading(Change):
    """Changes each page as `frontend` does. `language_of` returns the language of a page, such as `en`."""

    def __init__(
        self, app: ASGIApp, pages: Collection[str], frontend: LoadsSooner, language_of: Callable[[Request], str]
    ) -> None:
        super().__init__(app, pages)
        self._frontend = frontend
        self._language_of = language_of

    def changed(self, page: bytes, request: Request) -> bytes:
        return self._frontend.changed(page, request.scope["path"], self._language_of(request))
