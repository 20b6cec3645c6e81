"""Replies of servers that speak any dialect of chat completions; `strict` refuses parameters as some vendors do.

with ChatServer(lambda asked: told("Hello", " there.")) as server:
    endpoint = Endpoint([server.base_url], "m")
"""

from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.chat_server import DONE, Action, Asked, Reply, chunk, event, whole


def stream(*chunks: Any, done: bool = True, **options: Any) -> Reply:
    """Stream these chunks; numbers are pauses, and None is silence until the client leaves."""
    pieces = [Action.HANG if one is None else one if isinstance(one, float) else event(one) for one in chunks]
    return Reply([*pieces, *([DONE] if done else [])], **options)


def told(*texts: str, finish: str | None = "stop", **options: Any) -> Reply:
    return stream(*(chunk(text) for text in texts), chunk(None, finish), **options)


def refusal(message: str = "no", *, status: int = 400, headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
    return whole({"error": {"message": message, **more}}, status=status, headers=headers)


def strict(*forbidden: str, answer: Reply | None = None) -> Callable[[Asked], Reply]:
    """Reply as a server that rejects these parameters, one at a time, in Pydantic's format."""

    def reply(asked: Asked) -> Reply:
        for name in forbidden:
            if name in asked.body:
                detail = {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
                return whole({"detail": [detail]}, status=422)
        return answer or told("Hello", " there.")

    return reply
