"""A table of all pairs of models, as HTML with shaded cells."""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from elo.board.matrices import Matrices
from elo.board.plots.drawing.markup import plain

MatrixName = Literal["battles", "observed", "predicted", "better"]

_LEVELS = 8  # of shade, in figures.css


def matrix_table(name: MatrixName, matrices: Matrices) -> str:
    """One matrix as a table that scrolls in its own box, with fixed names. Percentages are coloured by how far they are
    from even, counts by their size; a dot means unknown.

    Raises ValueError for `better` without rounds.
    """
    values = getattr(matrices, name)
    if values is None:
        raise ValueError("the board has no bootstrap rounds, which `better` counts; rate with bootstrap 1 or more")
    show = _count_cell(values) if name == "battles" else _share_cell
    models = [plain(model) for model in matrices.models]
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
