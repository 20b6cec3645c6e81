"""Figures of the board below its table."""

from arena.service import Board, View
from arena.ui.plain.place import Place


def figures(board: Board, view: View, place: Place) -> str:
    """Return the section of the figures."""
    return '<section id="figures"></section>'
