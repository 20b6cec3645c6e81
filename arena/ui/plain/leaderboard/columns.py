"""The columns of the table: their names, what is in their cells, and the links that sort by them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from arena.service import COLUMNS, Board, Line, View
from arena.standings.view import SCORE
from arena.ui.messages import Messages
from arena.ui.plain.frame.place import Place
from arena.ui.plain.leaderboard.place import model_link, view_link
from arena.ui.untrusted import plain
from elo.board.plots import size_text

_SHORT_RECORD = "†"
"""The mark of an interval by the inverse Hessian, as in the message `interval_hessian`."""
_ARROWS = {"asc": "↑", "desc": "↓"}
_ARIA = {"asc": "ascending", "desc": "descending"}


@dataclass(frozen=True, slots=True)
class Column:
    """`name` is what the address sorts by, `style` the class of the cells. An optional column is shown where some model
    has a value; a labelled one repeats its name in its cells, for a phone, whose table has no header."""

    name: str
    style: str
    cell: Callable[[Line, Place], str]
    is_optional: bool = False
    is_labelled: bool = False


def _rank(line: Line, place: Place) -> str:
    return line.row.rank_span


def _model(line: Line, place: Place) -> str:
    name = line.row.model
    retired = f' <span class="facts">{plain(place.texts("retired"))}</span>' if line.card.is_retired else ""
    return f'<a class="name" href="{model_link(name, place)}">{plain(name)}</a>{retired}'


def _rating(line: Line, place: Place) -> str:
    return f"{line.row.rating:.0f}"


def _interval(line: Line, place: Place) -> str:
    row = line.row
    if row.low is None or row.high is None:
        return plain(place.texts("interval_none"))
    return f"{row.low:.0f}–{row.high:.0f}" + _SHORT_RECORD * (row.interval == "hessian")


def _online(line: Line, place: Place) -> str:
    return "–" if line.online is None else f"{line.online:.0f}"


def _votes(line: Line, place: Place) -> str:
    return f"{line.row.battles:,}"


def _win_rate(line: Line, place: Place) -> str:
    return "–" if line.average_win_rate is None else f"{line.average_win_rate:.0%}"


def _organisation(line: Line, place: Place) -> str:
    return plain(line.card.organisation or "–")


def _licence(line: Line, place: Place) -> str:
    return plain(line.card.licence or "–")


def _size(line: Line, place: Place) -> str:
    return "–" if line.card.parameters is None else size_text(line.card.parameters)


def _price(line: Line, place: Place) -> str:
    prices = (line.card.price_in, line.card.price_out)
    if prices == (None, None):
        return "–"
    return " / ".join("–" if price is None else f"${price:.2f}" for price in prices)


def _speed(line: Line, place: Place) -> str:
    return "–" if line.card.tokens_per_s is None else f"{line.card.tokens_per_s:,.0f}"


COLUMNS_SHOWN: tuple[Column, ...] = (
    Column("rank", "rank", _rank),
    Column("model", "model", _model),
    Column("rating", "rating", _rating),
    Column("interval", "interval", _interval),
    Column("online", "online", _online, is_optional=True, is_labelled=True),
    Column("votes", "votes", _votes, is_labelled=True),
    Column("win_rate", "wins", _win_rate, is_labelled=True),
    Column("organisation", "fact", _organisation, is_optional=True),
    Column("licence", "fact", _licence, is_optional=True),
    Column("size", "size", _size, is_optional=True, is_labelled=True),
    Column("price", "price", _price, is_optional=True, is_labelled=True),
    Column("speed", "speed", _speed, is_optional=True, is_labelled=True),
)


def columns_of(board: Board, lines: Sequence[Line], *, is_narrow: bool) -> tuple[Column, ...]:
    """Return the columns of a table of these lines; with `is_narrow` only those about votes."""
    own = tuple(
        column
        for column in COLUMNS_SHOWN
        if not column.is_optional or (not is_narrow and any(line.value(column.name) is not None for line in lines))
    )
    return own if is_narrow else own + tuple(_score(task) for task in board.scores)


def _score(task: str) -> Column:
    def cell(line: Line, place: Place) -> str:
        score = line.scores.get(task)
        if score is None:
            return "–"
        if score.low is None or score.high is None:
            return f"{score.value:g}"
        return f'{score.value:g} <span class="facts">({score.low:g}–{score.high:g})</span>'

    return Column(f"{SCORE}{task}", "score", cell, is_labelled=True)


def name_of(column: str, texts: Messages, level: str) -> str:
    """Return the name of a column."""
    return column.removeprefix(SCORE) if column.startswith(SCORE) else texts(f"column_{column}", level=level)


def head(column: Column, view: View, place: Place, level: str) -> str:
    """Return the column's header: a link that sorts by it, or in the other order if it is sorted already."""
    name = plain(name_of(column.name, place.texts, level))
    current = order_of(view) if column.name == (view.sort or "rating") else None
    natural = COLUMNS.get(column.name, "desc")
    wanted = natural if current is None else "asc" if current == "desc" else "desc"
    changes: dict[str, Any] = {
        "sort": "" if column.name == "rating" else column.name,
        "order": "" if wanted == natural else wanted,
    }
    sorted_by = "" if current is None else f' aria-sort="{_ARIA[current]}"'
    arrow = "" if current is None else f' <span class="arrow" aria-hidden="true">{_ARROWS[current]}</span>'
    link = view_link(view, place, **changes)
    return f'<th scope="col" class="{column.style}"{sorted_by}><a href="{link}" rel="nofollow">{name}{arrow}</a></th>'


def order_of(view: View) -> str:
    """Return asc or desc."""
    return view.order or COLUMNS.get(view.sort or "rating", "desc")


def names_of_columns(columns: Collection[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)
