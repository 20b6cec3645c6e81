"""Addresses for programs: `/health`, and the official board as JSON and CSV.

The JSON is what `python -m elo recompute --json` writes, with the ledger's revision and the excluded votes by reason.
The CSV has its `models`, one per line. Floats are written so that they read back the same.
"""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from arena.service import Arena, Refusal
from elo.board.leaderboard import board_csv


def routes(arena: Arena) -> APIRouter:
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

    @router.get("/leaderboard.json")
    async def leaderboard_json() -> Response:
        try:
            board = await arena.leaderboard()
        except Refusal as refusal:
            return _refused(refusal)
        return JSONResponse(board.to_json())

    @router.get("/leaderboard.csv")
    async def leaderboard_csv() -> Response:
        try:
            board = await arena.leaderboard()
        except Refusal as refusal:
            return _refused(refusal)
        return Response(board_csv(board.leaderboard), media_type="text/csv; charset=utf-8")

    return router


def _refused(refusal: Refusal) -> Response:
    return JSONResponse({"status": "failing", "error": refusal.key}, status_code=503)
