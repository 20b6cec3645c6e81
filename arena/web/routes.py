"""Addresses that are no pages: `/health`, and the official board as JSON and CSV for programs.

The JSON is what `python -m elo recompute --json` writes, with the ledger's revision and the excluded votes by reason;
the CSV has its `models`, one a line. Floats are written so that they read back the same.
"""

from __future__ import annotations

import csv
import dataclasses
import io

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from arena.service import Arena, Refusal
from elo.leaderboard import Row

_COLUMNS = [column.name for column in dataclasses.fields(Row)]


def routes(arena: Arena) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> Response:
        """200 while pages answer and the database does, however many models are ready; else 503."""
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
        text = io.StringIO()
        table = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(row.to_json() for row in board.leaderboard.rows)
        return Response(text.getvalue(), media_type="text/csv; charset=utf-8")

    return router


def _refused(refusal: Refusal) -> Response:
    return JSONResponse({"status": "failing", "error": refusal.key}, status_code=503)
