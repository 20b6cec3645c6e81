"""SIGHUP: read the settings again, or end with the terminal.

Services get SIGHUP to read their settings again. A program also gets it when the terminal that it runs in is closed,
and should then end, as it would without this.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator


@contextlib.contextmanager
def reloading(reload: Callable[[], Awaitable[object]]) -> Iterator[None]:
    """Call `reload` on SIGHUP while the block runs. Use it on the main thread's event loop."""
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Future[object]]()
    has_terminal = sys.stdin is not None and sys.stdin.isatty()

    def hang_up() -> None:
        if has_terminal and not os.isatty(0):
            signal.raise_signal(signal.SIGTERM)
            return
        task = asyncio.ensure_future(reload())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGHUP, hang_up)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
