"""Addresses for programs: `/health`, and the official board as JSON and CSV.

The JSON is what `python -m elo recompute --json` writes, with the ledger's revision and the excluded votes by reason.
The CSV has its `models`, one per line. Floats are written so that they read back the same. Both take the parameters of
the page's address (`arena.standings.view`), and refuse any other; with `columns=all` they have every column of the
page.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from starlette.requests import Request

from arena.service import Arena, Board, Refusal, View, ViewError, board_csv, board_json

_OURS = ("columns", "lang")
"""Other parameters than those of a view."""
_STATUS = {
    "no_visitor": 400,
    "too_few_votes": 422,
    "no_ratings_of_view": 422,
    "style_collinear": 422,
    "style_endless": 422,
    "style_unknown": 422,
    "boards_busy": 429,
    "too_many_boards": 429,
}


_NOT_KEPT = {"cache-control": "no-store"}


class Sender(Protocol):
    """Who sent a request."""

    @property
    def visitor(self) -> str | None: ...

    @property
    def address(self) -> str | None: ...


def routes(arena: Arena, visitor_of: Callable[[Request], Sender]) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> Response:
        """Answer 200 while the pages and the database work, however many models are ready, otherwise 503."""
        try:
            status = await arena.status()
        except Refusal as refusal:
            return _refused(refusal)
        models = {
            "active": status.n_models,
            "ready": status.n_ready,
            "loading": status.n_loading,
            "failed": status.n_failed,
        }
        return JSONResponse({"status": "ok", "models": models, "votes": status.n_votes})

    async def shown(request: Request) -> tuple[Board, View, bool]:
        """Return the board that the address asks for, its view, and whether the file has every column of the page."""
        query = request.query_params.multi_items()
        view = View.of(query, ours=_OURS)
        columns = request.query_params.get("columns", "")
        if columns not in ("", "all"):
            raise ViewError("columns", columns, "all")
        if not query:
            return await arena.boards.newest(), view, False
        sender = visitor_of(request)
        board = await arena.boards.newest(view, visitor=sender.visitor, address=sender.address)
        return board, view, columns == "all"

    @router.get("/leaderboard.json")
    async def leaderboard_json(request: Request) -> Response:
        try:
            board, view, has_all = await shown(request)
        except (Refusal, ViewError) as error:
            return _refused(error)
        return JSONResponse(board_json(board, view, has_all=has_all), headers=_headers(view))

    @router.get("/leaderboard.csv")
    async def leaderboard_csv(request: Request) -> Response:
        try:
            board, view, has_all = await shown(request)
        except (Refusal, ViewError) as error:
            return _refused(error)
        text = board_csv(board, view, has_all=has_all)
        return Response(text, media_type="text/csv; charset=utf-8", headers=_headers(view))

    return router


def _headers(view: View) -> Mapping[str, str]:
    """A cache asks again each time, because the next vote changes the numbers, and keeps no reader's own votes."""
    return {"cache-control": "no-store" if view.is_mine else "private, no-cache"}


def _refused(error: Refusal | ViewError) -> Response:
    if isinstance(error, ViewError):
        told = {"name": error.name, "came": error.came, "expected": error.expected, "message": str(error)}
        return JSONResponse({"status": "refused", "error": "view_wrong", **told}, status_code=400, headers=_NOT_KEPT)
    status = _STATUS.get(error.key, 503)
    return JSONResponse(
        {"status": "failing" if status == 503 else "refused", "error": error.key, **error.numbers},
        status_code=status,
        headers=_NOT_KEPT,
    )
