"""How much text both sides have, and how fast it arrived.

Both are read as if they had begun together. The side that began first is read later by the difference: with first texts
at 2 s and at 9 s, what the first side had at 5 s is read at 12 s. So nothing derived from here depends on which side
began first, and a backlog keeps the pace at which it was written: 600 characters that arrived in 30 s while the other
side was silent take 30 s again.

The rate is that of common characters only, and so the slower side's, whichever side and whichever text is longer.
"""

import math
from dataclasses import dataclass

MIN_MEASURED_S = 0.5
"""A common text that arrived in less time is too short to be measured."""
MIN_MEASURED_CHARS = 20
"""Less growth does not predict how fast more text will arrive: a pause of one second between two characters does
not mean that the model writes one character per second."""
MAX_GAP_S = 4.0
"""A longer gap is measured as this, so that one stall of half a minute does not make a model a slow writer."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """How much of a side's text has arrived, and whether nothing more will (complete, or broken off)."""

    n_chars: int
    is_complete: bool


class Common:
    """The common text of one turn. Times are seconds since the later side's first text."""

    def __init__(self) -> None:
        self.now_s: float | None = None
        """None until both sides have text or have ended without any."""
        self.n_chars = 0
        self.longest_gap_s = 0.0
        self._began_s = 0.0
        self._sides = (_Side(), _Side())
        self._n_at_first: int | None = None
        self._last_s = self._measured_s = 0.0
        self._sum_tt = self._sum_tn = self._sum_nn = 0.0

    def read(self, now_s: float, a: Arrived, b: Arrived) -> bool:
        """Note what has arrived; return whether the common text has grown."""
        for side, arrived in zip(self._sides, (a, b), strict=True):
            side.note(now_s, arrived.n_chars)
        if self.now_s is None:
            if not all(one.n_chars or one.is_complete for one in (a, b)):
                return False
            self._began_s = now_s
        self.now_s = round(now_s - self._began_s, 6)  # times of one tick differ in their last digits
        n_chars = min(side.at(self.now_s) for side in self._sides)
        if self._n_at_first is None:
            self._n_at_first = self.n_chars = n_chars
        return self._grow(self.now_s, n_chars)

    def _grow(self, now_s: float, n_chars: int) -> bool:
        t, n = min(now_s - self._last_s, MAX_GAP_S), n_chars - self.n_chars
        if n <= 0:
            return False
        self._measured_s += t
        self.longest_gap_s = max(self.longest_gap_s, t)
        self._sum_tt += t * t
        self._sum_tn += t * n
        self._sum_nn += n * n
        self._last_s, self.n_chars = now_s, n_chars
        return True

    @property
    def chars_per_s(self) -> float | None:
        """The rate from the first reading to the last growth; None while there is too little to measure."""
        if self._measured_s < MIN_MEASURED_S or self._n_at_first is None:
            return None
        return (self.n_chars - self._n_at_first) / self._measured_s

    @property
    def is_too_few(self) -> bool:
        """Whether a complete common text is too short for its rate to predict that of more text."""
        return self.n_chars - (self._n_at_first or 0) < MIN_MEASURED_CHARS

    @property
    def uncertainty(self) -> float:
        """The relative standard error of the rate, if steps are independent.

        A step of n characters takes t seconds; the variance of t - n / rate adds up over the steps. Even steps have
        none; 40 bursts with exponential gaps between them give 1 / sqrt(40) = 0.16.
        """
        rate = self.chars_per_s
        if rate is None:
            return 0.0
        variance = self._sum_tt - 2 * self._sum_tn / rate + self._sum_nn / rate**2
        return math.sqrt(max(0.0, variance)) / self._measured_s


class _Side:
    """How many characters had arrived at which time, read with a constant delay."""

    def __init__(self) -> None:
        self._grown: list[tuple[float, int]] = []
        self._n_passed = 0

    def note(self, now_s: float, n_chars: int) -> None:
        if n_chars > (self._grown[-1][1] if self._grown else 0):
            self._grown.append((now_s, n_chars))

    def at(self, since_first_s: float) -> int:
        """Return how many characters had arrived this long after the side's first ones. Times must not decrease."""
        if not self._grown:
            return 0
        until_s = self._grown[0][0] + since_first_s + 1e-6
        while self._n_passed + 1 < len(self._grown) and self._grown[self._n_passed + 1][0] <= until_s:
            self._n_passed += 1
        return self._grown[self._n_passed][1]
