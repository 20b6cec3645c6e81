"""The events of one request, passed from the engines' thread to an asynchronous reader."""

import asyncio
from collections.abc import AsyncIterator

from inference.engine.request import Event


class Stream:
    """The events of one request: an asynchronous iterator that ends after the event with a finish reason."""

    def __init__(self) -> None:
        self.has_begun = False
        """Whether an event has arrived."""
        self._unread: Event | None = None
        self._news = asyncio.Event()
        self._is_over = False

    def deliver(self, event: Event) -> None:
        """Merge an event with the unread ones. Called on the event loop."""
        self.has_begun = True
        self._unread = event.after(self._unread)
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        if self._is_over:
            raise StopAsyncIteration
        await self._news.wait()
        event, self._unread = self._unread, None
        self._news.clear()
        assert event is not None
        self._is_over = event.finish_reason is not None
        return event
