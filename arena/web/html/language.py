"""Set the language of a page before Gradio's first script reads it.

Gradio takes the language from `navigator.language` and has no switch. A script in its own `head=` runs too late (0.35
s), so this one is the first thing in the head. It sets the language that the server chose for the page. If the address
chose it (`?lang=ko`), a cookie keeps it, so that the page's own requests and the next pages have it too.
"""

from collections.abc import Callable, Collection

from starlette.requests import Request
from starlette.types import ASGIApp

from arena.web.html.change import Change

_SCRIPT = "<script>(()=>{const l='%s';Object.defineProperty(navigator,'language',{get:()=>l});%s})()</script>"
_KEEP = "document.cookie='lang='+l+'; path='+new URL('.',location).pathname+'; max-age=31536000; SameSite=Lax'"


class Language(Change):
    """Adds the script to every page. `language_of` returns the language of a page, such as `en`."""

    def __init__(self, app: ASGIApp, pages: Collection[str], language_of: Callable[[Request], str]) -> None:
        super().__init__(app, pages)
        self._language_of = language_of

    def changed(self, page: bytes, request: Request) -> bytes:
        language = self._language_of(request)
        keep = _KEEP if request.query_params.get("lang") == language else ""
        return page.replace(b"<head>", b"<head>" + (_SCRIPT % (language, keep)).encode(), 1)
