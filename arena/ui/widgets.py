"""What all pages share: the header, and the language of a visitor.

A page is built once for all visitors, so `said(key)` leaves a sentence for the browser to fill in, in its language
(Gradio's i18n). A handler knows the language of its caller and uses `Caller.texts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import gradio as gr
from gradio.i18n import I18nData

from arena.settings import Settings
from arena.ui.links import PAGES, link
from arena.ui.messages import LANGUAGES, Messages, messages, preferred_language
from arena.ui.untrusted import plain


class Identity(Protocol):
    """What the web layer knows about the sender of a request."""

    @property
    def visitor(self) -> str | None: ...

    @property
    def address(self) -> str | None: ...


VisitorOf = Callable[[gr.Request], Identity]


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request: the visitor's pseudonym (None without a cookie), the HMAC of the address (None without
    one), and the messages in the visitor's language."""

    visitor: str | None
    address: str | None
    texts: Messages


def caller(request: gr.Request, visitor_of: VisitorOf) -> Caller:
    language = preferred_language(request.cookies, request.headers.get("accept-language"))
    sender = visitor_of(request)
    return Caller(visitor=sender.visitor, address=sender.address, texts=messages(language))


def said(key: str) -> I18nData:
    """Return the placeholder for the sentence `key` of `browser_sentences`."""
    return I18nData(key)


def header() -> None:
    """Add the header of a page, and the notice that `connection.js` shows while the connection is lost. `page.js` marks
    the current page and language. Gradio's own bar has no language switch and too little contrast."""
    gr.Markdown(said("header"), elem_id="header")
    gr.Markdown(said("connection_lost"), elem_id="connection")


def browser_sentences(settings: Settings) -> dict[str, dict[str, str]]:
    """Return what the browser fills in, by language: all sentences without numbers, the header, the examples."""
    sentences: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        texts = messages(language)
        own = {key: sentence for key, sentence in texts.texts.items() if _is_filled_in_there(key, sentence)}
        own["download_html"] = texts("download_html", json=link("/leaderboard.json"), csv=link("/leaderboard.csv"))
        own["header"] = header_html(
            texts,
            settings.arena.title,
            links={name: link(path) for name, path in PAGES.items()},
            languages={language: f"?lang={language}" for language in LANGUAGES},
        )
        own |= {f"example_{number}": example for number, example in enumerate(texts.examples)}
        sentences[language] = own
    return sentences


def header_html(
    texts: Messages,
    title: str,
    *,
    links: Mapping[str, str],
    languages: Mapping[str, str],
    current: str | None = None,
) -> str:
    """Return the header with the arena's title, `links` to the pages by name, and links to the languages. `current` is
    the page to mark, None if the browser marks page and language."""

    def marked(is_current: bool) -> str:
        return ' aria-current="page"' if is_current else ""

    nav = "".join(
        f'<a href="{href}"{marked(name == current)}>{plain(texts(f"nav_{name}"))}</a>' for name, href in links.items()
    )
    switch = "".join(
        f'<a href="{href}" lang="{language}"{marked(current is not None and language == texts.language)}>'
        f"{plain(messages(language)('language_name'))}</a>"
        for language, href in languages.items()
    )
    return (
        f'<div class="header"><a class="title" href="{links["battle"]}">{plain(title)}</a>'
        f'<nav>{nav}</nav><div id="language">{switch}</div></div>'
    )


def _is_filled_in_there(key: str, sentence: str) -> bool:
    """Whether the browser needs a sentence: those with numbers and those of the owner's page are filled in here."""
    return "{" not in sentence and not key.startswith("owner_")
