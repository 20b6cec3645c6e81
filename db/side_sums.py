"""The tokens, style and duration of all answers of one side of a battle, summed up.

They are stored with the vote, so that ratings that control for them read no answer, and exports have them where texts
are left out. The answers are those that the voter saw: the last attempt at each turn.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple, Protocol, Self

from db.style import StyleCounts


class Answer(Protocol):
    """One answer; None: unknown."""

    @property
    def style(self) -> StyleCounts | None: ...
    @property
    def completion_tokens(self) -> int | None: ...
    @property
    def duration_ms(self) -> float | None: ...


class AnswerCounts(NamedTuple):
    """An `Answer` without its text."""

    style: StyleCounts | None
    completion_tokens: int | None
    duration_ms: float | None


class SideSums(NamedTuple):
    """Sums over the answers of one side; one that is unknown for an answer is None for the side."""

    n_tokens: int | None = None
    n_chars: int | None = None
    n_headings: int | None = None
    n_list_items: int | None = None
    n_bold: int | None = None
    duration_ms: float | None = None

    @classmethod
    def of(cls, answers: Iterable[Answer]) -> Self:
        """Add up the answers; without any, every sum is None."""
        shown = list(answers)
        if not shown:
            return cls()
        tokens = [one.completion_tokens for one in shown if one.completion_tokens is not None]
        durations = [one.duration_ms for one in shown if one.duration_ms is not None]
        styles = [one.style for one in shown if one.style is not None]
        sums = cls(
            n_tokens=sum(tokens) if len(tokens) == len(shown) else None,
            duration_ms=math.fsum(durations) if len(durations) == len(shown) else None,
        )
        if len(styles) == len(shown):
            chars, headings, items, bold = map(sum, zip(*styles, strict=True))
            return sums._replace(n_chars=chars, n_headings=headings, n_list_items=items, n_bold=bold)
        return sums

    @property
    def style(self) -> StyleCounts | None:
        counts = [self.n_chars, self.n_headings, self.n_list_items, self.n_bold]
        known = [count for count in counts if count is not None]
        return StyleCounts(*known) if len(known) == len(counts) else None

    def columns(self, side: str) -> dict[str, int | float | None]:
        """Return them under their names in votes and exports, such as `n_chars_a`; `side` is a or b."""
        return {f"{name}_{side}": value for name, value in self._asdict().items()}


SUMS = SideSums._fields
SUM_COLUMNS = tuple(f"{name}_{side}" for side in "ab" for name in SUMS)
"""The columns of votes and exports, those of side A first."""

PACKED_STYLE = {"n_headings": 49, "n_list_items": 37, "n_bold": 25}
"""Many votes are read faster with the sums of a side in one integer: this is the lowest bit of each count, which has
STYLE_BITS. Below them is one more than the length (tokens or characters), or 0 for an unknown one."""
STYLE_BITS, LENGTH_BITS = 12, 25
NOTHING_KNOWN, NOT_PACKED = -1, -2
"""In place of side A's: every sum of both sides is unknown; a count is unknown or too large."""
