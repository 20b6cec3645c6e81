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


@dataclass(frozen=True, slots=True)
class LogAxis:
    """Positive values by their logarithms: from `low` at the left end (0 %) to `high` at the right (100 %)."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "LogAxis":
        """Contains all values, with a margin at both ends, and spans a factor of 2 at least."""
        found = list(values)
        low, high = min(found), max(found)
        margin = max((high / low) ** 0.12, 2**0.5 if high < 2 * low else 1.0)
        return cls(low / margin, high * margin)

    def at(self, value: float) -> str:
        return f"{100 * self.share(value):.2f}%"

    def share(self, value: float) -> float:
        """0 at the left end, 1 at the right."""
        return math.log(value / self.low) / math.log(self.high / self.low)

    def ticks(self) -> list[float]:
        """Round numbers, at most seven: 1, 2 and 5 times powers of ten, or the powers alone, or some of them."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for factors, step in (((1, 2, 5), 1), ((1,), 1), ((1,), 2), ((1,), 3), ((1,), 6)):
            found = [
                factor * 10.0**power
                for power in range(first, last + 1, step)
                for factor in factors
                if self.low <= factor * 10.0**power <= self.high
            ]
            if len(found) <= 7:
                return found
        return found[:7]
