"""Which figures a board can have, and the links to them below its table."""

from html import escape
from urllib.parse import urlencode

from arena.service import Board, ModelCard, View
from arena.ui.links import DOCUMENTS
from arena.ui.plain.frame.place import Place
from arena.ui.untrusted import plain
from elo.board.plots import Sized

QUANTITIES = ("size", "price", "speed")
FIGURES = ("better", "observed", "predicted", "battles", "apart", "history", *QUANTITIES)


def figures(board: Board, view: View, place: Place) -> str:
    """Return the section of the leaderboard that leads to the figures which this board can have."""
    if not board.leaderboard.rows:
        return '<section id="figures"></section>'
    items = "".join(
        f'<li><a href="{_link(name, view, place)}" rel="nofollow">{plain(place.texts(f"figure_{name}"))}</a></li>'
        for name in FIGURES
        if _is_possible(name, board)
    )
    return f'<section id="figures"><h2>{plain(place.texts("figures_title"))}</h2><ul>{items}</ul></section>'


def _is_possible(name: str, board: Board) -> bool:
    if name == "history":
        return True
    if name in QUANTITIES:
        return len(sized(name, board)) > 1
    return board.fitted is not None and (name not in ("better", "apart") or has_intervals(board))


def has_intervals(board: Board) -> bool:
    return board.spread is not None and board.spread.intervals is not None


def _link(name: str, view: View, place: Place) -> str:
    query = {"show": name} | view.query() | ({"lang": place.texts.language} if place.query else {})
    return escape(f"{place.root}{DOCUMENTS['figures'][1:]}?{urlencode(query)}")


def sized(name: str, board: Board) -> list[Sized]:
    """Return the models whose quantity is known, best first. Models of different components are not compared, so only
    the first component is drawn."""
    found = []
    for row in board.leaderboard.rows:
        card = board.models.get(row.model)
        value = None if card is None else _quantity(name, card)
        if value and row.component == 1:
            found.append(Sized(row.model, float(value), row.rating, row.low, row.high))
    return found


def _quantity(name: str, card: ModelCard) -> float | None:
    return {"size": card.parameters, "price": card.price_out, "speed": card.tokens_per_s}[name]
