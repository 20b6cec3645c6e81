"""The addresses of the pages that the server makes, of their forms, and of the icon."""

from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.requests import Request

from arena.service import Arena
from arena.ui import theme
from arena.ui.links import DOCUMENTS, PULSE
from arena.ui.plain import choices, figures, leaderboard, mine, model, quick, shared
from arena.ui.plain.pages import PlainPages
from arena.ui.widgets import Identity

_KEEP = {"cache-control": "public, max-age=86400"}


def routes(
    arena: Arena,
    pages: PlainPages,
    visitor_of: Callable[[Request], Identity],
    make_new_visitor: Callable[[Response], None],
) -> APIRouter:
    """Return the routes; they must be in the app before Gradio, which has a favicon of its own. `make_new_visitor`
    gives the browser another cookie with an answer."""
    router = APIRouter()
    router.include_router(choices.routes(arena, pages.documents, visitor_of))
    router.include_router(leaderboard.routes(arena, pages.documents, visitor_of))
    router.include_router(shared.routes(arena, pages.documents, visitor_of))
    router.include_router(figures.routes(arena, pages.documents, visitor_of))
    router.include_router(model.routes(arena, pages.documents))
    router.include_router(mine.routes(arena, pages.documents, visitor_of, make_new_visitor))

    router.include_router(quick.routes(arena, pages.documents, visitor_of, title=pages.title))

    @router.get(DOCUMENTS["about"])
    async def about(request: Request) -> Response:
        return HTMLResponse(pages.about(request))

    @router.get(PULSE)
    async def pulse(request: Request) -> Response:
        visitor = visitor_of(request).visitor
        number = 0 if visitor is None else arena.pulse(visitor)
        return PlainTextResponse(str(number), headers={"cache-control": "no-store"})

    for name, media_type in _ICONS.items():
        router.get(f"/{name}")(_serve(theme.icon(name), media_type))
    return router


_ICONS: dict[Literal["favicon.svg", "favicon.ico", "preview.png"], str] = {
    "favicon.svg": "image/svg+xml",
    "favicon.ico": "image/x-icon",
    "preview.png": "image/png",
}


def _serve(icon: bytes, media_type: str) -> Callable[[], Awaitable[Response]]:
    async def serve() -> Response:
        return Response(icon, media_type=media_type, headers=_KEEP)

    return serve
