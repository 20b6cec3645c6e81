"""Refusals: what an answer with an error status means.

Offers `error_of(status, body, place)`, the error for rounds and health (`error_in_stream` where it comes in the
middle of a stream), and for whoever wants to read the body
first (which parameter does the server refuse?) `parsed_error(body)` and `too_long_of(error)`: whether the error says
that the prompt is too long, and the limit that it names. A server's prose is read for its meaning and its numbers and
never passed on: servers quote what they were sent, prompts and keys too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from arena.players.events import Broken, Busy, EndpointError, Refused, Unreachable

_CONTEXT_LIMIT = re.compile(r"(?:maximum|max_len|context (?:length|size|window|holds))\D{0,40}?(\d+)")


@dataclass(frozen=True, slots=True)
class TooLong:
    """The server says that a prompt, or prompt and answer together, are too long."""

    limit: int | None = None
    """The context length in tokens, where the error names it."""


def error_of(status: int, body: bytes, place: str) -> EndpointError:
    """The error that an answer with a status other than 200 stands for."""
    error = parsed_error(body)
    message = f"{place}: status {status} {in_short(error)}".rstrip()
    if status == 429:
        return Busy(message)
    if status in (400, 413, 422):
        too_long = too_long_of(error)
        limit = too_long.limit if too_long else None
        return Refused(message, limit=limit, is_too_long=status == 413 or too_long is not None, status=status)
    return Unreachable(message, can_pass=status >= 500, status=status)


def error_in_stream(error: Any, place: str) -> EndpointError:
    """The error that a stream holds instead of a chunk; `error` is the value of its "error"."""
    return Broken(f"{place}: {in_short(error)} in the stream")


def parsed_error(body: bytes) -> Any:
    """What a body says about the error: the JSON in `error`, or all of it; None where it is not JSON."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return None
    return parsed.get("error", parsed) if isinstance(parsed, dict) else None


def too_long_of(error: Any) -> TooLong | None:
    """Whether a parsed error says "too long"; None where it says something else."""
    if not _is_too_long(error):
        return None
    return TooLong(_context_limit(error))


def place_of(base_url: str) -> str:
    """Host and port, for messages: an address may hold a password."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


def _texts(error: Any) -> Iterator[str]:
    if isinstance(error, str):
        yield error
    elif isinstance(error, dict):
        yield from (error[key] for key in ("code", "type", "message") if isinstance(error.get(key), str))


def _is_too_long(error: Any) -> bool:
    return any(
        "context_length" in text or "context length" in text or "exceed_context" in text for text in _texts(error)
    )


def _context_limit(error: Any) -> int | None:
    """The context length in tokens, where an error has it: as a field (llama.cpp) or in prose (OpenAI, vLLM, ours)."""
    if not _is_too_long(error):
        return None
    if isinstance(error, dict) and (n_ctx := _count(error.get("n_ctx"))):
        return n_ctx
    for text in _texts(error):
        if found := _CONTEXT_LIMIT.search(text):
            return int(found[1])
    return None


def in_short(error: Any) -> str:
    """The error's type and code as far as they are mere words: its message may quote the prompt or the key."""
    if not isinstance(error, dict):
        return ""
    words = (error.get(key) for key in ("type", "code"))
    return " ".join(str(word) for word in words if re.fullmatch(r"[\w.-]{1,64}", str(word)) and word is not None)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
