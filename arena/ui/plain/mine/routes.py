"""The addresses of the visitor's own page: the page, the download, and the deletion.

All of it belongs to the visitor of the request's cookie; no address names a visitor. The gate lets in only forms from
our own pages.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from arena.rules.limits import OWN_BOARD_VOTES
from arena.service import Arena, Kind, OwnBattle, OwnBattles, OwnBoard, Refusal
from arena.ui.lines import notice, refusal_line
from arena.ui.links import DOCUMENTS, EXPORT, FORMS
from arena.ui.plain.forms import field
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.mine import data
from arena.ui.plain.mine.page import page
from arena.ui.plain.mine.place import Wish
from arena.ui.widgets import Identity

_PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex"}
_NOBODY = OwnBoard(0, 0, 0, 0, (), None)
_LIVE_KINDS: tuple[Kind, ...] = ("battle", "named", "chat")


def routes(
    arena: Arena,
    documents: Documents,
    visitor_of: Callable[[Request], Identity],
    make_new_visitor: Callable[[Response], None],
) -> APIRouter:
    router = APIRouter()

    @router.get(DOCUMENTS["mine"])
    async def mine(request: Request) -> Response:
        place, visitor = documents.place(request), visitor_of(request).visitor
        wish = Wish.of(request.query_params)
        found, own, consent_at, going_on = OwnBattles((), None), _NOBODY, None, frozenset[str]()
        try:
            if visitor is not None:
                own = await arena.visitors.board(visitor)
                if request.query_params.get("delete") == "ask":
                    return _page(request, data.ask(own, place), title="mine_delete_title")
                found = await arena.visitors.battles(visitor, wish.chosen, wish.before)
                going_on = await _going_on(arena, visitor, found.battles)
                consent_at = await arena.visitors.consent(visitor)
        except Refusal as refusal:
            return _failed(request, refusal)
        text = page(found, going_on, own, consent_at, wish, place, least=OWN_BOARD_VOTES, now=time.time())
        return _page(request, text)

    @router.get(EXPORT)
    async def export(request: Request) -> Response:
        visitor = visitor_of(request).visitor
        if visitor is None:
            return _page(request, notice("error_no_cookie", documents.place(request).texts), status=400)
        try:
            parts = await arena.visitors.export(visitor)
        except Refusal as refusal:
            return _failed(request, refusal)
        headers = {**_PRIVATE, "content-disposition": 'attachment; filename="arena-mine.json"'}
        return StreamingResponse(parts, media_type="application/json", headers=headers)

    @router.post(FORMS["delete"])
    async def delete(request: Request) -> Response:
        place, visitor = documents.place(request), visitor_of(request).visitor
        if visitor is None:
            return _page(request, notice("error_no_cookie", place.texts), status=400)
        try:
            if await field(request, "sure") != "yes":
                return _page(request, data.ask(await arena.visitors.board(visitor), place), title="mine_delete_title")
            stays = await arena.visitors.forget(visitor)
        except Refusal as refusal:
            return _failed(request, refusal)
        answer = _page(request, data.done(stays, place), title="mine_deleted_title", is_asked=True)
        make_new_visitor(answer)
        answer.delete_cookie("consent", path=f"{documents.base}/")
        return answer

    def _page(
        request: Request, text: str, *, title: str = "title_mine", status: int = 200, is_asked: bool = False
    ) -> Response:
        """Return a page at the address of `mine`; with `is_asked` the line about publishing asks again."""
        place = documents.place(request)
        place = replace(place, path=DOCUMENTS["mine"], consent="ask" if is_asked else place.consent)
        return HTMLResponse(
            documents.page(place, "mine", text, title=place.texts(title)), status_code=status, headers=_PRIVATE
        )

    def _failed(request: Request, refusal: Refusal) -> Response:
        return _page(request, refusal_line(refusal, documents.place(request).texts), status=503)

    return router


async def _going_on(arena: Arena, visitor: str, shown: Sequence[OwnBattle]) -> frozenset[str]:
    """Return those of the shown battles that go on: they wait for a vote or another prompt, or are being written."""
    found = set()
    for kind in _LIVE_KINDS:
        unvoted = [one for one in shown if one.kind == kind and one.state in ("open", "votable")]
        if not unvoted:
            continue
        try:
            current = await arena.current(visitor, kind)
        except Refusal as refusal:
            if refusal.key != "named_pages_off":
                raise
        else:
            found |= {one.battle_id for one in unvoted if one.state == "votable" or one.battle_id == current}
    return frozenset(found)
