"""Which rows of a votes file are wanted, and a tally of the others."""

from collections import Counter
from dataclasses import dataclass, field

ALL_KINDS = "all"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`kind` None: battles, or all rows of a file without that column. Times are seconds since 1970, from `since` and
    before `until`."""

    kind: str | None = None
    since: float | None = None
    until: float | None = None

    @property
    def has_times(self) -> bool:
        return self.since is not None or self.until is not None

    @property
    def one_kind(self) -> str | None:
        """The kind of the rows, if the file has that column; None: any."""
        return None if self.kind == ALL_KINDS else self.kind or "battle"

    def is_kind(self, value: object) -> bool:
        if self.kind == ALL_KINDS:
            return True
        return value in (None, "", "battle") if self.kind is None else value == self.kind

    def is_time(self, time_s: float) -> bool:
        return (self.since is None or time_s >= self.since) and (self.until is None or time_s < self.until)


@dataclass(slots=True)
class Tally:
    """Rows read, and those that gave no vote."""

    n_rows: int = 0
    n_other_kinds: int = 0
    n_other_times: int = 0
    n_repeated: int = 0
    """Rows whose battle was read before."""
    excluded: Counter[str] = field(default_factory=Counter)
