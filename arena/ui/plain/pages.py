"""The text of each page without JavaScript, the plain leaderboard, and the 404 page."""

from collections.abc import Mapping

from markdown_it import MarkdownIt
from starlette.requests import Request

from arena.service import Board, Refusal
from arena.settings import Settings
from arena.ui import theme
from arena.ui.lines import refusal_line
from arena.ui.links import PAGES, PLAIN_LEADERBOARD
from arena.ui.messages import messages
from arena.ui.pages.about import about_texts
from arena.ui.pages.leaderboard_table import computed_line, table
from arena.ui.plain.document import WITHOUT_SCRIPT, Documents, Place, language_of
from arena.ui.plain.head import head
from arena.ui.untrusted import plain

_PAGE_AT = {path: name for name, path in PAGES.items()}
_markdown = MarkdownIt("commonmark", {"html": True})  # for our own text only


class PlainPages:
    """The texts that `web` puts into pages, and whole pages without script."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._about = about_texts(settings)
        self._documents = Documents(settings)

    def language(self, request: Request) -> str:
        return language_of(request)

    def head(self, request: Request) -> str:
        """Return the head of one of Gradio's pages; its style sheet for browsers without script comes along."""
        path = request.scope["path"]
        texts = messages(self.language(request))
        tags = head(_PAGE_AT[path], self._settings, texts, path=path)
        return f"{tags}<noscript>{theme.plain_head()}</noscript>"

    def noscript(self, request: Request) -> str:
        """Return what one of Gradio's pages shows without script."""
        place = self._documents.place(request)
        page, texts = _PAGE_AT[request.scope["path"]], place.texts
        if page == "about":
            text = f'<div id="about">{_markdown.render(self._about[texts.language])}</div>'
        else:
            text = _markdown.render(texts(f"{page}_title")) + f"<p>{plain(texts(f'{page}_intro'))}</p>"
            text += f"<p>{plain(texts(f'plain_{page}'))}</p>"
            text += self._links(place, {name: path for name, path in WITHOUT_SCRIPT.items() if name != "battle"})
        return f"<noscript>{self._documents.body(place, text, WITHOUT_SCRIPT, current=page)}</noscript>"

    def not_found(self, request: Request) -> str:
        """Return the page for an address that does not exist."""
        place = self._documents.place(request)
        tags = head("not_found", self._settings, place.texts, path=None, root=place.root)
        text = f"<h1>{plain(place.texts('title_not_found'))}</h1>"
        text += f"<p>{plain(place.texts('not_found_text'))}</p>" + self._links(place, PAGES)
        return self._documents.document(place, tags, self._documents.body(place, text, PAGES))

    def leaderboard(self, request: Request, board: Board | Refusal, now: float) -> str:
        """Return the leaderboard as a page, or why there is none at present."""
        place = self._documents.place(request)
        texts = place.texts
        tags = head("leaderboard", self._settings, texts, path=PLAIN_LEADERBOARD)
        text = _markdown.render(texts("leaderboard_title")) + f"<p>{plain(texts('leaderboard_intro'))}</p>"
        if isinstance(board, Refusal):
            text += refusal_line(board, texts)
        else:
            text += f'<div id="leaderboard-table">{table(board, texts)}</div>{computed_line(board, now, texts)}'
        files = texts("download_html", json=f"{place.root}leaderboard.json", csv=f"{place.root}leaderboard.csv")
        text += f'<p class="note">{files}</p><p class="note">{plain(texts("plain_frozen"))}</p>'
        body = self._documents.body(place, f'<div id="leaderboard">{text}</div>', WITHOUT_SCRIPT, current="leaderboard")
        return self._documents.document(place, tags, body)

    def _links(self, place: Place, pages: Mapping[str, str]) -> str:
        """Return links to the pages, each with its description."""
        lines = ""
        for name, path in pages.items():
            label, description = plain(place.texts(f"nav_{name}")), plain(place.texts(f"description_{name}"))
            lines += f'<li><a href="{place.link(path)}">{label}</a>: {description}</li>'
        return f"<ul>{lines}</ul>"
