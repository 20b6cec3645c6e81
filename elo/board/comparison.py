"""A comparison of two boards as data and as text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from elo.board.table import aligned

Shared = Literal["nothing", "first", "all"]
"""Which votes the boards have in common."""
Verdict = Literal["yes", "perhaps", "no", "unknown"]
"""Whether a rating moved by more than chance. yes: even allowing for the number of models (Holm 1979). perhaps: one in
twenty does by chance. unknown: an interval is missing, or the boards share all votes."""

_SHARED: Mapping[Shared, str] = {
    "nothing": "The boards are compared as if they shared no votes; if they do share some, the test is too cautious. "
    "If the second has all votes of the first and more, use --grown (in Python, grown=True).",
    "first": "The second board has all votes of the first, so only the new votes can have moved a rating by chance.",
    "all": "Both boards have the same votes, so the settings moved the ratings, not chance.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One model on a board; `error` is the standard error of its rating, None without an interval."""

    rank: int
    rating: float
    error: float | None
    component: int
    battles: int
    rank_worst: int | None = None
    """None on a board of an older version."""

    @property
    def rank_span(self) -> str:
        return f"{self.rank}" if self.rank_worst in (None, self.rank) else f"{self.rank}-{self.rank_worst}"


@dataclass(frozen=True, slots=True)
class Move:
    """One model on both boards. `change` is without its group's mean change; `error` is its standard error."""

    model: str
    before: Place
    after: Place
    change: float
    error: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting; None where a board does not have it."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """It prints as a table with sentences. Moves are sorted by verdict, then by size."""

    moves: tuple[Move, ...]
    shift: float
    """The mean change of the common models, which is the scale's."""
    came: tuple[str, ...]
    went: tuple[str, ...]
    settings: tuple[Difference, ...]
    shared: Shared
    votes: tuple[int, int]

    @property
    def n_moved(self) -> int:
        return sum(move.verdict == "yes" for move in self.moves)

    def __str__(self) -> str:
        header = ["model", "before", "after", "change", "by chance", "more than chance", "rank"]
        lines = aligned(header, [_row(move) for move in self.moves]) if self.moves else ["No model is on both boards."]
        first, second = self.votes
        lines += ["", f"{first:,} votes before, {second:,} after. {_SHARED[self.shared]}"]
        if self.moves and _signed(self.shift) != "0.0":
            lines.append(
                f"On average these ratings changed by {_signed(self.shift)}. The column `change` leaves this out, "
                "because only differences of ratings count."
            )
        if n_known := sum(move.verdict != "unknown" for move in self.moves):
            lines.append(f"Moved by more than chance: {self.n_moved} of {n_known} models.")
        if any(move.verdict == "perhaps" for move in self.moves):
            lines.append("perhaps: by chance alone, one model in twenty moves this far.")
        for names, what in ((self.came, "New"), (self.went, "Gone")):
            if names:
                lines.append(f"{what}: {', '.join(names)}.")
        for one in self.settings:
            lines.append(f"Setting {one.name}: {_value(one.before)} before, {_value(one.after)} after.")
        return "\n".join(lines)

    __repr__ = __str__


def _row(move: Move) -> list[str]:
    before, after = move.before, move.after
    is_same = before.rank_span == after.rank_span
    rank = before.rank_span if is_same else f"{before.rank_span} -> {after.rank_span}"
    chance = f"+-{1.96 * move.error:.1f}" if move.error else "-"
    return [
        move.model, f"{before.rating:.1f}", f"{after.rating:.1f}", _signed(move.change), chance,
        "-" if move.verdict == "unknown" else move.verdict, rank,
    ]  # fmt: skip


def _signed(points: float) -> str:
    """With its sign, unless it rounds to 0."""
    return f"{points:+.1f}" if abs(points) >= 0.05 else "0.0"


def _value(value: object) -> str:
    return "unknown" if value is None else json.dumps(value, ensure_ascii=False)
