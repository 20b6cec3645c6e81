"""First prompts that wait until two models can play.

Each visitor has at most one, in memory: a battle is stored when its pair is drawn, and before that there is nothing to
store. The page that waits polls for the prompt, which keeps it, so a reload finds it. Without a page it is forgotten,
like a battle that nobody watches. A page takes the prompt before it sends it, so that two tabs send it once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from arena.rules.limits import MAX_HELD


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A prompt that waits. Equality is identity, because the same text may be sent again."""

    text: str


class HeldPrompts:
    """At most one prompt for each visitor and `MAX_HELD` in all; beyond that, the one polled longest ago is dropped.
    Each is kept for `keep_s` after it was last polled. `clock` is monotonic, in seconds."""

    def __init__(self, *, keep_s: float, clock: Callable[[], float]) -> None:
        self.keep_s = keep_s
        self._clock = clock
        self._held: dict[str, tuple[Held, float]] = {}  # the one polled longest ago comes first

    def hold(self, visitor: str, text: str) -> Held:
        """Keep a prompt in place of the visitor's earlier one, if any."""
        self._forget_old()
        while len(self._held) >= MAX_HELD:
            del self._held[next(iter(self._held))]
        return self._keep(visitor, Held(text))

    def of(self, visitor: str) -> Held | None:
        """Return this visitor's prompt and go on keeping it."""
        self._forget_old()
        return self._keep(visitor, self._held[visitor][0]) if visitor in self._held else None

    def take(self, visitor: str) -> Held | None:
        """Return this visitor's prompt and stop keeping it."""
        held, _ = self._held.pop(visitor, (None, 0.0))
        return held

    def _keep(self, visitor: str, held: Held) -> Held:
        self._held.pop(visitor, None)
        self._held[visitor] = held, self._clock()
        return held

    def _forget_old(self) -> None:
        before = self._clock() - self.keep_s
        while self._held and next(iter(self._held.values()))[1] <= before:
            del self._held[next(iter(self._held))]
