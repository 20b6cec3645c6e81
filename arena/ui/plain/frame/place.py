"""Where a page is, and what its visitor has chosen: the language, the colours, and whether texts may be published.

Links are relative to the page's own address, or begin with the path of the arena's public URL. They keep a language
that the address chose (`?lang=ko`), because without script there is no cookie for it.

Choices are cookies, so that the server can make each page right at once: `lang`, `theme` (`light` or `dark`) and
`consent` (the state of the line about publishing; the consent itself is in the database).
"""

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlencode

from starlette.requests import Request

from arena.ui.links import DOCUMENTS, PAGES
from arena.ui.messages import LANGUAGES, Messages, messages, preferred_language

Theme = Literal["light", "dark", "system"]
Consent = Literal["ask", "given", "refused", "hidden"]
"""The line about publishing: not answered yet, answered, or dismissed."""
_MAX_DEPTH = 50  # "../" in a link; a path of 64 kB of slashes would repeat it 64,000 times in every link
_MAX_QUERY = 500  # characters; a longer query is not repeated in links


@dataclass(frozen=True, slots=True)
class Place:
    """A page's address: its own path, if the page exists, and the way to the arena's root."""

    path: str | None
    root: str
    texts: Messages
    query: str
    """`?lang=ko` if the address chose a language."""
    rest: tuple[tuple[str, str], ...]
    """The other parameters of the address, such as the `id` of a shared battle."""
    theme: Theme
    consent: Consent

    def link(self, path: str) -> str:
        return f"{self.root}{path.removeprefix('/')}{self.query}"

    def in_language(self, language: str) -> str:
        query = urlencode([*self.rest, ("lang", language)])
        return f"{self.root}{self.path.removeprefix('/')}?{query}" if self.path else f"?{query}"


def place_of(request: Request, base: str) -> Place:
    """Return the place of a request. `base` is the path of the public URL, such as `/arena`, or empty."""
    language, path = language_of(request), request.scope["path"]
    query = f"?lang={language}" if request.query_params.get("lang") == language else ""
    is_ours = path in {*PAGES.values(), *DOCUMENTS.values()}
    has_short_query = is_ours and len(request.scope["query_string"]) <= _MAX_QUERY
    return Place(
        path=path if is_ours else None,
        root=_root(request, base),
        texts=messages(language),
        query=query,
        rest=tuple(one for one in request.query_params.multi_items() if one[0] != "lang") if has_short_query else (),
        theme=theme_of(request),
        consent=_consent_of(request),
    )


def language_of(request: Request) -> str:
    """Return the language of a page: `?lang=ko` in its address, else as on the other pages."""
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        return chosen
    return preferred_language(request.cookies, request.headers.get("accept-language"))


def theme_of(request: Request) -> Theme:
    chosen = request.cookies.get("theme")
    return "dark" if chosen == "dark" else "light" if chosen == "light" else "system"


def _consent_of(request: Request) -> Consent:
    state = request.cookies.get("consent")
    return state if state in get_args(Consent) else "ask"  # type: ignore[return-value]


def _root(request: Request, base: str) -> str:
    if base:
        return f"{base}/"
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return "../" * min(raw.count(b"/") - 1, _MAX_DEPTH) or "./"
