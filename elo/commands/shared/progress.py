"""Progress of reading votes and of the bootstrap, as a bar on a terminal or as lines of a log."""

import io
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")

_QUIET_S = 1.0  # shorter work shows nothing
_LINE_EVERY_S = 5.0
_EVERY = 10_000  # rows
_COUNT = "{desc}: {n:,} {unit}"
_SHARE = "{desc}: |{bar:20}| {n:,} of {total:,} {unit}"
_LINE = "{desc}: {n:,} of {total:,} {unit}"


class _Lines(io.TextIOBase):
    """The file that a bar writes to where there is no terminal: one line for each time it is drawn."""

    def write(self, text: str) -> int:
        if sys.stderr is not None and (line := text.strip()):
            print(line, file=sys.stderr, flush=True)
        return len(text)


class Progress:
    """One piece of work after the other. Each call may come as often as it likes."""

    def __init__(self) -> None:
        self._what, self._started_s = "", 0.0
        self._bar: tqdm[None] | None = None

    def rounds(self, n_done: int, n_rounds: int) -> None:
        self.count("bootstrap", "rounds", n_done, n_rounds)

    def rows(self, n_rows: int) -> None:
        self.count("reading", "rows", n_rows)

    def reading(self, rows: Iterable[T]) -> Iterator[T]:
        """The same rows, counted as they pass."""
        for n_rows, row in enumerate(rows, start=1):
            yield row
            if n_rows % _EVERY == 0:
                self.rows(n_rows)

    def count(self, what: str, unit: str, n_done: int, total: int | None = None) -> None:
        """Show, for example, "reading: 20,000 rows". Other work than before replaces its bar."""
        if self._what != what:
            self.clear()
            self._what, self._started_s = what, time.monotonic()
        if self._bar is not None:
            self._bar.update(n_done - self._bar.n)
        elif time.monotonic() - self._started_s >= (_QUIET_S if _is_terminal() else _LINE_EVERY_S):
            self._bar = _bar(what, unit, n_done, total)

    def clear(self) -> None:
        """Remove the bar, before anything else is printed."""
        if self._bar is not None:
            self._bar.close()
        self._what, self._bar = "", None


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _bar(what: str, unit: str, n_done: int, total: int | None) -> "tqdm[None]":
    from tqdm import tqdm  # it loads slowly, and short work has no bar

    is_terminal = _is_terminal()
    return tqdm(
        desc=what,
        total=total,
        initial=n_done,
        unit=unit,
        file=sys.stderr if is_terminal else _Lines(),
        leave=False,
        mininterval=0.1 if is_terminal else _LINE_EVERY_S,
        miniters=1,
        bar_format=_COUNT if total is None else _SHARE if is_terminal else _LINE,
    )
