"""The address of a model's page."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from arena.service import Arena, Refusal
from arena.ui.lines import refusal_line
from arena.ui.links import DOCUMENTS, model_address
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.model import page

_FRESH = {"cache-control": "no-store"}
"""A visitor may take the permission for a sample back at any time."""
_MOST_NAME = 300


def routes(arena: Arena, documents: Documents) -> APIRouter:
    router = APIRouter()

    @router.get(DOCUMENTS["model"])
    async def model(request: Request) -> Response:
        place, name = documents.place(request), request.query_params.get("name", "")
        try:
            profile = await arena.profiles.page(name)
        except Refusal as refusal:
            if refusal.key == "model_not_found":
                text = page.gone(name[:_MOST_NAME], place)
                return HTMLResponse(documents.page(place, "model_gone", text), 404, headers=_FRESH)
            text = refusal_line(refusal, place.texts)
            return HTMLResponse(documents.page(place, "not_done", text), 503, headers=_FRESH)
        text = documents.page(
            place,
            "model",
            page.page(profile, place),
            title=place.texts("model_title", name=name),
            description=place.texts("model_description", name=name),
            address=model_address(name),
        )
        return HTMLResponse(text, headers=_FRESH)

    return router
