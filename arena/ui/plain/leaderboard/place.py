"""Links to views of the leaderboard and to the pages of models."""

from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import urlencode

from arena.service import View
from arena.ui.links import DOCUMENTS
from arena.ui.plain.frame.place import Place

MODEL = "/model"
FILES = ("json", "csv")


def view_link(view: View, place: Place, **changes: Any) -> str:
    """Return the address of the view with these changes, as an attribute."""
    return _link(DOCUMENTS["leaderboard"], replace(view, **changes).query(), place)


def file_link(view: View, place: Place, kind: str) -> str:
    """Return the address of the view as a file of this kind, with every column of the page."""
    query = urlencode({**view.query(), "columns": "all"})
    return escape(f"{place.root}leaderboard.{kind}?{query}")


def model_link(model: str, place: Place) -> str:
    """Return the address of a model's page, as an attribute."""
    return _link(MODEL, {"name": model}, place)


def _link(path: str, query: dict[str, str], place: Place) -> str:
    if place.query:
        query["lang"] = place.texts.language
    address = f"{place.root}{path[1:]}"
    return escape(f"{address}?{urlencode(query)}" if query else address)
