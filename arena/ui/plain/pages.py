"""What the server adds to Gradio's pages, and two of the pages that it makes itself: about and the 404 page."""

from collections.abc import Mapping

from markdown_it import MarkdownIt
from starlette.requests import Request

from arena.settings import Settings
from arena.ui import theme
from arena.ui.links import LIVE, pages_of
from arena.ui.messages import messages
from arena.ui.plain.about import about_texts
from arena.ui.plain.early import early_prompt
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.frame.head import head
from arena.ui.plain.frame.place import Place, language_of, theme_of
from arena.ui.untrusted import plain

_LIVE_AT = {path: name for name, path in LIVE.items()}
_markdown = MarkdownIt("commonmark", {"html": True})  # for our own text only


class PlainPages:
    """The texts that `web` puts into Gradio's pages, and whole pages."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._about = about_texts(settings)
        self._pages = pages_of(settings)
        self.documents = Documents(settings)

    @property
    def title(self) -> str:
        """The arena's."""
        return self._settings.arena.title

    def apply(self, settings: Settings) -> None:
        """Describe these limits and battle settings from now on. Title, footer and the list of pages do not change."""
        self._about = about_texts(settings)

    def language(self, request: Request) -> str:
        return language_of(request)

    def theme(self, request: Request) -> str:
        return theme_of(request)

    def head(self, request: Request) -> str:
        """Return the title and the description of one of Gradio's pages."""
        path = request.scope["path"]
        return head(_LIVE_AT[path], self._settings, messages(self.language(request)), path=path)

    def style(self, request: Request) -> str:
        """Return the style sheets of one of Gradio's pages."""
        return theme.head(self.theme(request)) + theme.noscript_head()

    def above(self, request: Request) -> str:
        """Return what stands above what Gradio shows; without script, a text replaces what Gradio shows."""
        place = self.documents.place(request)
        page, texts = _LIVE_AT[request.scope["path"]], place.texts
        text = _markdown.render(texts(f"{page}_title")) + f"<p>{plain(texts(f'{page}_intro'))}</p>"
        text += f"<p>{plain(texts(f'plain_{page}'))}</p>"
        text += self._links(place, {name: self._pages[name] for name in ("leaderboard", "about")})
        early = early_prompt(texts) if page == "battle" else ""
        unscripted = f'<noscript><main class="frame plain">{text}</main></noscript>'
        return self.documents.shell.above(place, page) + early + unscripted

    def below(self, request: Request) -> str:
        return self.documents.shell.below(self.documents.place(request))

    def not_found(self, request: Request) -> str:
        """Return the page for an address that does not exist."""
        place = self.documents.place(request)
        text = f"<h1>{plain(place.texts('title_not_found'))}</h1>"
        text += f"<p>{plain(place.texts('not_found_text'))}</p>" + self._links(place, self._pages)
        return self.documents.page(place, "not_found", text)

    def about(self, request: Request) -> str:
        place = self.documents.place(request)
        text = _markdown.render(self._about[place.texts.language])
        return self.documents.page(place, "about", f'<div id="about">{text}</div>')

    def _links(self, place: Place, pages: Mapping[str, str]) -> str:
        """Return links to the pages, each with its description."""
        lines = ""
        for name, path in pages.items():
            label, description = plain(place.texts(f"nav_{name}")), plain(place.texts(f"description_{name}"))
            lines += f'<li><a href="{place.link(path)}">{label}</a>: {description}</li>'
        return f"<ul>{lines}</ul>"
