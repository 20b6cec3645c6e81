"""A number for each visitor that changes with every step that the visitor takes, so that one tab follows another.

A tab reads it *before* it asks for what it shows, and looks again when the number has changed:

    seen = arena.pulse(visitor)
    battle_id = await arena.current(visitor, kind)  # follow it; None: see the `view` of the shown battle
    ...
    if arena.pulse(visitor) != seen: ...  # another tab did something: the same two lines again

If `current` is None, the view of the shown battle has the notice `left` if the other tab went on to the next battle;
else nothing is new. A tab that follows a battle sees its changes anyway, and needs the number only when its stream has
ended. It costs a look into a dictionary, so a tab may ask often while it is visible.

In memory, for the latest visitors. The numbers begin at the time of the start, so that none repeats after a restart.
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
