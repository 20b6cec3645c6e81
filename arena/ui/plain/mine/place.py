"""The address of the visitor's own page: which battles are chosen, and after which one the list goes on.

    /mine?kind=battle&outcome=a&counted=no&shared=yes&before=0f3c...

A value that the page does not know chooses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Self
from urllib.parse import urlencode

from arena.service import OWN_KINDS, Chosen, Outcome
from arena.ui.links import DOCUMENTS
from arena.ui.plain.frame.place import Place

_COUNTED = {"yes": True, "no": False}
_OUTCOMES = {outcome.label: outcome for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class Wish:
    """What an address asks for. `fields` are the values of its filters, empty for any."""

    chosen: Chosen
    before: str | None
    fields: Mapping[str, str]

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        kind = next((kind for kind in OWN_KINDS if kind == query.get("kind")), None)
        outcome, counted = _OUTCOMES.get(query.get("outcome", "")), _COUNTED.get(query.get("counted", ""))
        is_shared = query.get("shared") == "yes"
        fields = {
            "kind": kind or "",
            "outcome": outcome.label if outcome is not None else "",
            "counted": {True: "yes", False: "no", None: ""}[counted],
            "shared": "yes" if is_shared else "",
        }
        return cls(Chosen(kind, outcome, counted, is_shared), query.get("before") or None, fields)

    def link(self, place: Place, *, before: str | None = None) -> str:
        """Return the address of the list with the same filters, as an attribute."""
        query = {name: value for name, value in self.fields.items() if value}
        return own_link(place, **query, **({"before": before} if before else {})) + "#battles"


def own_link(place: Place, **query: str) -> str:
    """Return the address of the page with a query, as an attribute."""
    if place.query:
        query["lang"] = place.texts.language
    path = f"{place.root}{DOCUMENTS['mine'][1:]}"
    return escape(f"{path}?{urlencode(query)}" if query else path)
