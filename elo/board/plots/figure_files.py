"""All figures of a board as files, and one page with every figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from elo.board.leaderboard import Leaderboard
from elo.board.matrices import Matrices
from elo.board.notes import notes
from elo.board.over_time import RatedDay
from elo.board.plots.charts import TOP, board_figure, win_rates_figure
from elo.board.plots.drawing.markup import document, plain
from elo.board.plots.drawing.svg_file import standalone
from elo.board.plots.history import History, history_figure
from elo.board.plots.matrix_tables import MatrixName, matrix_table
from elo.board.plots.scatter import QUANTITY_TEXTS, Sized, scatter_figure

_TABLES: Mapping[MatrixName, tuple[str, str]] = {
    "battles": ("Battles", "How many votes each pair has."),
    "observed": ("Observed", "Percent of the points that the row scored against the column; a tie is half a point."),
    "predicted": ("Expected", "Percent of the points that the row should score against the column, by the ratings."),
    "better": (
        "Better",
        "Percent of the resamples, or of draws from the covariance, in which the row is rated above the column.",
    ),
}
_QUANTITIES: Mapping[str, str] = {
    "size": "No smaller model is rated as high as those on the line.",
    "price": "$ per million tokens of answers. No cheaper model is rated as high.",
    "speed": "Tokens per second. No faster model is rated as high.",
}
_CHARTS = ("board", "win-rates", "history", *_QUANTITIES)
_FILES = frozenset({*(f"{name}.svg" for name in _CHARTS), *(f"{name}.html" for name in _TABLES), "index.html"})


def write_figures(
    folder: Path,
    board: Leaderboard,
    matrices: Matrices | None = None,
    *,
    top: int = TOP,
    over_time: Mapping[str, Sequence[RatedDay]] = MappingProxyType({}),
    quantities: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
) -> tuple[Path, ...]:
    """Write board.svg, win-rates.svg, history.svg, size.svg, price.svg, speed.svg, battles.html, observed.html,
    predicted.html and better.html, those whose data are given, and index.html with all of them; return the paths.
    `over_time` are the days of each model, `quantities` the sizes, prices and speeds (`size`, `price`, `speed`) by
    model; models of other groups than the first are not compared by these. Charts show the first `top` models, 0 shows
    all; tables have all. The folder is made if its parent exists. Files of these names are replaced, or removed if
    their data are not given, so that all files belong together.

    Raises OSError.
    """
    charts = {"board": board_figure(board, top=top)}
    tables: dict[MatrixName, str] = {}
    if matrices is not None:
        in_order = matrices.ordered([row.model for row in board.rows])
        charts["win-rates"] = win_rates_figure(in_order, top=top)
        tables = {
            name: matrix_table(name, in_order) for name in _TABLES if name != "better" or matrices.better is not None
        }
    if histories := [History(row.model, tuple(over_time[row.model])) for row in board.rows if row.model in over_time]:
        caption = f"Each day's board; band: {100 * board.settings.level:g} % interval."
        charts["history"] = history_figure(histories, caption=caption, top=top)
    for name, values in quantities.items():
        points = [
            Sized(row.model, values[row.model], row.rating, row.low, row.high)
            for row in board.rows
            if row.component == 1 and values.get(row.model, 0) > 0
        ]
        if len(points) > 1:
            caption, show = _QUANTITIES[name], QUANTITY_TEXTS[name]
            charts[name] = scatter_figure(
                points, title=f"Rating against {name}", caption=caption, show=show, is_more_better=name == "speed"
            )
    texts = {f"{name}.svg": standalone(chart) for name, chart in charts.items()}
    sections = {name: f"<h2>{_TABLES[name][0]}</h2><p>{_TABLES[name][1]}</p>{text}" for name, text in tables.items()}
    texts |= {f"{name}.html": document(_TABLES[name][0], section) for name, section in sections.items()}
    sentences = "".join(f"<p>{plain(note)}</p>" for note in notes(board))
    drawn = "".join(f"<section>{chart}</section>" for chart in charts.values())
    texts["index.html"] = document("Ratings", f"<h1>Ratings</h1>{sentences}{drawn}{''.join(sections.values())}")
    folder.mkdir(exist_ok=True)
    for name in _FILES - texts.keys():
        (folder / name).unlink(missing_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(folder / name for name in texts)
