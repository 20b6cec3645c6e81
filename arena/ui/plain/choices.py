"""The forms of every page: the colours, and whether texts may be published.

Each is a small form of buttons. The answer is a redirect back to the page; a script that asks for JSON gets no body and
changes the page itself. The gate lets in only forms from our own pages.
"""

from collections.abc import Callable
from typing import get_args
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from arena.service import Arena, Refusal
from arena.ui.lines import notice, refusal_line
from arena.ui.links import DOCUMENTS, FORMS, PAGES
from arena.ui.plain.forms import field, wants_json
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.frame.place import Consent, Theme
from arena.ui.widgets import Identity

_KEEP_S = 400 * 86400  # the longest that browsers keep a cookie


def routes(arena: Arena, documents: Documents, visitor_of: Callable[[Request], Identity]) -> APIRouter:
    """Return the addresses that keep a choice of the colours or about publishing."""
    router = APIRouter()

    @router.post(FORMS["theme"])
    async def theme(request: Request) -> Response:
        chosen = await field(request, "theme")
        if chosen not in get_args(Theme):
            return Response(f"theme: expected one of {', '.join(get_args(Theme))}\n", 400, media_type="text/plain")
        return _kept(back(request), "theme", "" if chosen == "system" else chosen, request, documents)

    @router.post(FORMS["consent"])
    async def consent(request: Request) -> Response:
        chosen = await field(request, "consent")
        if chosen not in get_args(Consent)[1:]:
            expected = ", ".join(get_args(Consent)[1:])
            return Response(f"consent: expected one of {expected}\n", 400, media_type="text/plain")
        texts = documents.place(request).texts
        visitor = visitor_of(request).visitor
        if visitor is None:
            return _failed(request, notice("error_no_cookie", texts), 400, documents)
        if chosen != "hidden":
            try:
                await arena.visitors.set_consent(visitor, is_given=chosen == "given")
            except Refusal as refusal:
                return _failed(request, refusal_line(refusal, texts), 503, documents)
        return _kept(back(request), "consent", chosen, request, documents)

    return router


def back(request: Request) -> Response:
    """Return a redirect to the page that the form is on; the start page if that is not known."""
    if wants_json(request):
        return Response(status_code=204)
    try:
        came_from = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # such as http://[
        came_from = urlsplit("")
    page = came_from.path.rpartition("/")[2]
    to_root = "../" * (request.scope["path"].count("/") - 1) or "./"
    if f"/{page}" not in {*PAGES.values(), *DOCUMENTS.values()}:
        return Response(status_code=303, headers={"location": to_root})
    query = f"?{came_from.query}" if came_from.query else ""
    return Response(status_code=303, headers={"location": f"{to_root}{page}{query}"})


def _kept(answer: Response, name: str, value: str, request: Request, documents: Documents) -> Response:
    """Add a cookie to the answer; an empty value removes it."""
    answer.set_cookie(
        name,
        value,
        max_age=_KEEP_S if value else 0,
        path=f"{documents.base}/",
        secure=request.url.scheme == "https",
        samesite="lax",
    )
    return answer


def _failed(request: Request, line: str, status: int, documents: Documents) -> Response:
    place = documents.place(request)
    return HTMLResponse(documents.page(place, "not_done", line), status_code=status)
