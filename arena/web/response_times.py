"""Measure how long each page takes to begin its response."""

import time
from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arena.metrics import Metrics

_OTHER = "other"  # for every address that is not one of the pages: a visitor must not be able to add labels


class ResponseTimes:
    """`pages` are paths such as `/about`."""

    def __init__(self, app: ASGIApp, metrics: Metrics, pages: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._pages = frozenset(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        page = scope["path"] if scope["path"] in self._pages else _OTHER
        started = time.monotonic()

        async def send_and_measure(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.responded(page, time.monotonic() - started)
            await send(message)

        await self._app(scope, receive, send_and_measure)
