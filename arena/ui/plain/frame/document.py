"""Whole pages made on the server, in the look of the others: no Gradio, and no script needed.

    documents = Documents(settings)
    place = documents.place(request)
    return HTMLResponse(documents.page(place, "about", "<h1>...</h1>"))

A page's name chooses its title and description (the messages `title_NAME` and `description_NAME`) and the mark in the
navigation. Its address must be in `links.DOCUMENTS`, which opens it at the gate and gives it its script.
"""

from urllib.parse import urlsplit

from starlette.requests import Request

from arena.settings import Settings
from arena.ui import theme
from arena.ui.plain.frame.head import head
from arena.ui.plain.frame.place import Place, place_of
from arena.ui.plain.frame.shell import Shell


class Documents:
    """Makes the pages of one arena."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.base = urlsplit(settings.web.public_url or "").path.rstrip("/")
        """The path of the public URL, such as `/arena`; empty without one."""
        self.shell = Shell(settings)

    def place(self, request: Request) -> Place:
        return place_of(request, self.base)

    def page(
        self,
        place: Place,
        name: str,
        main: str,
        *,
        title: str | None = None,
        description: str | None = None,
        address: str | None = None,
    ) -> str:
        """Return a whole page whose text is the HTML `main`. `title` and `description` replace those of `name`;
        `address` is the path and query that a link preview names, by default the page's path."""
        tags = head(
            name,
            self._settings,
            place.texts,
            path=address or place.path,
            root=place.root,
            title=title,
            description=description,
        )
        chosen = "" if place.theme == "system" else f' data-theme="{place.theme}"'
        return (
            f'<!doctype html><html lang="{place.texts.language}"{chosen}><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"{tags}{theme.plain_head(place.theme)}</head><body>{self.shell.above(place, name)}"
            f'<main class="frame plain">{main}</main>{self.shell.below(place)}</body></html>'
        )
