"""The axis of a chart of ratings, with ticks at round numbers."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from elo.board.leaderboard import BoardRow


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` at the left end (0 %) to `high` at the right (100 %)."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Axis":
        """Contains all finite values, with a margin at both ends."""
        finite = [value for value in values if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
        margin = 0.06 * (high - low) or 10.0
        return cls(low - margin, high + margin)

    @classmethod
    def of_rows(cls, rows: Iterable[BoardRow]) -> "Axis":
        """Contains every rating and interval of the rows."""
        return cls.of(value for row in rows for value in (row.low, row.rating, row.high) if value is not None)

    def at(self, value: float) -> str:
        """Where `value` is, as a length of SVG."""
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}%"

    def ticks(self) -> list[float]:
        """About five round numbers: steps of 1, 2 or 5 times a power of ten."""
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        first = math.ceil(self.low / step)
        return [step * i for i in range(first, math.floor(self.high / step) + 1)]
