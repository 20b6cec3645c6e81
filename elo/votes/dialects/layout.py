"""Which columns a votes file may have, under our own names and the public ones."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from elo.votes import answers
from elo.votes.values import FLAGS, shown
from elo.votes.vote_columns import Column

EXPECTED = (
    "expected model_a and model_b (or left and right) with winner (or winner_model_a, winner_model_b and winner_tie)"
)
TIME = ("tstamp", "timestamp")
_SIDES = (("model_a", "model_b"), ("left", "right"))
_BY_ROLE: Mapping[str, Sequence[str]] = {
    "a": (),
    "b": (),
    "winner": ("winner",),
    "count": ("count", "counts", "n", "weight", "freq", "frequency", "votes", "n_votes", "num_votes"),
    "voter": ("visitor", "voter", "judge", "worker", "judge_hash"),
    "time": TIME,
    "prepared": ("prepared_id",),
    "draw_probability": ("draw_probability",),
    "battle": (),
}
ROLES = tuple(_BY_ROLE)
"""What a column can be named for; see `Layout.of`."""
_PERHAPS_COUNTS = ("times", "num", "number", "total", "battles", "n_battles", "games", "n_games")
"""Columns that may be counts, and may be something else, in any case."""
FIXED = ("kind", "counted", "anony", "reasons", "ledger_revision")
"""Columns that have no other names."""


class LayoutError(ValueError):
    """These are not the columns of a votes file."""


class OtherNamesError(LayoutError):
    """They may be, if the caller says what they mean."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of the columns that are used; None for a missing one."""

    sides: tuple[str, str]
    outcome: tuple[str, ...]
    """The winner, or the three flags."""
    count: str | None = None
    voter: str | None = None
    time: str | None = None
    prepared: str | None = None
    draw_probability: str | None = None
    battle: str | None = None
    """A name of the battle, which has one vote: in lines of our exports, or where the caller names the column. In
    other files two voters may have judged one battle."""
    fixed: tuple[str, ...] = ()
    """Those of `FIXED` that there are."""
    answers: tuple[str, ...] = ()
    further_known: frozenset[str] = frozenset()
    """Columns that need no notice though they are not used: those of our own exports."""

    @classmethod
    def of(cls, columns: Sequence[str], named: Mapping[str, str] | None = None) -> "Layout":
        """The layout of a file with these columns. `named` are columns by their role (one of `ROLES`), where their
        names do not say it; "": the role has no column. Raises LayoutError."""
        named = named or {}
        _check_named(named, columns)
        if {"battle", "ledger_revision"} <= set(columns):
            named = {"battle": "battle", **named}
        found_a, found_b = next((pair for pair in _SIDES if set(pair) <= set(columns)), ("", ""))
        sides = named.get("a", found_a), named.get("b", found_b)
        winner = named.get("winner", "winner" if "winner" in columns else "")
        outcome = (winner,) if winner else FLAGS if set(FLAGS) <= set(columns) else ()
        if "" in sides or not outcome:
            found = ", ".join(map(shown, columns[:12])) or "none"
            message = f"is not a votes file: its columns are {found}; {EXPECTED}"
            if any("\0" in column for column in columns):  # UTF-16 without its mark, or not text
                raise LayoutError(f"{message}, as UTF-8 text")
            raise OtherNamesError(message) if len(columns) > 1 else LayoutError(message)

        def of_role(role: str) -> str | None:
            if (name := named.get(role)) is not None:
                return name or None
            found = next((one for one in _BY_ROLE[role] if one in columns), None)
            if found is None and role == "count":  # a count that is overlooked changes every number
                found = next((one for one in columns if one.casefold() in _BY_ROLE[role]), None)
            return found

        layout = cls(
            sides,
            outcome,
            **{role: of_role(role) for role in ROLES[3:]},
            fixed=tuple(name for name in FIXED if name in columns),
            answers=tuple(name for name in answers.COLUMNS if name in columns),
            further_known=frozenset(columns) if "ledger_revision" in columns else frozenset(),
        )
        for name in (*layout.used, *layout.answers):
            if columns.count(name) > 1:
                raise LayoutError(f"has the column {name} {columns.count(name)} times; expected it once")
        return layout

    @property
    def used(self) -> tuple[str, ...]:
        """All columns but those of answers."""
        by_role = (self.count, self.voter, self.time, self.prepared, self.draw_probability, self.battle)
        return (*self.sides, *self.outcome, *filter(None, by_role), *self.fixed)

    def check_counts(self, columns: Iterable[str], named: Mapping[str, str]) -> None:
        """Raise LayoutError for a column that may be how many votes a row stands for; if that were overlooked, every
        number would be wrong."""
        if self.count is not None or "count" in named or self.further_known:
            return
        if (found := next((one for one in columns if one.casefold() in _PERHAPS_COUNTS), None)) is not None:
            raise LayoutError(
                f"has a column {found!r}, which may be how many votes a row stands for; --columns count={found} takes "
                "it for that, and --columns count= for something else (in Python, "
                f"columns={{'count': {found!r}}} or columns={{'count': ''}})"
            )

    def unused(self, columns: Iterable[str]) -> list[str]:
        """The columns whose meaning is unknown; one without a name is the index that pandas writes."""
        known = {*self.used, *self.answers, *self.further_known, *FLAGS, "", "Unnamed: 0"}
        return [name for name in columns if name not in known]

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


def _check_named(named: Mapping[str, str], columns: Sequence[str]) -> None:
    for role, name in named.items():
        if role not in ROLES:
            raise LayoutError(f"cannot have a column for {role!r}; expected one of {', '.join(ROLES)}")
        if name and name not in columns:
            found = ", ".join(map(shown, columns[:12])) or "none"
            raise LayoutError(f"has no column {name!r} for {role}; its columns are {found}")
