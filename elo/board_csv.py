"""A board as CSV, for the web and for `recompute`: the rows of its JSON, one a line, a column for each field."""

import csv
import io
from dataclasses import fields

from elo.leaderboard import Leaderboard, Row

COLUMNS = tuple(field.name for field in fields(Row))


def board_csv(board: Leaderboard) -> str:
    """With a header; lines end in "\\n". Floats are written so that they read back the same, None as nothing."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(row.to_json() for row in board.rows)
    return text.getvalue()
