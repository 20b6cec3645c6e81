"""Figures of a board as text: SVG charts and shaded HTML tables, the same for `recompute --plots` and for the pages.

    board_figure       ratings with their intervals, in the board's order
    win_rates_figure   what each model scores against all others: expected, and observed
    intervals_figure   intervals of several kinds, one under the other
    matrix_table       one of `Matrices` as a table with shaded cells
    write_figures      all of them as files, and one page that holds them

A figure is a fragment. Its colours are the tokens of the pages' style sheet (`--ink`, `--a`, ...), so that it is light
or dark with them; a page that embeds one adds `style()` once, and a file of its own brings tokens that follow the
reader's system. Charts have no `viewBox`: positions are percentages and letters keep their size, from a phone to a wide
screen. Names come from strangers and are escaped here, nowhere else. Nothing is computed but positions.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np

from elo.battles import Floats
from elo.board.leaderboard import BoardRow, Leaderboard
from elo.board.matrices import Matrices
from elo.board.notes import notes

Bounds = Mapping[str, tuple[Floats, Floats]]
"""Kind of interval -> lower and upper bounds on the Elo scale, (K,) each."""
MatrixName = Literal["battles", "observed", "predicted", "better"]

_LEVELS = 8  # of shade, in plots.css
_LONGEST_NAME = 60
_LONGEST_ON_A_PHONE = 22
_NO_XML = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def style() -> str:
    """What every figure needs beside the tokens, as CSS for a page that embeds some."""
    return files(__package__).joinpath("plots.css").read_text(encoding="utf-8")


def _style_of_files() -> str:
    return files(__package__).joinpath("plots_page.css").read_text(encoding="utf-8") + style()


@dataclass(frozen=True, slots=True)
class _Axis:
    """A scale of ratings across the width of a chart, in percent, with ticks at round numbers."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "_Axis":
        found = [value for value in values if math.isfinite(value)]
        low, high = (min(found), max(found)) if found else (0.0, 0.0)
        margin = 0.06 * (high - low) or 10.0
        return cls(low - margin, high + margin)

    def at(self, value: float) -> str:
        return _percent((value - self.low) / (self.high - self.low))

    def ticks(self) -> list[float]:
        """About five: steps of 1, 2 or 5 times a power of ten."""
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        first = math.ceil(self.low / step)
        return [step * i for i in range(first, math.floor(self.high / step) + 1)]


def board_figure(board: Leaderboard) -> str:
    """Ratings with intervals, best first; models that cannot be compared in groups of their own. Dashed with a hollow
    dot: the wide interval of a model that has won or lost almost nothing."""
    axis = _Axis.of(value for row in board.rows for value in (row.low, row.rating, row.high) if value is not None)
    percent = f"{100 * board.settings.level:g} %"
    has_intervals = any(row.low is not None for row in board.rows)
    caption = f"{percent} intervals" if has_intervals else "Without intervals"
    if any(row.interval == "hessian" for row in board.rows):
        caption += ". Dashed: few points won or lost."
    chart = _Chart("Models by rating", caption, axis)
    for component in range(1, board.n_components + 1):
        if board.n_components > 1:
            chart.heading(f"Group {component}" + (", not to be compared with the others" if component > 1 else ""))
        for row in board.rows:
            if row.component == component:
                chart.row(f"{row.rank}", row.model, _rating(row), _interval_marks(row, axis))
    return chart.text()


def _rating(row: BoardRow) -> str:
    if row.low is None or row.high is None:
        return f"{row.rating:.0f}"
    return f"{row.rating:.0f} ({row.low:.0f} to {row.high:.0f})"


def _interval_marks(row: BoardRow, axis: _Axis) -> str:
    is_wide = row.interval == "hessian"
    track = _line("0", "100%", 7, "grid", 1)
    dot = f'<circle class="{"hollow" if is_wide else "dot"}" cx="{axis.at(row.rating)}" cy="7" r="5"/>'
    if row.low is None or row.high is None:
        return track + dot
    return track + _line(axis.at(row.low), axis.at(row.high), 7, "a wide" if is_wide else "a", 3) + dot


def win_rates_figure(matrices: Matrices) -> str:
    """What each model is expected to score against all others, as a bar, and what it has scored against those it met,
    as a mark."""
    chart = _Chart(
        "Average win rate against all others",
        "Bar: expected by the ratings. Mark: observed.",
        _Axis(0.0, 1.0),
        ticks=((0.0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1.0, "100 %")),
    )
    for model, expected, observed in zip(
        matrices.models, matrices.average_win_rate.tolist(), matrices.average_observed.tolist(), strict=True
    ):
        marks = '<rect class="track" width="100%" y="2" height="10" rx="3"/>'
        if math.isfinite(expected):
            marks += f'<rect class="bar" width="{_percent(expected)}" y="2" height="10" rx="3"/>'
        if math.isfinite(observed):
            marks += _upright(_percent(observed), -1, 15, "ink", 2)
        chart.row("", model, f"{100 * expected:.1f} %" if math.isfinite(expected) else "alone", marks)
    return chart.text()


