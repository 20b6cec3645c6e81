"""Run a battle on a simulated clock and record every event that its page receives.

The arena's own `Turn` and pace produce the events. This module only supplies arriving text and ten ticks a second, as
`arena.rounds.battle` does. A test compares the events with those of a real `Battle` and its followers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from arena.players.events import Broken, Finish
from arena.rounds.pacing import Pace
from arena.rounds.turns.attempt import Attempt
from arena.rounds.turns.turn import Turn
from arena.rounds.views import SIDES
from arena.rounds.watchers import TICK_S
from bench.blind.sides import Side

MAX_S = 1800.0
DONE = Finish("stop", None, None, None, ttft_ms=0.0, duration_ms=0.0)
_TEXT = "x" * 4096


@dataclass(frozen=True, slots=True)
class Event:
    """What a page receives: each side's number of characters, state and error."""

    at_s: float
    n_chars: tuple[int, int]
    states: tuple[str, str]
    errors: tuple[str | None, str | None]

    @property
    def swapped(self) -> "Event":
        """This event with the sides swapped."""
        return Event(self.at_s, self.n_chars[::-1], self.states[::-1], self.errors[::-1])


def watch(make_pace: Callable[[], Pace], a: Side, b: Side) -> list[Event]:
    """Return the events of one battle. Raise RuntimeError if it lasts longer than `MAX_S`."""
    turn = Turn("", {side: Attempt(1, number) for number, side in enumerate(SIDES)}, make_pace())
    sides = list(zip((a, b), turn.attempts.values(), strict=True))
    times_s = np.arange(round((max(a.finish_s, b.finish_s) + 1) / TICK_S)) * TICK_S
    arrived = [side.at(times_s).tolist() for side, _ in sides]
    events = [_event(0.0, turn)]
    for tick in range(1, round(MAX_S / TICK_S)):
        now_s = tick * TICK_S
        for (side, attempt), n_chars in zip(sides, arrived, strict=True):
            if not attempt.is_complete:
                attempt.text = _TEXT[: n_chars[tick]]
                if now_s + 1e-9 >= side.finish_s:
                    attempt.finish, attempt.error = (None, Broken.code) if side.is_broken else (DONE, None)
        if turn.release(now_s):
            events.append(_event(now_s, turn))
        if turn.has_ended:
            return events
    raise RuntimeError(f"the battle did not end within {MAX_S:g} s")


def _event(now_s: float, turn: Turn) -> Event:
    a, b = turn.views.values()
    return Event(now_s, (len(a.text), len(b.text)), (a.state, b.state), (a.error, b.error))
