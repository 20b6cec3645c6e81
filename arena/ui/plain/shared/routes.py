"""The addresses of a battle's page and of the forms after a vote.

A form that a script sends asks for JSON; without script the answer is a redirect to the battle's page, or with the
field `back` to the page of the form. The gate lets in only forms from our own pages, and `Arena` checks whose battle it
is.
"""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from arena.service import Arena, Feedback, Refusal
from arena.ui.lines import refusal_line
from arena.ui.links import DOCUMENTS, FORMS
from arena.ui.plain.choices import back
from arena.ui.plain.forms import fields as fields_of
from arena.ui.plain.forms import wants_json
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.shared import page
from arena.ui.widgets import Identity

_NEVER_KEPT = {"cache-control": "no-store", "x-robots-tag": "noindex, noarchive"}
"""A battle that is no longer shared must be gone at once, also from caches and search engines."""
_MAX_FIELDS = 40


def routes(arena: Arena, documents: Documents, visitor_of: Callable[[Request], Identity]) -> APIRouter:
    router = APIRouter()

    @router.get(DOCUMENTS["shared"])
    async def battle(request: Request) -> Response:
        place = documents.place(request)
        share_id = request.query_params.get("id", "")
        try:
            shown = await arena.sharing.page(share_id, visitor_of(request).visitor)
        except Refusal as refusal:
            if refusal.key != "share_not_found":
                line = refusal_line(refusal, place.texts)
                return HTMLResponse(documents.page(place, "not_done", line), 503, headers=_NEVER_KEPT)
            return HTMLResponse(documents.page(place, "shared_gone", page.gone(place)), 404, headers=_NEVER_KEPT)
        text = documents.page(
            place,
            "shared",
            page.page(shown, place),
            title=page.title(shown, place.texts),
            description=page.description(shown, place.texts),
            address=f"{DOCUMENTS['shared']}?id={shown.share_id}",
        )
        return HTMLResponse(text, headers=_NEVER_KEPT)

    @router.post(FORMS["share"])
    async def share(request: Request) -> Response:
        fields = await fields_of(request, most=_MAX_FIELDS)
        visitor, battle_id = visitor_of(request).visitor, fields.get("battle", [""])[0]
        is_shared = fields.get("shared", [""])[0] == "1"
        try:
            if visitor is None:
                raise Refusal("battle_not_found")
            change = arena.sharing.share if is_shared else arena.sharing.take_back
            share_id = await change(visitor, battle_id)
        except Refusal as refusal:
            return _refused(refusal, request, documents)
        if wants_json(request):
            return JSONResponse({"id": share_id, "is_shared": is_shared})
        if "back" in fields:
            return back(request)
        return Response(status_code=303, headers={"location": f"../battle?id={share_id}"})

    @router.post(FORMS["feedback"])
    async def feedback(request: Request) -> Response:
        """Store the feedback of a battle, or with the field `read` return what is stored."""
        fields = await fields_of(request, most=_MAX_FIELDS)
        visitor, battle_id = visitor_of(request).visitor, fields.get("battle", [""])[0]
        try:
            if visitor is None:
                raise Refusal("battle_not_found")
            if "read" in fields:
                stored = await arena.feedback.of(visitor, battle_id)
            else:
                stored = await arena.feedback.save(
                    visitor,
                    battle_id,
                    a=fields.get("a", []),
                    b=fields.get("b", []),
                    comment=fields.get("comment", [""])[0],
                )
        except Refusal as refusal:
            return _refused(refusal, request, documents)
        return JSONResponse(_as_json(stored))

    return router


def _as_json(feedback: Feedback) -> Mapping[str, object]:
    return {"a": feedback.a, "b": feedback.b, "comment": feedback.comment or ""}


def _refused(refusal: Refusal, request: Request, documents: Documents) -> Response:
    place = documents.place(request)
    status = {"battle_not_found": 404, "not_stored": 503}.get(refusal.key, 400)
    line = refusal_line(refusal, place.texts)
    if wants_json(request):
        return JSONResponse({"error": refusal.key, "line": line}, status)
    return HTMLResponse(documents.page(place, "not_done", line), status)
