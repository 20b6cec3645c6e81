"""How fast answers are shown, so that timing identifies no model.

Pure: it computes how much to show from what has arrived and the time. `python -m bench.blind` measures what each pace
costs and hides.

`EqualPace`, the rule. One cursor, counted in characters, serves both sides; each shows min(cursor, length of its text).
1. Both sides are read as if they had begun together (`arena.rounds.common`): nothing is shown before both have text
   or have ended without any. Price: the first character waits for the later side's, as long as its endpoint may take.
2. The cursor starts `lag` after that: `MIN_LAG_S`, or 1.5 times the longest gap in the common text (a gap of more than
   4 s counts as 4 s). A gap shorter than the lag is invisible, and so is an end that follows its text by less than the
   lag. Price: 1.5 s for text that arrives evenly, 6 s at most.
3. Its pace is the rate at which the common text arrived, which is the slower side's, less 5 %, less half the standard
   error of that rate, less up to a fifth while the text ahead of the cursor is less than the lag; never more than
   `max_chars_per_s`. So models faster than `max_chars_per_s` look alike. Price: 5 % longer than the slower model for
   text that arrives evenly, up to 50 % longer for text in bursts.
4. The pace changes only when the common text grows. So it is constant after the last common character, and the rest of
   the longer text keeps it, whether that is complete or still being written. Price: a long answer of a fast model takes
   as long as the slow model would have needed for it, even if the slow model's answer was short.
5. A common text that arrived within `common.MIN_MEASURED_S`, or has grown by fewer than `common.MIN_MEASURED_CHARS`
   when it ends, is too short to be measured, and the pace is the cap. Price: the rest of the longer text is shown at
   the cap or, if its model is slower, as it is written; the difference is visible.
6. The pace waits for a silent side: only its endpoint's timeouts end the wait, and they do not treat reasoning
   as silence. Price: a stall of one side stalls both.

`TogetherPace`: nothing until both answers are complete, and until the slower model would have completed the longer
text, by the same measure; then both at `max_chars_per_s`. Without the second wait, the time of an answer would show
which model wrote it: 20 s for 400 and 1,000 characters means that a model of 20 characters per second wrote the 400.
It also hides the bursts and stalls of the longer text after the shorter one has ended. Price: no stream. If the common
text is too short to be measured, there is no second wait.

`RetryPace`, for a side that is asked again, in place of any other: nothing until it is complete, then
`max_chars_per_s`. The other side has visibly ended, so the wait shows how fast the retried side is.

`FreePace` shows everything at once (`pace = "free"` in the settings). It hides nothing.

No pace hides how fast the slower of two models is. `EqualPace` does not hide a model that falls behind its own pace by
more than the lag after the shorter text has ended.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from arena.rounds.common import Arrived as Arrived
from arena.rounds.common import Common

MAX_CHARS_PER_S = 200.0
MIN_LAG_S = 1.5
LAG_GAPS = 1.5
"""The lag is this many times the longest gap."""
BELOW = 0.05
N_ERRORS = 0.5
"""The pace is below the measured rate by this share, and by this many of its standard errors."""
MIN_REFILL = 0.8
"""The share of the pace that is left when no text is ahead of the cursor."""


@dataclass(frozen=True, slots=True)
class Released:
    """How many characters of each side may be shown. An end may be shown only once `is_started`."""

    a: int
    b: int
    is_started: bool


class Pace(Protocol):
    """The release of one turn. `now_s` is from any clock that never goes back; releases never shrink."""

    def release(self, now_s: float, a: Arrived, b: Arrived) -> Released: ...


class FreePace:
    """Shows everything as it arrives."""

    def release(self, now_s: float, a: Arrived, b: Arrived) -> Released:
        return Released(a.n_chars, b.n_chars, is_started=True)


class RetryPace:
    """Shows both sides at one steady pace, once both are complete."""

    def __init__(self, max_chars_per_s: float = MAX_CHARS_PER_S) -> None:
        self._max_chars_per_s = max_chars_per_s
        self._started_s: float | None = None

    def release(self, now_s: float, a: Arrived, b: Arrived) -> Released:
        if not (a.is_complete and b.is_complete):
            return _NOTHING
        if self._started_s is None:
            self._started_s = now_s
        return _both(self._max_chars_per_s * (now_s - self._started_s), a, b)


class TogetherPace:
    """Shows both sides at one steady pace, once the slower model would have completed either text (see above)."""

    def __init__(self, max_chars_per_s: float = MAX_CHARS_PER_S) -> None:
        self._max_chars_per_s = max_chars_per_s
        self._common = Common()
        self._steady = RetryPace(max_chars_per_s)
        self._is_started = False

    def release(self, now_s: float, a: Arrived, b: Arrived) -> Released:
        common = self._common
        common.read(now_s, a, b)
        if not self._is_started and common.now_s is not None and a.is_complete and b.is_complete:
            shorter, longer = sorted((a.n_chars, b.n_chars))
            rate = None if common.is_too_few else _steady(common)
            chars_per_s = min(rate or math.inf, self._max_chars_per_s)
            self._is_started = common.n_chars >= shorter and common.now_s >= _lag_s(common) + longer / chars_per_s
        return self._steady.release(now_s, a, b) if self._is_started else _NOTHING


class EqualPace:
    """Shows both sides at the slower one's pace (see above)."""

    def __init__(self, max_chars_per_s: float = MAX_CHARS_PER_S) -> None:
        self._max_chars_per_s = max_chars_per_s
        self._common = Common()
        self._cursor = 0.0
        self._chars_per_s: float | None = None
        self._last_s = 0.0

    def release(self, now_s: float, a: Arrived, b: Arrived) -> Released:
        common = self._common
        has_grown = common.read(now_s, a, b)
        shorter = min((side.n_chars for side in (a, b) if side.is_complete), default=None)
        is_whole = shorter is not None and common.n_chars >= shorter  # it will not grow further
        if self._chars_per_s is None:
            is_known = is_whole or common.chars_per_s is not None
            if common.now_s is None or common.now_s < _lag_s(common) or not is_known:
                return _NOTHING
            self._last_s = now_s
        if self._chars_per_s is None or has_grown:
            self._chars_per_s = self._pace()
        if is_whole and common.is_too_few:
            self._chars_per_s = self._max_chars_per_s
        written = [side.n_chars for side in (a, b) if not side.is_complete]
        bound = common.n_chars if not is_whole else min(written, default=max(a.n_chars, b.n_chars))
        self._cursor = max(self._cursor, min(bound, self._cursor + self._chars_per_s * (now_s - self._last_s)))
        self._last_s = now_s
        return _both(self._cursor, a, b)

    def _pace(self) -> float:
        steady, rate = _steady(self._common), self._common.chars_per_s
        if steady is None or rate is None:
            return self._max_chars_per_s
        ahead_s = (self._common.n_chars - self._cursor) / rate
        return min(steady * min(1.0, max(MIN_REFILL, ahead_s / _lag_s(self._common))), self._max_chars_per_s)


_NOTHING = Released(0, 0, is_started=False)


def _both(cursor: float, a: Arrived, b: Arrived) -> Released:
    n_chars = int(cursor + 1e-6)
    return Released(min(n_chars, a.n_chars), min(n_chars, b.n_chars), is_started=True)


def _lag_s(common: Common) -> float:
    return max(MIN_LAG_S, LAG_GAPS * common.longest_gap_s)


def _steady(common: Common) -> float | None:
    """Return the pace that the slower side can keep, in characters per second; None if too little is known."""
    rate = common.chars_per_s
    return None if rate is None else rate / (1 + BELOW + N_ERRORS * common.uncertainty)


@dataclass(frozen=True, slots=True)
class Paces:
    """The paces of an arena by name, and the one for a side that is asked again."""

    max_chars_per_s: float = MAX_CHARS_PER_S

    def of(self, name: str) -> Callable[[], Pace]:
        """Return a factory for the pace of a turn. An unknown name, of an older battle, means "equal"."""
        if name == "free":
            return FreePace
        return partial(TogetherPace if name == "together" else EqualPace, self.max_chars_per_s)

    def retry(self) -> Pace:
        return RetryPace(self.max_chars_per_s)
