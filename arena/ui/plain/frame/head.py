"""The head of a page: its title, description and link preview.

Nothing here depends on a battle, so that a preview of a running battle reveals nothing.
"""

from html import escape

from arena.settings import Settings
from arena.ui.messages import Messages

_LOCALES = {"en": "en_US", "ko": "ko_KR"}


def head(
    page: str,
    settings: Settings,
    texts: Messages,
    *,
    path: str | None,
    root: str = "./",
    title: str | None = None,
    description: str | None = None,
) -> str:
    """Return the tags of `page`, such as `battle` or `not_found`. `og:image` and `og:url` need a public URL. `root`
    leads from the page to the root of the arena. `title` and `description` replace those of the page."""
    site = settings.arena.title
    title = texts(f"title_{page}") if title is None else title
    description = texts(f"description_{page}") if description is None else description
    tags = {
        "og:title": title,
        "og:description": description,
        "og:type": "website",
        "og:site_name": site,
        "og:locale": _LOCALES[texts.language],
    }
    if settings.web.public_url is not None:  # both need whole addresses
        tags["og:image"] = f"{settings.web.public_url}/preview.png"
        if path is not None:
            tags["og:url"] = settings.web.public_url + path
    return (
        f"<title>{escape(title)} · {escape(site)}</title>"
        f'<meta name="description" content="{escape(description)}">'
        + "".join(f'<meta property="{name}" content="{escape(text)}">' for name, text in tags.items())
        + '<meta name="twitter:card" content="summary">'
        f'<link rel="icon" href="{root}favicon.ico" sizes="32x32">'
        f'<link rel="icon" href="{root}favicon.svg" type="image/svg+xml">'
    )
