"""Which rows of a votes file are wanted, and a tally of the others."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from elo.columns import Cell
from elo.votes.selection.where import Condition

ALL_KINDS = "all"
CONTROL = "control"
"""The kind of battles with the same model on both sides."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`kind` None: battles, or all rows of a file without that column. Times are seconds since 1970, from `since` and
    before `until`."""

    kind: str | None = None
    since: float | None = None
    until: float | None = None
    where: tuple[Condition, ...] = ()
    """All must hold."""
    by: str | None = None
    """The column by whose values the rows left out are tallied, too."""
    with_controls: bool = False
    """Where battles are wanted, control battles are too."""

    @property
    def has_times(self) -> bool:
        return self.since is not None or self.until is not None

    @property
    def one_kind(self) -> str | None:
        """The kind of the rows, if the file has that column; None: any."""
        return None if self.kind == ALL_KINDS else self.kind or "battle"

    def is_kind(self, value: object) -> bool:
        if self.kind == ALL_KINDS or (self.with_controls and value == CONTROL and self.one_kind == "battle"):
            return True
        return value in (None, "", "battle") if self.kind is None else value == self.kind


@dataclass(slots=True)
class LeftOut:
    """Rows that do not count, by reason; a row may have several."""

    n_rows: int = 0
    excluded: Counter[str] = field(default_factory=Counter)

    def add(self, reasons: Iterable[str], n_rows: int) -> None:
        self.n_rows += n_rows
        for reason in reasons:
            self.excluded[reason] += n_rows


@dataclass(slots=True)
class Tally:
    """Rows read, and those that gave no vote."""

    n_rows: int = 0
    n_other_kinds: int = 0
    n_other_times: int = 0
    n_repeated: int = 0
    """Rows whose battle was read before."""
    n_contradicting: int = 0
    """Of these, those with another outcome than the first, or of which only one counts."""
    n_other_values: int = 0
    """Votes for which a condition of `where` does not hold."""
    excluded: Counter[str] = field(default_factory=Counter)
    n_excluded: int = 0
    """Rows that do not count."""
    by_text: dict[str, LeftOut] = field(default_factory=dict)
    """The same for each text of the column `by`; "": rows without one."""

    @property
    def repeats(self) -> str:
        """The rows whose battle was read before, in words."""
        text = f"{self.n_repeated:,} (the first line of each counts)"
        if self.n_contradicting:
            text += f"; {self.n_contradicting:,} of them disagree with it about the outcome or whether the vote counts"
        return text

    def exclude(self, reasons: Iterable[str], by: Cell | None, n_rows: int = 1) -> None:
        """Count rows that do not count for these reasons. `by` is their cell of that column."""
        self.n_excluded += n_rows
        for reason in (reasons := tuple(reasons)):
            self.excluded[reason] += n_rows
        if by is not None:
            for text in by if isinstance(by, tuple) else (by,):
                self.by_text.setdefault(text, LeftOut()).add(reasons, n_rows)
