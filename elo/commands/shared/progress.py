"""One line on standard error that tells where long work is. Short work shows nothing."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

_BAR = 20  # characters
_EVERY = 10_000  # rows


@dataclass(slots=True)
class Progress:
    """Rewritten on a terminal; elsewhere a line every few seconds. `show` may be called as often as one likes."""

    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    shown_at: float = field(init=False, default=float("-inf"))
    has_line: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def rounds(self, done: int, n_rounds: int) -> None:
        bar = "#" * (_BAR * done // n_rounds)
        self.show(f"bootstrap: [{bar:<{_BAR}}] {done} of {n_rounds} rounds")

    def rows(self, n_rows: int) -> None:
        self.show(f"reading: {n_rows} rows")

    def reading(self, rows: Iterable[T]) -> Iterator[T]:
        """The same rows, told on the way."""
        for n_rows, row in enumerate(rows, start=1):
            yield row
            if n_rows % _EVERY == 0:
                self.rows(n_rows)

    def show(self, text: str) -> None:
        now = self.clock()
        is_terminal = sys.stderr.isatty()
        if now - self.began < 1 or now - self.shown_at < (0.1 if is_terminal else 5):
            return
        self.shown_at = now
        print(f"\r\033[K{text}" if is_terminal else text, end="" if is_terminal else "\n", file=sys.stderr, flush=True)
        self.has_line = is_terminal

    def clear(self) -> None:
        if self.has_line:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self.has_line = False
