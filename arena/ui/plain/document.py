"""A page made on the server: its place among the pages, header, text and head.

Links are relative to the page's own address, or begin with the path of the arena's public URL. They keep a language
that the address chose (`?lang=ko`), because without script there is no cookie for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from arena.settings import Settings
from arena.ui import theme
from arena.ui.links import PAGES, PLAIN_LEADERBOARD
from arena.ui.messages import LANGUAGES, Messages, messages, preferred_language
from arena.ui.widgets import header_html

WITHOUT_SCRIPT = {**PAGES, "leaderboard": PLAIN_LEADERBOARD}
"""The pages that a browser without script can read."""
_MAX_DEPTH = 50  # "../" in a link; a path of 64 kB of slashes would repeat it 64,000 times in every link


@dataclass(frozen=True, slots=True)
class Place:
    """A page's address: its own path, if the page exists, and the way to the arena's root."""

    path: str | None
    root: str
    texts: Messages
    query: str
    """`?lang=ko` if the address chose a language."""

    def link(self, path: str) -> str:
        return f"{self.root}{path.removeprefix('/')}{self.query}"

    def in_language(self, language: str) -> str:
        return f"{self.root}{self.path.removeprefix('/')}?lang={language}" if self.path else f"?lang={language}"


class Documents:
    """Makes whole pages in the look of the others."""

    def __init__(self, settings: Settings) -> None:
        self._title = settings.arena.title
        self._base = urlsplit(settings.web.public_url or "").path.rstrip("/")

    def place(self, request: Request) -> Place:
        language, path = language_of(request), request.scope["path"]
        query = f"?lang={language}" if request.query_params.get("lang") == language else ""
        is_ours = path in PAGES.values() or path == PLAIN_LEADERBOARD
        return Place(path if is_ours else None, self._root(request), messages(language), query)

    def body(self, place: Place, text: str, pages: Mapping[str, str], *, current: str = "") -> str:
        """Return `text` below the header with links to `pages`; `current` is the one to mark."""
        header = header_html(
            place.texts,
            self._title,
            links={name: place.link(path) for name, path in pages.items()},
            languages={language: place.in_language(language) for language in LANGUAGES},
            current=current,
        )
        language = place.texts.language
        return f'<div class="plain" lang="{language}"><div id="header">{header}</div><main>{text}</main></div>'

    def document(self, place: Place, tags: str, body: str) -> str:
        """Return a whole page; `tags` are its title and description (`head`)."""
        return (
            f'<!doctype html><html lang="{place.texts.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{tags}{theme.plain_head()}</head><body>{body}</body></html>"
        )

    def _root(self, request: Request) -> str:
        if self._base:
            return f"{self._base}/"
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        return "../" * min(raw.count(b"/") - 1, _MAX_DEPTH) or "./"


def language_of(request: Request) -> str:
    """Return the language of a page: `?lang=ko` in its address, else as on the other pages."""
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        return chosen
    return preferred_language(request.cookies, request.headers.get("accept-language"))
