"""Figures of a board: SVG charts and shaded HTML tables.

    bars            one model's interval in a row of a table, and the axis above it
    charts          ratings with intervals, average win rates
    history         ratings over time with their bands
    scatter         ratings against size, price or speed, with the Pareto front
    matrix_tables   one of `Matrices` as a table with shaded cells
    figure_files    all of them as files, and one page with every figure
    drawing/        what they are drawn with: axes, text and lines, style sheets, files of their own

A figure is a fragment. Its colours are the tokens of the page's style sheet (`--ink`, `--a`, ...), so it is light or
dark with the page; a page that embeds one adds `style()` once. Charts in a page have no `viewBox`: positions are
percentages and letters keep their size, from a phone to a wide screen. `standalone` makes a file of one, with plain
colours and a size of its own. Model names come from strangers and are escaped here. Nothing is computed but positions.
"""

from elo.board.over_time import RatedDay
from elo.board.plots.bars import axis_strip, interval_bar
from elo.board.plots.charts import TOP, board_figure, win_rates_figure
from elo.board.plots.drawing.axis import Axis
from elo.board.plots.drawing.markup import document, style
from elo.board.plots.drawing.svg_file import standalone
from elo.board.plots.figure_files import write_figures
from elo.board.plots.history import History, history_figure
from elo.board.plots.matrix_tables import matrix_table
from elo.board.plots.scatter import QUANTITY_TEXTS, Sized, front, scatter_figure, size_text

__all__ = [
    "QUANTITY_TEXTS",
    "TOP",
    "Axis",
    "History",
    "RatedDay",
    "Sized",
    "axis_strip",
    "board_figure",
    "document",
    "front",
    "history_figure",
    "interval_bar",
    "matrix_table",
    "scatter_figure",
    "size_text",
    "standalone",
    "style",
    "win_rates_figure",
    "write_figures",
]
