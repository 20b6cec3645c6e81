"""End an answer before a stop string, which may be spread over several tokens.

Text that could be the beginning of a stop string is held back until it is clear that it is not: a reader never sees a
character that later turns out to belong to one.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Released:
    """Text that may be shown, and whether a stop string came right after it."""

    text: str
    is_stopped: bool


class StopStrings:
    """Feed text in pieces of any size; the released pieces, joined, end before the first stop string.

    Where two stop strings overlap, the one that is complete first counts, so that the result does not depend on how the
    text was cut into pieces. Of two that end together it is the longer one. A stop string is not part of the text.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""

    def push(self, text: str) -> Released:
        """What is now sure to be shown. After `is_stopped` nothing more may be pushed."""
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
        """What was held back, when no more text follows."""
        held, self._held = self._held, ""
        return held

    def _first_open(self, text: str) -> int:
        """Where the longest suffix begins that may begin a stop string; the length of the text if there is none."""
        longest = max(map(len, self._stops), default=1) - 1
        for start in range(max(0, len(text) - longest), len(text)):
            if any(stop.startswith(text[start:]) for stop in self._stops):
                return start
        return len(text)
