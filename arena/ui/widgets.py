"""What all of Gradio's pages share: who sent a request, and sentences that the browser fills in.

A page is built once for all visitors, so `said(key)` leaves a sentence for the browser to fill in, in its language
(Gradio's i18n). A handler knows the language of its caller and uses `Caller.texts`. The header and the footer come from
the server, with the page (`plain.shell`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl

import gradio as gr
from gradio.i18n import I18nData

from arena.ui.messages import LANGUAGES, Messages, messages, preferred_language


class Identity(Protocol):
    """What the web layer knows about the sender of a request."""

    @property
    def visitor(self) -> str | None: ...

    @property
    def address(self) -> str | None: ...


QUERY_HEADER = "x-page-query"
"""Gradio's requests have a query of their own; `connection.js` adds the page's."""
MAX_QUERY_CHARS = 2000
VisitorOf = Callable[[gr.Request], Identity]
_OF_SERVER = ("owner_", "mine_", "filter_", "style_", "offline_", "view_", "column_", "computed_", "rated_")
"""How the keys of sentences begin that no page of Gradio has."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request: the visitor's pseudonym (None without a cookie), the HMAC of the address (None without
    one), the messages in the visitor's language, and the query of the page's own address, such as `?a=Wren+Sol`."""

    visitor: str | None
    address: str | None
    texts: Messages
    query: Mapping[str, str]


def caller(request: gr.Request, visitor_of: VisitorOf) -> Caller:
    language = preferred_language(request.cookies, request.headers.get("accept-language"))
    sender = visitor_of(request)
    query = dict(parse_qsl(request.headers.get(QUERY_HEADER, "")[:MAX_QUERY_CHARS].removeprefix("?")))
    return Caller(visitor=sender.visitor, address=sender.address, texts=messages(language), query=query)


def said(key: str) -> I18nData:
    """Return the placeholder for the sentence `key` of `browser_sentences`."""
    return I18nData(key)


def browser_sentences() -> dict[str, dict[str, str]]:
    """Return what the browser fills in, by language: all sentences without numbers."""
    sentences: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        texts = messages(language)
        sentences[language] = {key: text for key, text in texts.texts.items() if _is_filled_in_there(key, text)}
    return sentences


def _is_filled_in_there(key: str, sentence: str) -> bool:
    """Whether the browser needs a sentence: those with numbers, and those of pages that the server makes, are filled in
    here."""
    return "{" not in sentence and not key.startswith(_OF_SERVER)
