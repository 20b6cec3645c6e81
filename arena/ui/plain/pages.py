"""The text of each page without JavaScript, the plain leaderboard, and the 404 page.

Each text is in the language of the request: `?lang=ko` in the address, else as on the other pages. Links keep a
language that the address chose, because without script there is no cookie for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from starlette.requests import Request

from arena.service import Board, Refusal
from arena.settings import Settings
from arena.ui import theme
from arena.ui.lines import refusal_line
from arena.ui.links import PAGES, PLAIN_LEADERBOARD
from arena.ui.messages import LANGUAGES, Messages, messages, preferred_language
from arena.ui.pages.about import about_texts
from arena.ui.pages.leaderboard_table import computed_line, table
from arena.ui.plain.head import head
from arena.ui.untrusted import plain
from arena.ui.widgets import header_html

_PAGE_AT = {path: name for name, path in PAGES.items()}
_WITHOUT_SCRIPT = {**PAGES, "leaderboard": PLAIN_LEADERBOARD}
_MAX_DEPTH = 50  # "../" in a link; a path of 64 kB of slashes would repeat it 64,000 times in every link
_markdown = MarkdownIt("commonmark", {"html": True})  # for our own text only


@dataclass(frozen=True, slots=True)
class _Place:
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


class PlainPages:
    """The texts that `web` puts into pages, and whole pages without script."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._about = about_texts(settings)
        self._base = urlsplit(settings.web.public_url or "").path.rstrip("/")

    def language(self, request: Request) -> str:
        chosen = request.query_params.get("lang")
        if chosen in LANGUAGES:
            return chosen
        return preferred_language(request.cookies, request.headers.get("accept-language"))

    def head(self, request: Request) -> str:
        """Return the head of one of Gradio's pages; its style sheet for browsers without script comes along."""
        path = request.scope["path"]
        texts = messages(self.language(request))
        tags = head(_PAGE_AT[path], self._settings, texts, path=path)
        return f"{tags}<noscript>{theme.plain_head()}</noscript>"

    def noscript(self, request: Request) -> str:
        """Return what one of Gradio's pages shows without script."""
        place = self._place(request)
        page, texts = _PAGE_AT[request.scope["path"]], place.texts
        if page == "about":
            text = f'<div id="about">{_markdown.render(self._about[texts.language])}</div>'
        else:
            text = _markdown.render(texts(f"{page}_title")) + f"<p>{plain(texts(f'{page}_intro'))}</p>"
            text += f"<p>{plain(texts(f'plain_{page}'))}</p>"
            text += self._links(place, {name: path for name, path in _WITHOUT_SCRIPT.items() if name != "battle"})
        return f"<noscript>{self._body(place, text, _WITHOUT_SCRIPT, current=page)}</noscript>"

    def not_found(self, request: Request) -> str:
        """Return the page for an address that does not exist."""
        place = self._place(request)
        tags = head("not_found", self._settings, place.texts, path=None, root=place.root)
        text = f"<h1>{plain(place.texts('title_not_found'))}</h1>"
        text += f"<p>{plain(place.texts('not_found_text'))}</p>" + self._links(place, PAGES)
        return self._document(place, tags, self._body(place, text, PAGES))

    def leaderboard(self, request: Request, board: Board | Refusal, now: float) -> str:
        """Return the leaderboard as a page, or why there is none at present."""
        place = self._place(request)
        texts = place.texts
        tags = head("leaderboard", self._settings, texts, path=PLAIN_LEADERBOARD)
        text = _markdown.render(texts("leaderboard_title")) + f"<p>{plain(texts('leaderboard_intro'))}</p>"
        if isinstance(board, Refusal):
            text += refusal_line(board, texts)
        else:
            text += f'<div id="leaderboard-table">{table(board, texts)}</div>{computed_line(board, now, texts)}'
        files = texts("download_html", json=f"{place.root}leaderboard.json", csv=f"{place.root}leaderboard.csv")
        text += f'<p class="note">{files}</p><p class="note">{plain(texts("plain_frozen"))}</p>'
        body = self._body(place, f'<div id="leaderboard">{text}</div>', _WITHOUT_SCRIPT, current="leaderboard")
        return self._document(place, tags, body)

    def _place(self, request: Request) -> _Place:
        language, path = self.language(request), request.scope["path"]
        query = f"?lang={language}" if request.query_params.get("lang") == language else ""
        is_ours = path in PAGES.values() or path == PLAIN_LEADERBOARD
        return _Place(path if is_ours else None, self._root(request), messages(language), query)

    def _root(self, request: Request) -> str:
        if self._base:
            return f"{self._base}/"
        raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
        return "../" * min(raw.count(b"/") - 1, _MAX_DEPTH) or "./"

    def _links(self, place: _Place, pages: Mapping[str, str]) -> str:
        """Return links to the pages, each with its description."""
        lines = ""
        for name, path in pages.items():
            label, description = plain(place.texts(f"nav_{name}")), plain(place.texts(f"description_{name}"))
            lines += f'<li><a href="{place.link(path)}">{label}</a>: {description}</li>'
        return f"<ul>{lines}</ul>"

    def _body(self, place: _Place, text: str, pages: Mapping[str, str], *, current: str = "") -> str:
        header = header_html(
            place.texts,
            self._settings.arena.title,
            links={name: place.link(path) for name, path in pages.items()},
            languages={language: place.in_language(language) for language in LANGUAGES},
            current=current,
        )
        language = place.texts.language
        return f'<div class="plain" lang="{language}"><div id="header">{header}</div><main>{text}</main></div>'

    def _document(self, place: _Place, tags: str, body: str) -> str:
        return (
            f'<!doctype html><html lang="{place.texts.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{tags}{theme.plain_head()}</head><body>{body}</body></html>"
        )
