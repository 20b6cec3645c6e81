"""The leaderboard's table: one row for each model, with its interval as a bar.

The numbers are `Board`'s, and the bars are drawn by `elo.board.plots`.
"""

from collections.abc import Sequence
from html import escape

from arena.one_line import folded
from arena.service import Board, Line, View, lines, unrated
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.columns import Column, columns_of, head, name_of
from arena.ui.plain.leaderboard.place import model_link
from arena.ui.untrusted import plain
from elo.board.plots import Axis, axis_strip, interval_bar

_BAR_AFTER = "rating"


def table(board: Board, view: View, place: Place, *, is_own: bool = False) -> str:
    """Return the table of a view with the notes that belong to it. `is_own`: on the visitor's own page, which has no
    filters and no order, and only columns about votes."""
    texts = place.texts
    if not board.leaderboard.rows:
        go = f'<a href="{place.link("/")}">{plain(texts("go_vote"))}</a>'
        text = f'<div class="empty"><p>{plain(texts("leaderboard_empty"))}</p><p>{go}</p></div>'
        return text + _unrated(board, view, place)
    shown = lines(board, view)
    if not shown:
        return f'<p class="empty">{plain(texts("leaderboard_no_match", words=view.find))}</p>' + _unrated(
            board, view, place
        )
    level = f"{100 * board.leaderboard.settings.level:g}%"
    columns = columns_of(board, shown, is_narrow=is_own)
    axis = Axis.of_rows(line.row for line in shown)
    heads = ""
    for column in columns:
        if is_own:
            heads += f'<th scope="col" class="{column.style}">{plain(name_of(column.name, texts, level))}</th>'
        else:
            heads += head(column, view, place, level)
        if column.name == _BAR_AFTER:
            heads += f'<td class="bar">{axis_strip(axis)}</td>'
    body = _body(board, shown, columns, axis, place, level)
    return (
        f'<div class="scroller" tabindex="0" role="region" aria-label="{plain(texts("title_leaderboard"))}">'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        + "".join(f'<p class="note">{plain(note)}</p>' for note in _notes(board, place))
        + _unrated(board, view, place)
    )


def _body(board: Board, shown: Sequence[Line], columns: Sequence[Column], axis: Axis, place: Place, level: str) -> str:
    body, component = "", 0
    for line in shown:
        if board.leaderboard.n_components > 1 and line.row.component != component:
            component = line.row.component
            label = plain(place.texts("component", n=component))
            body += f'<tr class="component"><th scope="rowgroup" colspan="{len(columns) + 1}">{label}</th></tr>'
        found_by = escape(folded(" ".join(filter(None, (line.row.model, line.card.licence, line.card.organisation)))))
        cells = "".join(_cells(line, column, axis, place, level) for column in columns)
        body += f'<tr data-find="{found_by}">{cells}</tr>'
    return body


def _cells(line: Line, column: Column, axis: Axis, place: Place, level: str) -> str:
    label = ""
    if column.is_labelled:
        label = f'<span class="label">{plain(name_of(column.name, place.texts, level))} </span>'
    style = column.style if line.value(column.name) is not None else f"{column.style} unknown"
    cell = f'<td class="{style}">{label}{column.cell(line, place)}</td>'
    if column.name == "model":
        cell = f'<th scope="row" class="model">{column.cell(line, place)}</th>'
    return cell + (f'<td class="bar">{interval_bar(line.row, axis)}</td>' if column.name == _BAR_AFTER else "")


def _notes(board: Board, place: Place) -> list[str]:
    """Return what is to be known of all rows."""
    texts, found = place.texts, board.leaderboard
    notes = []
    if found.fragility is not None and found.n_components == 1:
        key = "first_place_one" if found.fragility.n_votes == 1 else "first_place"
        notes.append(texts(key, n=found.fragility.n_votes, votes=found.n_votes, model=found.fragility.then))
    if (voters := found.voters) is not None:
        key = "interval_voters_used" if voters.is_taken else "interval_voters"
        notes.append(texts(key, n=voters.n_voters, ratio=f"{voters.ratio:.2f}"))
    if found.n_components > 1:
        notes.append(texts("components"))
    if "hessian" in found.kinds:
        notes.append(texts("interval_hessian"))
    return notes


def _unrated(board: Board, view: View, place: Place) -> str:
    """Return the models without numbers."""
    names = unrated(board, view)
    if not names:
        return ""
    key = "unrated" if board.leaderboard.rows else "unrated_all"
    if not view.is_official:
        key = "unrated_of_view"
    links = ", ".join(f'<a href="{model_link(name, place)}">{plain(name)}</a>' for name in names)
    return f'<p class="unrated">{plain(place.texts(key))} {links}</p>'
