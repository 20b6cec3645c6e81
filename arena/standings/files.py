"""A board as files: the JSON of `python -m elo recompute --json` and the CSV of `--csv`, for a view. Pure."""

import csv
import io

from arena.standings.board import Board
from arena.standings.lines import lines, unrated
from arena.standings.view import View
from elo.board.leaderboard import COLUMNS


def board_json(board: Board, view: View, *, has_all: bool) -> dict[str, object]:
    """Return the models that the view shows, in its order. `has_all`: with every column of the page."""
    models = [line.row.to_json() | (line.to_json() if has_all else {}) for line in lines(board, view)]
    return board.to_json() | {"models": models, "unrated": list(unrated(board, view))}


def board_csv(board: Board, view: View, *, has_all: bool) -> str:
    """Return the same as a table with a header; lines end in "\\n", floats read back the same, None is empty."""
    shown = lines(board, view)
    rows = [line.row.to_json() | (line.to_json() if has_all else {}) for line in shown]
    names = list(dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)]))
    text = io.StringIO()
    table = csv.DictWriter(text, names, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
