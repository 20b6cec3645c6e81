"""One model's rating and interval as a bar in a table row, and the axis for the table's header."""

from elo.board.leaderboard import BoardRow
from elo.board.plots.drawing.axis import Axis
from elo.board.plots.drawing.markup import line, upright


def axis_strip(axis: Axis) -> str:
    """The numbers of the axis, as an SVG for the header above the bars."""
    numbers = "".join(f'<text x="{axis.at(tick)}" y="14" text-anchor="middle">{tick:g}</text>' for tick in axis.ticks())
    return f'<svg class="axis" width="100%" height="18" aria-hidden="true">{numbers}</svg>'


def interval_bar(row: BoardRow, axis: Axis) -> str:
    """The interval as a line, the rating as a dot, on the lines of the axis: an SVG for a cell of the row."""
    grid = "".join(upright(axis.at(tick), "0", "100%", "grid", 1) for tick in axis.ticks())
    return f'<svg width="100%" height="28" aria-hidden="true">{grid}{interval_marks(row, axis, "50%")}</svg>'


def interval_marks(row: BoardRow, axis: Axis, y: str) -> str:
    """The line and the dot alone, at height y. Dashed and hollow (`wide`, `hollow`): the interval of a short record."""
    is_wide = row.interval == "hessian"
    dot = f'<circle class="{"hollow" if is_wide else "dot"}" cx="{axis.at(row.rating)}" cy="{y}" r="5"></circle>'
    if row.low is None or row.high is None:
        return dot
    return line(axis.at(row.low), axis.at(row.high), y, "range wide" if is_wide else "range", 3) + dot
