import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from arena.web.farewell import Farewell

START = {"type": "http.response.start", "status": 200, "headers": []}


def cut(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is sent when a stream is cancelled after `messages`."""
    sent: list[dict[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)
        await asyncio.Event().wait()

    async def main() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            raise AssertionError("nobody asks")

        task = asyncio.create_task(Farewell(app)({"type": "http"}, receive, send))
        await asyncio.sleep(0)
        task.cancel()
        await task

    asyncio.run(main())
    return sent


def test_a_stream_that_is_cut_is_ended() -> None:
    piece = {"type": "http.response.body", "body": b"x", "more_body": True}
    assert cut(START, piece) == [START, piece, {"type": "http.response.body", "body": b""}]


def test_a_stream_that_has_ended_is_not_ended_twice() -> None:
    end = {"type": "http.response.body", "body": b"", "more_body": False}
    assert cut(START, end) == [START, end]


def test_an_answer_that_has_not_started_is_cancelled() -> None:
    with pytest.raises(asyncio.CancelledError):
        cut()
