"""A board -> a figure as HTML. Nothing is computed here but what `elo.board` does on demand."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import get_args

from arena.service import Board, RatedDay
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.figures import QUANTITIES, has_intervals, sized
from arena.ui.plain.leaderboard.place import model_link
from arena.ui.untrusted import plain
from elo.board.planning import plan
from elo.board.plans import Separation
from elo.board.plots import QUANTITY_TEXTS, History, history_figure, matrix_table, scatter_figure
from elo.board.plots.matrix_tables import MatrixName

MATRICES: tuple[MatrixName, ...] = get_args(MatrixName)
_Histories = Mapping[str, Sequence[RatedDay]]


class NothingToDrawError(Exception):
    """`reason` is the key of a message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def figure(name: str, board: Board, histories: _Histories, place: Place, *, has_style: bool = False) -> str:
    """Return one of `leaderboard.figures.FIGURES`. Only the history needs `histories`, which have no style control also
    where the board `has_style`. Raises `NothingToDrawError`."""
    texts = place.texts
    if name == "apart":
        return _apart(board, place)
    if name == "history":
        return _history(board, histories, texts, has_style=has_style)
    note = f"<p>{plain(texts(f'figure_{name}_note'))}</p>"
    title = texts(f"figure_{name}")
    if name in QUANTITIES:
        points = sized(name, board)
        if len(points) < 2:
            raise NothingToDrawError("figures_few")
        return note + scatter_figure(points, title=title, show=QUANTITY_TEXTS[name], is_more_better=name == "speed")
    matrices = board.matrices()
    matrix = next(one for one in MATRICES if one == name)
    if matrices is None or (matrix == "better" and matrices.better is None):
        raise NothingToDrawError("figures_no_rounds")
    label = escape(texts("figures_scroll"))
    table = matrix_table(matrix, matrices).replace(
        'tabindex="0"', f'tabindex="0" role="region" aria-label="{label}"', 1
    )
    return note + table + _groups(board, texts)


def _history(board: Board, histories: _Histories, texts: Messages, *, has_style: bool) -> str:
    shown = [
        History(row.model, tuple(histories[row.model])) for row in board.leaderboard.rows if histories.get(row.model)
    ]
    if not shown:
        raise NothingToDrawError("figures_no_rounds")
    level = f"{100 * board.leaderboard.settings.level:g}"
    note = texts("figure_history_note", level=level) + (f" {texts('figure_history_style')}" if has_style else "")
    return f"<p>{plain(note)}</p>" + history_figure(shown, title=texts("figure_history"), top=0)


def _apart(board: Board, place: Place) -> str:
    if board.fitted is None or board.spread is None or not has_intervals(board):
        raise NothingToDrawError("figures_no_rounds")
    texts, planned = place.texts, plan(board.fitted, board.spread)
    names = ("better", "worse", "gap", "direct", "wide")
    heads = "".join(f'<th scope="col">{plain(texts(f"figure_apart_{name}"))}</th>' for name in names)
    scale = planned.settings.points_per_logit
    rows = "".join(
        f'<tr><th scope="row"><a href="{model_link(one.better, place)}">{plain(one.better)}</a></th>'
        f'<td class="name"><a href="{model_link(one.worse, place)}">{plain(one.worse)}</a></td>'
        f"<td>{scale * one.gap:.0f}</td><td>{_needed(one, one.direct, texts)}</td>"
        f"<td>{_needed(one, one.arena_wide, texts)}</td></tr>"
        for one in planned.neighbours
    )
    note = f"<p>{plain(texts('figure_apart_note', chance=f'{100 * planned.chance:g}'))}</p>"
    label = escape(texts("figure_apart"))
    return (
        f'{note}<div class="scroller" tabindex="0" role="region" aria-label="{label}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{_groups(board, texts)}"
    )


def _needed(one: Separation, battles: int | None, texts: Messages) -> str:
    if battles is None:
        return plain(texts("figure_apart_equal"))
    return f"{battles:,}" if battles else plain(texts("figure_apart_done"))


def _groups(board: Board, texts: Messages) -> str:
    """Return which models cannot be compared; nothing if all can."""
    rows = board.leaderboard.rows
    if board.leaderboard.n_components < 2:
        return ""
    items = ""
    for n in range(1, board.leaderboard.n_components + 1):
        names = ", ".join(row.model for row in rows if row.component == n)
        items += f"<li>{plain(texts('figure_group', n=n, names=names))}</li>"
    return f'<p>{plain(texts("figure_groups"))}</p><ul class="groups">{items}</ul>'
