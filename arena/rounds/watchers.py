"""Count the pages that follow a battle, and how long it has been without one."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from arena.rounds.views import BattleView

TICK_S = 0.1
HEARTBEAT_S = 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    """A battle is updated every `tick_s`, by a clock of seconds that never decrease, and becomes void after
    `abandon_after_s` without a page."""

    abandon_after_s: float
    tick_s: float = TICK_S
    heartbeat_s: float = HEARTBEAT_S
    clock: Callable[[], float] = time.monotonic


class Watchers:
    """For one event loop, not for threads."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._changed: set[asyncio.Event] = set()
        self._unwatched_since_s = timing.clock()

    def __len__(self) -> int:
        return len(self._changed)

    @property
    def seen_s(self) -> float:
        """When a page last followed, by the clock."""
        return self._timing.clock() if self._changed else self._unwatched_since_s

    @property
    def is_abandoned(self) -> bool:
        """Whether no page has followed for `abandon_after_s`."""
        return not self._changed and self._timing.clock() - self._unwatched_since_s >= self._timing.abandon_after_s

    def wait_again(self) -> None:
        """Begin to measure from now how long no page follows."""
        self._unwatched_since_s = self._timing.clock()

    def notify(self) -> None:
        for changed in self._changed:
            changed.set()

    async def follow(self, view_now: Callable[[], BattleView]) -> AsyncGenerator[BattleView, None]:
        """Yield the current view, then one after each change, at least `tick_s` and at most `heartbeat_s` apart. Ends
        with the first view that is not open."""
        changed = asyncio.Event()
        self._changed.add(changed)
        try:
            while True:
                changed.clear()
                view = view_now()
                yield view
                if view.state != "open":
                    return
                await asyncio.sleep(self._timing.tick_s)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._timing.heartbeat_s - self._timing.tick_s):
                        await changed.wait()
        finally:
            self._changed.discard(changed)
            self._unwatched_since_s = self._timing.clock()
