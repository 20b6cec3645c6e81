"""The addresses of the leaderboard.

    /leaderboard?language=ko&sort=votes     the page of a view
    /leaderboard?...&part=board&known=...   what an open page fetches: the parts that changed, or nothing (204)
    /leaderboard.html                       an older address; it redirects

Fields that a form leaves empty are taken out of the address by a redirect. A view of the reader's own votes is theirs
alone, and no cache may keep it.
"""

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from arena.service import Arena, Board, Refusal, View, ViewError
from arena.ui.links import DOCUMENTS, OLD_LEADERBOARD
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.leaderboard.page import known_by, page, parts, wrong_page
from arena.ui.widgets import Identity

_PRIVATE = {"cache-control": "no-store"}
_HIDDEN = {"x-robots-tag": "noindex"}
STATUS = {"boards_busy": 429, "too_many_boards": 429, "no_board": 503, "no_ratings": 503, "not_stored": 503}
"""Of a page without a board, by the reason; 200 for the others, which the reader can do something about."""


def routes(arena: Arena, documents: Documents, visitor_of: Callable[[Request], Identity]) -> APIRouter:
    router = APIRouter()

    @router.get(OLD_LEADERBOARD)
    async def moved(request: Request) -> Response:
        query = request.scope["query_string"].decode("latin-1")
        path = f".{DOCUMENTS['leaderboard']}"
        return RedirectResponse(f"{path}?{query}" if query else path, status_code=308)

    @router.get(DOCUMENTS["leaderboard"])
    async def leaderboard(request: Request) -> Response:
        place, items = documents.place(request), request.query_params.multi_items()
        choices = await arena.boards.choices()
        try:
            view = View.of(items)
        except ViewError as error:
            text = wrong_page(error, choices, place)
            return HTMLResponse(documents.page(place, "leaderboard", text), status_code=400, headers=_HIDDEN)
        if any(not value for _, value in items):  # as a form sends them
            language = [("lang", place.texts.language)] if place.query else []
            query = urlencode([*view.query().items(), *language])
            return RedirectResponse(f".{DOCUMENTS['leaderboard']}{'?' * bool(query)}{query}", status_code=303)
        sender = visitor_of(request)
        if request.query_params.get("part") == "board":
            return await _part(view, sender, request)
        found: Board | Refusal
        status, headers = 200, _headers(view)
        try:
            found = await arena.boards.newest(view, visitor=sender.visitor, address=sender.address)
        except Refusal as refusal:
            found, status = refusal, STATUS.get(refusal.key, 200)
        text = page(found, view, choices, sender.visitor, place, time.time())
        return HTMLResponse(documents.page(place, "leaderboard", text), status_code=status, headers=headers)

    async def _part(view: View, sender: Identity, request: Request) -> Response:
        """Answer an open page. The official board is computed again after a vote, and others only on a reload."""
        place, now, n_newer = documents.place(request), time.time(), 0
        try:
            if view.is_official:
                found: Board | None = await arena.boards.newest()
            else:
                found, n_newer = await arena.boards.older(view, sender.visitor)
        except Refusal:
            return Response(status_code=204)
        known = request.query_params.get("known", "")
        if found is None or (shown := known_by(found, place.texts, now, n_newer=n_newer)) == known:
            return Response(status_code=204)
        has_table = not known.startswith(f"{found.revision}.")
        text = parts(found, view, place, now, n_newer=n_newer, has_table=has_table)
        return HTMLResponse(f'<div data-shown="{shown}">{text}</div>', headers=_headers(view))

    return router


def _headers(view: View) -> Mapping[str, str]:
    """No search engine lists the views, of which there are very many, and no cache keeps a reader's own."""
    return ({} if not view.query() else _HIDDEN) | (_PRIVATE if view.is_mine else {})
