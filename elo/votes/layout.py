"""Which columns a votes file may have, under our own names and the public ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from elo.votes import answers
from elo.votes.values import FLAGS, shown
from elo.votes.vote_columns import Column

EXPECTED = (
    "expected model_a and model_b (or left and right) with winner (or winner_model_a, winner_model_b and winner_tie)"
)
_SIDES = (("model_a", "model_b"), ("left", "right"))
_OPTIONAL = ("kind", "counted", "anony", "reasons", "ledger_revision")
_ABSENT = "\0"  # the name of no column
_VOTER = ("visitor", "voter", "judge", "worker")
TIME = ("tstamp", "timestamp")
ROLES = ("a", "b", "winner", "voter", "time", "prepared", "draw_probability")
"""What a column can be named for; see `Layout.of`."""


class LayoutError(ValueError):
    """These are not the columns of a votes file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of the columns that are used, None for a missing one. A row's values are read in the order `base`,
    `extras`, and those of `answers` unflattened."""

    sides: tuple[str, str]
    outcome: tuple[str, ...]
    voter: str | None
    prepared: str | None
    time: str | None
    draw_probability: str | None
    answers: tuple[str, ...]

    @classmethod
    def of(cls, columns: Sequence[str], named: Mapping[str, str] | None = None) -> "Layout":
        """The layout of a file with these columns. `named` are columns by their role (one of `ROLES`), where their
        names do not say it. Raises LayoutError."""
        named = named or {}
        for role, name in named.items():
            if role not in ROLES:
                raise LayoutError(f"cannot have a column for {role!r}; expected one of {', '.join(ROLES)}")
            if name not in columns:
                found = ", ".join(map(shown, columns[:12])) or "none"
                raise LayoutError(f"has no column {name!r}, which is named for {role}; its columns are {found}")
        found_a, found_b = next((pair for pair in _SIDES if set(pair) <= set(columns)), ("", ""))
        sides = named.get("a", found_a), named.get("b", found_b)
        outcome = (
            (named["winner"],)
            if "winner" in named
            else next((names for names in (("winner",), FLAGS) if set(names) <= set(columns)), None)
        )
        if "" in sides or outcome is None:
            found = ", ".join(map(shown, columns[:12])) or "none"
            is_other = len(columns) == 1 and any(mark in columns[0] for mark in ";\t|")
            hint = ", separated by commas" if is_other else ""
            if any("\0" in column for column in columns):  # UTF-16 without its mark, or not text
                hint = ", as UTF-8 text"
            raise LayoutError(f"is not a votes file: its columns are {found}; {EXPECTED}{hint}")

        def first_of(role: str, *names: str) -> str | None:
            return named.get(role) or next((name for name in names if name in columns), None)

        layout = cls(
            sides,
            outcome,
            voter=first_of("voter", *_VOTER),
            prepared=first_of("prepared", "prepared_id"),
            time=first_of("time", *TIME),
            draw_probability=first_of("draw_probability", "draw_probability"),
            answers=tuple(name for name in answers.COLUMNS if name in columns),
        )
        for name in (*layout.base, *layout.extras, *layout.answers):
            if columns.count(name) > 1:
                raise LayoutError(f"has the column {name} {columns.count(name)} times; expected it once")
        return layout

    @property
    def base(self) -> tuple[str, ...]:
        """The columns that decide whether a row is a vote, and which."""
        return (*self.sides, *self.outcome, *_OPTIONAL)

    @property
    def extras(self) -> tuple[str, str, str, str]:
        """Voter, prepared pair, time, draw probability."""
        return (
            self.voter or _ABSENT,
            self.prepared or _ABSENT,
            self.time or _ABSENT,
            self.draw_probability or _ABSENT,
        )

    @property
    def place_of_time(self) -> int:
        return len(self.base) + 2

    def known(self) -> set[Column]:
        """The columns of `Votes` that such a file has."""
        has: dict[Column, bool] = {
            "voter": self.voter is not None,
            "prepared": self.prepared is not None,
            "time": self.time is not None,
            "draw_probability": self.draw_probability is not None,
            "features": bool(self.answers),
        }
        return {column for column, is_there in has.items() if is_there}
