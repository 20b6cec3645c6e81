"""The address of a figure: `/figures?show=better&language=ko`, with the filters of the leaderboard's view."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from arena.service import Arena, RatedDay, Refusal, View, ViewError
from arena.threads import in_thread
from arena.ui.lines import refusal_line
from arena.ui.links import DOCUMENTS
from arena.ui.plain.figures.drawing import NothingToDrawError, figure
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.figures import FIGURES
from arena.ui.plain.leaderboard.page import wrong_line
from arena.ui.plain.leaderboard.place import view_link
from arena.ui.plain.leaderboard.routes import STATUS
from arena.ui.untrusted import plain
from arena.ui.widgets import Identity

_HEADERS = {"x-robots-tag": "noindex", "cache-control": "no-store"}


def routes(arena: Arena, documents: Documents, visitor_of: Callable[[Request], Identity]) -> APIRouter:
    router = APIRouter()

    @router.get(DOCUMENTS["figures"])
    async def figures(request: Request) -> Response:
        place, name = documents.place(request), request.query_params.get("show", "")
        try:
            view = View.of(request.query_params.multi_items())
        except ViewError as error:
            return _page(place, wrong_line(error, place.texts), View(), 400)
        if name not in FIGURES:
            return _page(place, f"<p>{plain(place.texts('figures_wrong'))}</p>", view, 404)
        sender = visitor_of(request)
        try:
            board = await arena.boards.newest(view, visitor=sender.visitor, address=sender.address)
            histories: Mapping[str, Sequence[RatedDay]] = {}
            if name == "history":
                histories = await arena.profiles.histories(view, sender.visitor, revision=board.revision)
            text = await in_thread(partial(figure, name, board, histories, place, has_style=view.has_style))
        except Refusal as refusal:
            return _page(place, refusal_line(refusal, place.texts), view, STATUS.get(refusal.key, 200), name=name)
        except NothingToDrawError as error:
            line = place.texts("figures_none", reason=place.texts(error.reason))
            return _page(place, f"<p>{plain(line)}</p>", view, 200, name=name)
        return _page(place, text, view, 200, name=name)

    def _page(place: Place, text: str, view: View, status: int, *, name: str = "") -> Response:
        title = place.texts(f"figure_{name}") if name else place.texts("title_figures")
        back = f'<p><a href="{view_link(view, place)}">{plain(place.texts("figures_back"))}</a></p>'
        main = f'<article id="figure"><h1>{plain(title)}</h1>{text}{back}</article>'
        return HTMLResponse(documents.page(place, "figures", main, title=title), status, headers=_HEADERS)

    return router
