"""Waiting for the next item of an asynchronous generator, with a time limit that loses no item."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class Waiting(Generic[ItemT]):
    """Reads `items` one by one. After a timeout the same item can be asked for again."""

    def __init__(self, items: AsyncGenerator[ItemT, None]) -> None:
        self._items = items
        self._task: asyncio.Task[ItemT | None] | None = None

    async def next(self, timeout_s: float) -> ItemT | None:
        """Return the next item, or None at the end. Raises TimeoutError."""
        if self._task is None:
            self._task = asyncio.create_task(self._read())
        await asyncio.wait([self._task], timeout=timeout_s)
        if not self._task.done():
            raise TimeoutError
        task, self._task = self._task, None
        return task.result()

    async def _read(self) -> ItemT | None:
        return await anext(self._items, None)

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.exception()
        await self._items.aclose()
