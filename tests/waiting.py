"""Wait for a condition with a time limit, instead of sleeping for a fixed time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Return as soon as `condition()` is true. Raise `TimeoutError` after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def read_until(read: Callable[[], Awaitable[T]], is_right: Callable[[T], bool], timeout_s: float = 30.0) -> T:
    """Read again and again; return the first value that `is_right`, or, after `timeout_s`, the last one."""
    deadline = time.monotonic() + timeout_s
    while not is_right(value := await read()) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return value
