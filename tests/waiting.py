"""Wait for a condition with a time limit, instead of sleeping for a fixed time."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Return as soon as `condition()` is true. Raise `TimeoutError` after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
