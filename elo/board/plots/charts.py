"""Charts of a board: ratings with intervals, average win rates."""

import math
from collections.abc import Sequence
from itertools import groupby

from elo.board.leaderboard import BoardRow, Leaderboard
from elo.board.matrices import Matrices
from elo.board.plots.bars import interval_marks
from elo.board.plots.drawing.axis import Axis
from elo.board.plots.drawing.markup import cut, line, plain, upright, width

TOP = 40
"""Models in a figure, unless more are asked for: it is then 1,800 pixels high."""

_LONGEST_NAME = 48
_LONGEST_ON_A_PHONE = 22


def board_figure(board: Leaderboard, *, top: int = TOP) -> str:
    """Ratings with intervals, best first, in one group for each component. Dashed with a hollow dot: the wide interval
    of a short record. Only the first `top` models are shown, and the caption counts them; 0 shows all."""
    rows = sorted(board.rows, key=lambda row: row.component)
    shown = rows[:top] if top else rows
    axis = Axis.of_rows(shown)
    percent = f"{100 * board.settings.level:g} %"
    caption = [f"{percent} intervals." if any(row.low is not None for row in shown) else "Without intervals."]
    if any(row.interval == "hessian" for row in shown):
        caption.append("Dashed: few points won or lost.")
    chart = _Chart("Models by rating", [*caption, *_left_out(len(shown), len(rows))], axis)
    for component, of_group in groupby(shown, key=lambda row: row.component):
        if board.n_components > 1:
            chart.heading(f"Group {component}" + (", cannot be compared with the others" if component > 1 else ""))
        for row in of_group:
            marks = line("0", "100%", "7", "grid", 1) + interval_marks(row, axis, "7")
            chart.row(row.rank_span, row.model, _rating(row), marks)
    return chart.text()


def _left_out(n_shown: int, n: int) -> list[str]:
    return [f"The first {n_shown} of {n} models."] if n_shown < n else []


def _rating(row: BoardRow) -> str:
    if row.low is None or row.high is None:
        return f"{row.rating:.0f}"
    return f"{row.rating:.0f} ({row.low:.0f} to {row.high:.0f})"


def win_rates_figure(matrices: Matrices, *, top: int = TOP) -> str:
    """The expected score of each model against all others as a bar, and the observed one against its opponents as a
    mark. Of the first `top` models, as in `board_figure`."""
    models = matrices.models[:top] if top else matrices.models
    chart = _Chart(
        "Average win rate against all others",
        ["Bar: expected by the ratings.", "Mark: observed.", *_left_out(len(models), len(matrices.models))],
        Axis(0.0, 1.0),
        ticks=((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")),
    )
    for model, expected, observed in zip(
        models, matrices.average_win_rate.tolist(), matrices.average_observed.tolist(), strict=False
    ):
        marks = '<rect class="track" width="100%" y="2" height="10" rx="3"/>'
        if math.isfinite(expected):
            marks += f'<rect class="bar" width="{_percent(expected)}" y="2" height="10" rx="3"/>'
        if math.isfinite(observed):
            marks += upright(_percent(observed), "-1", "15", "ink", 2)
        chart.row("", model, f"{100 * expected:.1f} %" if math.isfinite(expected) else "alone", marks)
    return chart.text()


class _Chart:
    """Rows, each a line of text over marks on a common axis."""

    _ROW, _HEADING, _MARKS = 42, 32, 22

    def __init__(
        self,
        title: str,
        caption: Sequence[str],
        axis: Axis,
        *,
        ticks: Sequence[tuple[float, str]] | None = None,
    ) -> None:
        self._title, self._caption, self._axis = title, " ".join(caption), axis
        self._ticks = ticks if ticks is not None else [(tick, f"{tick:g}") for tick in axis.ticks()]
        self._rows: list[str] = []
        self._y = self._top = 50

    def heading(self, text: str) -> None:
        self._rows.append(f'<text class="group" x="0" y="{self._y + 20}">{plain(text)}</text>')
        self._y += self._HEADING

    def row(self, rank: str, model: str, value: str, marks: str) -> None:
        name = plain(cut(model, _LONGEST_NAME))
        if width(model) > _LONGEST_ON_A_PHONE:  # the style sheet shows one of the two
            short = plain(cut(model, _LONGEST_ON_A_PHONE))
            name = f'<tspan class="full">{name}</tspan><tspan class="short">{short}</tspan>'
        place = f'<tspan class="quiet number">{plain(rank)}</tspan> ' if rank else ""
        self._rows.append(
            f"<g><title>{plain(model)}</title>"
            f'<text x="0" y="{self._y + 16}">{place}{name}</text>'
            f'<text class="quiet number" x="100%" y="{self._y + 16}" text-anchor="end">{plain(value)}</text>'
            f'<svg y="{self._y + self._MARKS}" width="100%" height="14" overflow="visible">{marks}</svg></g>'
        )
        self._y += self._ROW

    def text(self) -> str:
        bottom = self._y + 4
        grid = "".join(
            f'<line class="{"half" if label == "50 %" else "grid"}" x1="{self._axis.at(tick)}" '
            f'x2="{self._axis.at(tick)}" y1="{self._top}" y2="{bottom}"/>'
            f'<text class="quiet number" x="{self._axis.at(tick)}" y="{bottom + 16}" '
            f'text-anchor="{_anchor(self._axis.at(tick))}">{plain(label)}</text>'
            for tick, label in self._ticks
        )
        return (
            f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" width="760" height="{bottom + 24}" role="img">'
            f"<title>{plain(self._title)}</title>"
            f'<text class="group" x="0" y="16">{plain(self._title)}</text>'
            f'<text class="quiet" x="0" y="36">{plain(self._caption)}</text>'
            f"{grid}{''.join(self._rows)}</svg>"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def _anchor(position: str) -> str:
    share = float(position[:-1])
    return "start" if share < 3 else "end" if share > 97 else "middle"
