"""A number for each visitor that changes with every step that the visitor takes, in any tab.

In memory, for the visitors of late. The numbers begin at the time of the start, so that none repeats after a restart.
"""

from arena.rules.limits import MAX_PULSES


class Pulses:
    def __init__(self, *, start: float) -> None:
        """`start` is a Unix time in seconds."""
        self._last = int(start * 1000)
        self._pulses: dict[str, int] = {}  # the visitor whose step is longest ago comes first

    def of(self, visitor: str) -> int:
        """Return the number of the visitor's latest step; 0 without one."""
        return self._pulses.get(visitor, 0)

    def note(self, visitor: str) -> None:
        """Note a step."""
        self._last += 1
        self._pulses.pop(visitor, None)
        self._pulses[visitor] = self._last
        if len(self._pulses) > MAX_PULSES:
            del self._pulses[next(iter(self._pulses))]