def intervals_figure(models: Sequence[str], bounds: Bounds) -> str:
    """Intervals of up to three kinds, one under the other for each model: do they agree? At the right their widths.

    Raises ValueError for more kinds than there are colours.
    """
    colours = ("a", "b", "c")
    if not 1 <= len(bounds) <= len(colours):
        raise ValueError(f"{len(bounds)} kinds of intervals; a figure shows 1 to {len(colours)}")
    axis = _Axis.of(value for pair in bounds.values() for side in pair for value in side.tolist())
    chart = _Chart("Intervals compared", "", axis, legend=tuple(zip(bounds, colours, strict=False)))
    for m, model in enumerate(models):
        marks, widths = "", []
        for place, (colour, (low, high)) in enumerate(zip(colours, bounds.values(), strict=False)):
            marks += _line(axis.at(low[m]), axis.at(high[m]), 2 + 6 * place, colour, 3)
            widths.append(f"{high[m] - low[m]:.0f}")
        chart.row("", model, f"width {' / '.join(widths)}", marks)
    return chart.text()


class _Chart:
    """Rows under one another, each a line of text over marks on a common axis."""

    _ROW, _HEADING, _MARKS = 42, 32, 22

    def __init__(
        self,
        title: str,
        caption: str,
        axis: _Axis,
        *,
        ticks: Sequence[tuple[float, str]] | None = None,
        legend: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._title, self._caption, self._axis, self._legend = title, caption, axis, legend
        self._ticks = ticks if ticks is not None else [(tick, f"{tick:g}") for tick in axis.ticks()]
        self._rows: list[str] = []
        self._y = self._top = 50

    def heading(self, text: str) -> None:
        self._rows.append(f'<text class="group" x="0" y="{self._y + 20}">{_plain(text)}</text>')
        self._y += self._HEADING

    def row(self, rank: str, model: str, value: str, marks: str) -> None:
        name = _plain(_cut(model, _LONGEST_NAME))
        if len(model) > _LONGEST_ON_A_PHONE:  # the style sheet shows one of the two
            short = _plain(_cut(model, _LONGEST_ON_A_PHONE))
            name = f'<tspan class="full">{name}</tspan><tspan class="short">{short}</tspan>'
        place = f'<tspan class="quiet number">{_plain(rank)}</tspan> ' if rank else ""
        self._rows.append(
            f"<g><title>{_plain(model)}</title>"
            f'<text x="0" y="{self._y + 16}">{place}{name}</text>'
            f'<text class="quiet number" x="100%" y="{self._y + 16}" text-anchor="end">{_plain(value)}</text>'
            f'<svg y="{self._y + self._MARKS}" width="100%" height="14" overflow="visible">{marks}</svg></g>'
        )
        self._y += self._ROW

    def text(self) -> str:
        bottom = self._y + 4
        grid = "".join(
            f'<line class="{"half" if label == "50 %" else "grid"}" x1="{self._axis.at(tick)}" '
            f'x2="{self._axis.at(tick)}" y1="{self._top}" y2="{bottom}"/>'
            f'<text class="quiet number" x="{self._axis.at(tick)}" y="{bottom + 16}" '
            f'text-anchor="{_anchor(self._axis.at(tick))}">{_plain(label)}</text>'
            for tick, label in self._ticks
        )
        return (
            f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" width="760" height="{bottom + 24}" role="img">'
            f"<title>{_plain(self._title)}</title>"
            f'<text class="group" x="0" y="16">{_plain(self._title)}</text>'
            f"{self._key()}{grid}{''.join(self._rows)}</svg>"
        )

    def _key(self) -> str:
        if not self._legend:
            return f'<text class="quiet" x="0" y="36">{_plain(self._caption)}</text>'
        parts, x = [], 0
        for label, colour in self._legend:
            parts.append(f'<line class="{colour}" x1="{x + 2}" x2="{x + 18}" y1="32" y2="32" stroke-width="3"/>')
            parts.append(f'<text class="quiet" x="{x + 26}" y="36">{_plain(label)}</text>')
            x += 44 + 7 * len(label)
        return "".join(parts)


_TABLES: Mapping[MatrixName, tuple[str, str]] = {
    "battles": ("Battles", "How many votes each pair has."),
    "observed": ("Observed", "Percent of the points that the row scored against the column; a tie is half a point."),
    "predicted": ("Expected", "Percent of the points that the row should score against the column, by the ratings."),
    "better": (
        "Better",
        "Percent of the resamples, or of draws from the covariance, in which the row is rated above the column.",
    ),
}
_FILES = frozenset({"board.svg", "win-rates.svg", "intervals.svg", *(f"{name}.html" for name in _TABLES), "index.html"})


def matrix_table(name: MatrixName, matrices: Matrices) -> str:
    """One matrix as a table that scrolls within its place, with names that stay. Percentages are coloured by how far
    they are from even, counts by their size; a dot stands where nothing can be said.

    Raises ValueError for `better` where there was no bootstrap.
    """
    values = getattr(matrices, name)
    if values is None:
        raise ValueError("no bootstrap, so nothing says how often one model is above another")
    show = _count_cell(values) if name == "battles" else _share_cell
    models = [_plain(model) for model in matrices.models]
    head = "".join(f'<th scope="col" title="{model}"><span>{model}</span></th>' for model in models)
    rows = "".join(
        f'<tr><th scope="row" title="{model}">{model}</th>'
        + "".join("<td></td>" if i == j else show(value) for j, value in enumerate(row))
        + "</tr>"
        for i, (model, row) in enumerate(zip(models, values.tolist(), strict=True))
    )
    table = f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="matrix" tabindex="0">{table}</div>'


def _share_cell(value: float) -> str:
    if math.isnan(value):
        return '<td class="none">·</td>'
    percent = f"{100 * value:.0f}"
    if percent == "100" and value < 1:
        percent = "&gt;99"
    elif percent == "0" and value > 0:
        percent = "&lt;1"
    level = round(2 * _LEVELS * abs(value - 0.5))
    shade = f' class="{"u" if value > 0.5 else "d"}{level}"' if level else ""
    return f"<td{shade}>{percent}</td>"


def _count_cell(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Callable[[float], str]:
    most = max(1, int(values.max(initial=1)))

    def show(value: float) -> str:
        if not value:
            return '<td class="none">·</td>'
        return f'<td class="u{max(1, round(_LEVELS * math.sqrt(value / most)))}">{value:.0f}</td>'

    return show


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _plain(text: str) -> str:
    """Anybody's text for HTML and XML, in an element or in an attribute."""
    return escape(_NO_XML.sub("\ufffd", text))


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def _anchor(position: str) -> str:
    share = float(position[:-1])
    return "start" if share < 3 else "end" if share > 97 else "middle"


def _line(x1: str, x2: str, y: int, kind: str, width: int) -> str:
    return f'<line class="{kind}" x1="{x1}" x2="{x2}" y1="{y}" y2="{y}" stroke-width="{width}"/>'


def _upright(x: str, y1: int, y2: int, kind: str, width: int) -> str:
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{y1}" y2="{y2}" stroke-width="{width}"/>'


def standalone(chart: str) -> str:
    """A chart as the text of an SVG file, light or dark as the reader's system is."""
    head, close, rest = chart.partition(">")
    return f"{head}{close}<style>{_style_of_files()}</style>{rest}\n"


def document(title: str, body: str) -> str:
    """A whole HTML page around figures."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_plain(title)}</title><style>{_style_of_files()}</style></head><body>{body}</body></html>\n"
    )


def write_figures(
    folder: Path, board: Leaderboard, matrices: Matrices | None = None, bounds: Bounds | None = None
) -> tuple[Path, ...]:
    """Writes board.svg, win-rates.svg, intervals.svg, battles.html, observed.html, predicted.html, better.html, as far
    as their data are given, and index.html with all of them; the paths. `bounds` are of the models of `matrices`. The
    folder is made where its parent exists; files of these names are replaced, and taken away where their data are not
    given, so that all that is there belongs together.

    Raises OSError.
    """
    charts = {"board": board_figure(board)}
    tables: dict[MatrixName, str] = {}
    if matrices is not None:
        in_order = matrices.ordered([row.model for row in board.rows])
        charts["win-rates"] = win_rates_figure(in_order)
        if bounds:
            place = [matrices.models.index(model) for model in in_order.models]
            sorted_bounds = {kind: (low[place], high[place]) for kind, (low, high) in bounds.items()}
            charts["intervals"] = intervals_figure(in_order.models, sorted_bounds)
        tables = {
            name: matrix_table(name, in_order) for name in _TABLES if name != "better" or matrices.better is not None
        }
    texts = {f"{name}.svg": standalone(chart) for name, chart in charts.items()}
    sections = {name: f"<h2>{_TABLES[name][0]}</h2><p>{_TABLES[name][1]}</p>{text}" for name, text in tables.items()}
    texts |= {f"{name}.html": document(_TABLES[name][0], section) for name, section in sections.items()}
    told = "".join(f"<p>{_plain(note)}</p>" for note in notes(board))
    drawn = "".join(f"<section>{chart}</section>" for chart in charts.values())
    texts["index.html"] = document("Ratings", f"<h1>Ratings</h1>{told}{drawn}{''.join(sections.values())}")
    folder.mkdir(exist_ok=True)
    for name in _FILES - texts.keys():
        (folder / name).unlink(missing_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(folder / name for name in texts)
