"""How fast answers are shown, so that timing names no model. Pure: what has arrived and the time come in, how much
to show goes out.

`EqualPace`, the rule. One cursor, counted in characters, serves both sides; each shows min(cursor, length of its text).
1. The cursor starts when both sides have text (or have ended without): nothing is shown before, no end either.
2. It never passes the text of a side that is still being written, so while both texts last they grow as one, at the
   pace of the slower model, whichever side that is.
3. It never moves faster than `MAX_CHARS_PER_S`: models faster than that look alike.
4. When the shorter text is shown whole, the rest of the longer one keeps the average pace so far, held between
   `MIN_TAIL_CHARS_PER_S` and `MAX_CHARS_PER_S`: whether the rest is long since written or still being written looks
   the same.
5. A side ends on the page when its text has ended and is shown whole, never when its model is done.
6. A side that has been silent for `MAX_HOLD_S` (counted, before its first text, from the other side's) holds the other
   one back no longer: it will most likely fail, and waiting for it for ever would be no stream.

What it costs: the first character waits for the slower side's, 15 s at most; an answer of L characters takes at
least L / 200 s from there (1,000 characters: 5 s), both take as long as the slower model while both texts last, and
at worst the rest of the longer one L / 30 s. What it cannot hide: a silence of more than 15 s; the rest of the
longer text when its own model is slower than the pace so far (there is nothing to show), or when both models are
slower than `MIN_TAIL_CHARS_PER_S` and the rest is already there. Holding back every answer until both are written
would hide these too, at the price of the stream.

`FreePace` shows everything at once (`pace = "free"` in the settings).
"""

from dataclasses import dataclass
from typing import Protocol

MAX_CHARS_PER_S = 200.0
MIN_TAIL_CHARS_PER_S = 30.0
MAX_HOLD_S = 15.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a side has got of its text: `n_chars` so far, and whether nothing more will come (whole, or broken off)."""

    n_chars: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Released:
    """How many characters of each side may be shown; ends may be shown only once `is_started`."""

    a: int
    b: int
    is_started: bool


class Pace(Protocol):
    """One turn's release. `now_s` is any clock that does not go back; releases never shrink from call to call."""

    def release(self, now_s: float, a: Arrived, b: Arrived) -> Released: ...


class FreePace:
    """Everything as it comes."""

    def release(self, now_s: float, a: Arrived, b: Arrived) -> Released:
        return Released(a.n_chars, b.n_chars, is_started=True)


class EqualPace:
    """Both sides at one pace; the rule stands above."""

    def __init__(self) -> None:
        self._started_s: float | None = None
        self._last_s = 0.0
        self._cursor = 0.0
        self._tail_chars_per_s: float | None = None
        self._n_chars = [0, 0]
        self._silent_since_s: list[float | None] = [None, None]

    def release(self, now_s: float, a: Arrived, b: Arrived) -> Released:
        is_waited_for = [self._is_waited_for(now_s, side, one, other) for side, one, other in ((0, a, b), (1, b, a))]
        if self._started_s is None:
            if any(waited and not one.n_chars for waited, one in zip(is_waited_for, (a, b), strict=True)):
                return Released(0, 0, is_started=False)
            self._started_s = self._last_s = now_s
        waited_for = [one.n_chars for waited, one in zip(is_waited_for, (a, b), strict=True) if waited]
        bound = min(waited_for) if waited_for else max(a.n_chars, b.n_chars)
        n_shown = self._advance(now_s, a, b, bound)
        return Released(min(n_shown, a.n_chars), min(n_shown, b.n_chars), is_started=True)

    def _is_waited_for(self, now_s: float, side: int, one: Arrived, other: Arrived) -> bool:
        """Whether the other side must not pass this one: it is being written, and was not silent for too long."""
        if one.n_chars > self._n_chars[side]:
            self._n_chars[side], self._silent_since_s[side] = one.n_chars, now_s
        elif self._silent_since_s[side] is None and (other.n_chars or other.is_complete):
            self._silent_since_s[side] = now_s
        since_s = self._silent_since_s[side]
        return not one.is_complete and (since_s is None or now_s - since_s < MAX_HOLD_S)

    def _advance(self, now_s: float, a: Arrived, b: Arrived, bound: int) -> int:
        """Move the cursor to where it is at `now_s`, at most to `bound`; whole characters."""
        shorter = min((side.n_chars for side in (a, b) if side.is_complete), default=None)
        pace = MAX_CHARS_PER_S if self._tail_chars_per_s is None else self._tail_chars_per_s
        target = self._cursor + pace * (now_s - self._last_s)
        if self._tail_chars_per_s is None and shorter is not None and min(target, bound) >= shorter:
            reached_s = self._last_s + (shorter - self._cursor) / pace
            elapsed_s = reached_s - self._started_s if self._started_s is not None else 0.0
            average = shorter / elapsed_s if elapsed_s > 0 else MAX_CHARS_PER_S
            self._tail_chars_per_s = min(max(average, MIN_TAIL_CHARS_PER_S), MAX_CHARS_PER_S)
            target = shorter + self._tail_chars_per_s * (now_s - reached_s)
        self._cursor = max(self._cursor, min(target, bound))
        self._last_s = now_s
        return int(self._cursor)
