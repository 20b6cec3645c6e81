"""What every page has: the header with the pages' names and the language switch, and who is asking in which language.

`said(key)` is a sentence that the browser fills in itself in its language (Gradio's i18n): for everything that stands
on a page from the start, because the page is built once for all. What a handler sends is translated by the handler,
with `Caller.texts`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import gradio as gr
from gradio.i18n import I18nData

from arena.settings import Settings
from arena.ui.links import PAGES, link
from arena.ui.messages import LANGUAGES, Messages, messages, preferred_language
from arena.ui.untrusted import plain


class Who(Protocol):
    """What the web layer tells of a request's sender."""

    @property
    def visitor(self) -> str | None: ...

    @property
    def address(self) -> str | None: ...


VisitorOf = Callable[[gr.Request], Who]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the visitor's pseudonym (None without a cookie), the HMAC of the address (None without one),
    and the sentences of the language."""

    visitor: str | None
    address: str | None
    texts: Messages


def caller(request: gr.Request, visitor_of: VisitorOf) -> Caller:
    language = preferred_language(request.cookies, request.headers.get("accept-language"))
    who = visitor_of(request)
    return Caller(visitor=who.visitor, address=who.address, texts=messages(language))


def said(key: str) -> I18nData:
    """The sentence `key` of `browser_sentences`, in the browser's language."""
    return I18nData(key)


def header() -> None:
    """The line on top of every page; `page.js` marks the present page and language. Gradio's own bar knows neither
    languages nor contrast. Below it is what `connection.js` shows while the connection is lost."""
    gr.Markdown(said("header"), elem_id="header")
    gr.Markdown(said("connection_lost"), elem_id="connection")


def browser_sentences(settings: Settings) -> dict[str, dict[str, str]]:
    """What the browser fills in itself, by language: all sentences without numbers, the header, the examples."""
    sentences: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        texts = messages(language)
        own = {key: sentence for key, sentence in texts.texts.items() if "{" not in sentence}
        own["download_html"] = texts("download_html", json=link("/leaderboard.json"), csv=link("/leaderboard.csv"))
        own["header"] = _header(texts, settings.arena.title)
        own |= {f"example_{number}": example for number, example in enumerate(texts.examples)}
        sentences[language] = own
    return sentences


def _header(texts: Messages, title: str) -> str:
    links = "".join(f'<a href="{link(path)}">{plain(texts(f"nav_{name}"))}</a>' for name, path in PAGES.items())
    languages = "".join(
        f'<a href="?lang={language}" lang="{language}">{plain(messages(language)("language_name"))}</a>'
        for language in LANGUAGES
    )
    return (
        f'<div class="header"><a class="title" href="{link("/")}">{plain(title)}</a>'
        f'<nav>{links}</nav><div id="language">{languages}</div></div>'
    )
