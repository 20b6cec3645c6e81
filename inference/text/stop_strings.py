"""End an answer before a stop string, which may span several tokens.

Text that may begin a stop string is held back until it cannot: a reader never sees a character of a stop string.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Released:
    """Text that may be shown, and whether a stop string followed it."""

    text: str
    is_stopped: bool


class StopStrings:
    """Takes text in pieces of any size. The released pieces, joined, end before the first stop string.

    Where two stop strings overlap, the one that is complete first counts, so the result does not depend on how the text
    is cut into pieces. Of two that end together the longer one counts.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""

    def push(self, text: str) -> Released:
        """Add text, and return what may be shown now. After `is_stopped` no more text may be pushed."""
        text = self._held + text
        found = [(at + len(stop), at) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            self._held = ""
            _, start = min(found)
            return Released(text[:start], is_stopped=True)
        cut = self._first_open(text)
        self._held = text[cut:]
        return Released(text[:cut], is_stopped=False)

    def flush(self) -> str:
        """Return the text held back, when no more follows."""
        held, self._held = self._held, ""
        return held

    def _first_open(self, text: str) -> int:
        """Return the start of the longest suffix that may begin a stop string; the text's length if there is none."""
        longest = max(map(len, self._stops), default=1) - 1
        for start in range(max(0, len(text) - longest), len(text)):
            if any(stop.startswith(text[start:]) for stop in self._stops):
                return start
        return len(text)
