"""What stands above and below every page: header, the line about publishing, footer.

The server makes them for Gradio's pages too, so they are there before any script runs and need none: the switches are
links and small forms, which scripts (`theme/frame/colours.js`, `choices.js`) only make faster.
"""

from collections.abc import Mapping
from html import escape

from arena import __version__
from arena.settings import Settings
from arena.ui.links import FORMS, pages_of
from arena.ui.messages import LANGUAGES, messages
from arena.ui.plain.frame.place import Place
from arena.ui.untrusted import plain

LICENCE = "Apache-2.0"
_SVG = '<svg viewBox="0 0 20 20" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.6"'
_ICONS: Mapping[str, str] = {
    "light": f'{_SVG} stroke-linecap="round" aria-hidden="true"><circle cx="10" cy="10" r="3.4"/><path d="M10 1.8v2M10'
    ' 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4"/></svg>',
    "dark": f'{_SVG} stroke-linejoin="round" aria-hidden="true"><path d="M16.6 12.3A7 7 0 0 1 7.7 3.4a7 7 0 1 0 8.9'
    ' 8.9z"/></svg>',
    "system": f'{_SVG} aria-hidden="true"><circle cx="10" cy="10" r="7"/><path d="M10 3a7 7 0 0 1 0 14z"'
    ' fill="currentColor"/></svg>',
}


class Shell:
    """The frame of the pages of one arena."""

    def __init__(self, settings: Settings) -> None:
        self._title = settings.arena.title
        self._pages = pages_of(settings)
        self._links = settings.links

    def above(self, place: Place, current: str | None) -> str:
        """Return what stands above the page named `current` (None: a page that the navigation does not have)."""
        lost = f'<div id="connection" class="frame" aria-live="polite">{plain(place.texts("connection_lost"))}</div>'
        return lost + self._header(place, current) + self._consent(place)

    def below(self, place: Place) -> str:
        """Return the footer: the software, and the links of the arena's owner."""
        software = place.texts("footer_software", version=__version__, licence=LICENCE)
        links = "".join(
            f'<a href="{escape(link.url)}" rel="noreferrer">{plain(link.text)}</a>'
            for link in self._links
            if link.language in (None, place.texts.language)
        )
        return f'<footer id="footer" class="frame"><p><span>{plain(software)}</span>{links}</p></footer>'

    def _header(self, place: Place, current: str | None) -> str:
        texts = place.texts

        def marked(is_current: bool, value: str = "page") -> str:
            return f' aria-current="{value}"' if is_current else ""

        nav = "".join(
            f'<a href="{place.link(path)}"{marked(name == current)}>{plain(texts(f"nav_{name}"))}</a>'
            for name, path in self._pages.items()
        )
        languages = "".join(
            f'<a href="{escape(place.in_language(language))}" lang="{language}"'
            f"{marked(language == texts.language, 'true')}>{plain(messages(language)('language_name'))}</a>"
            for language in LANGUAGES
        )
        themes = "".join(
            f'<button name="theme" value="{theme}" aria-pressed="{str(theme == place.theme).lower()}"'
            f' aria-label="{escape(texts(f"theme_{theme}"))}" title="{escape(texts(f"theme_{theme}"))}">{icon}</button>'
            for theme, icon in _ICONS.items()
        )
        return (
            f'<header id="header" class="frame"><div class="header">'
            f'<a class="title" href="{place.link("/")}">{plain(self._title)}</a>'
            f'<nav aria-label="{escape(texts("nav_label"))}">{nav}</nav>'
            f'<form id="theme" method="post" action="{place.root}{FORMS["theme"][1:]}">'
            f'<span role="group" aria-label="{escape(texts("theme_label"))}">{themes}</span></form>'
            f'<div id="language">{languages}</div></div></header>'
        )

    def _consent(self, place: Place) -> str:
        """Return the line about publishing, unless the visitor has dismissed it. It has all its states, of which the
        style sheet shows one, so that a script can change it without a reload."""
        if place.consent == "hidden":
            return ""
        texts = place.texts
        lines = "".join(
            f'<span class="{state}">{plain(texts(f"consent_{state}"))}</span> ' for state in ("ask", "given", "refused")
        )
        buttons = "".join(
            f'<button name="consent" value="{value}" class="{states}">{plain(texts(key))}</button>'
            for value, states, key in (
                ("given", "ask", "consent_allow"),
                ("refused", "ask", "consent_refuse"),
                ("refused", "given", "consent_take_back"),
                ("hidden", "given refused", "consent_hide"),
            )
        )
        return (
            f'<section id="consent" class="frame" data-consent="{place.consent}"'
            f' aria-label="{escape(texts("consent_label"))}">'
            f'<form method="post" action="{place.root}{FORMS["consent"][1:]}"><div>'
            f'<p role="status">{lines}</p><p class="buttons">{buttons}</p>'
            f"<details><summary>{plain(texts('consent_details'))}</summary><p>{plain(texts('consent_more'))}</p></details>"
            "</div>"
            f'<p class="failed" role="alert" hidden>{plain(texts("consent_failed"))}</p></form></section>'
        )
