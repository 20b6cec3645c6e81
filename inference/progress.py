"""How far something long has come: a bar on a terminal, a line of the log now and then where there is none."""

import logging
import sys
import time

logger = logging.getLogger(__name__)

_QUIET_S = 2.0  # what is done sooner needs no bar
_LOG_EVERY_S = 10.0
_WIDTH = 30  # characters of the bar


class Progress:
    """Called with the bytes that are done and those of all; says nothing of what takes less than two seconds."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._next_s = time.monotonic() + (_QUIET_S if self._is_terminal else _LOG_EVERY_S)
        self._is_drawn = False

    def __call__(self, n_done: int, n_bytes: int) -> None:
        share, now_s = n_done / max(1, n_bytes), time.monotonic()
        if self._is_terminal and (now_s >= self._next_s or self._is_drawn):
            bar = "#" * round(_WIDTH * share)
            end = "\n" if n_done >= n_bytes else ""
            sys.stderr.write(f"\r{self._label} [{bar:{_WIDTH}}] {share:4.0%} of {n_bytes / 1e9:.1f} GB{end}")
            sys.stderr.flush()
            self._is_drawn = n_done < n_bytes
        elif not self._is_terminal and now_s >= self._next_s:
            logger.info("%s: %.0f %% of %.1f GB", self._label, 100 * share, n_bytes / 1e9)
            self._next_s = now_s + _LOG_EVERY_S
