"""Progress of downloads, loading and training, as a bar on a terminal or as lines of a log."""

import io
import logging
import sys

from tqdm import tqdm

logger = logging.getLogger(__name__)

_QUIET_S = 2.0  # shorter work shows no bar
_LOG_EVERY_S = 10.0
_LOG_LINE = "{desc}: {percentage:.0f} % of {total_fmt}{unit}, {remaining} left{postfix}"


class _Log(io.TextIOBase):
    """The file that a bar writes to where there is no terminal."""

    def write(self, text: str) -> int:
        if line := text.strip():
            logger.info("%s", line)
        return len(text)


class ProgressBar:
    """Call it with the amount done and the total. When both are equal, the bar closes."""

    def __init__(self, label: str, *, unit: str = "B") -> None:
        is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._bar = tqdm(
            desc=label,
            unit=unit,
            unit_scale=unit == "B",
            file=sys.stderr if is_terminal else _Log(),
            position=0,
            leave=is_terminal,
            delay=_QUIET_S if is_terminal else _LOG_EVERY_S,
            mininterval=0.1 if is_terminal else _LOG_EVERY_S,
            miniters=1,
            bar_format=None if is_terminal else _LOG_LINE,
        )

    def __call__(self, n_done: int, n_total: int, *, note: str = "") -> None:
        self._bar.total = n_total
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(n_done - self._bar.n)
        if n_done >= n_total:
            self._bar.close()
