"""Prompts that came before two models could play: kept until they can, or until nobody waits for them any more.

One for each visitor, in memory: a battle is stored when its pair is drawn, and before that there is nothing to store.
The page that waits asks for the prompt again and again, which keeps it; so a reload finds it, and one that everybody
left is forgotten like a battle that nobody watches. Who sends it takes it away first, so that two tabs send it once.
"""

from collections.abc import Callable
from dataclasses import dataclass

MAX_HELD = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A prompt that waits. Two are the same only if they are one object: the same text may be sent again."""

    text: str


class HeldPrompts:
    """At most one prompt for each visitor and `MAX_HELD` in all: then the one longest unasked for goes. Each is kept
    for `keep_s` after it was last asked for, by a clock of seconds that does not go back."""

    def __init__(self, *, keep_s: float, clock: Callable[[], float]) -> None:
        self._keep_s = keep_s
        self._clock = clock
        self._held: dict[str, tuple[Held, float]] = {}  # in the order in which they were last asked for

    def hold(self, visitor: str, text: str) -> Held:
        """Keep a prompt; the visitor's earlier one, if any, is forgotten."""
        self._forget_old()
        while len(self._held) >= MAX_HELD:
            del self._held[next(iter(self._held))]
        return self._keep(visitor, Held(text))

    def of(self, visitor: str) -> Held | None:
        """The prompt of this visitor, which is kept on."""
        self._forget_old()
        return self._keep(visitor, self._held[visitor][0]) if visitor in self._held else None

    def take(self, visitor: str) -> Held | None:
        """The same, and it is kept no longer."""
        held, _ = self._held.pop(visitor, (None, 0.0))
        return held

    def _keep(self, visitor: str, held: Held) -> Held:
        self._held.pop(visitor, None)
        self._held[visitor] = held, self._clock()
        return held

    def _forget_old(self) -> None:
        before = self._clock() - self._keep_s
        while self._held and next(iter(self._held.values()))[1] <= before:
            del self._held[next(iter(self._held))]
