"""What an error response of a server means.

`error_of(status, body, place)` returns the error for rounds and health, and `error_in_stream` does so for an error in
the middle of a stream. `parsed_error(body)` and `too_long_of(error)` serve callers that read the body first, to learn
which parameter the server refuses. A server's prose is matched for its meaning and its numbers (`wordings`) and never
passed on: servers quote what they were sent, prompts and keys too. Fields that echo the request (`input`, `messages`,
…) are not read at all.

    the response                                  the error
    a filter stopped the prompt, or 451           Refused, is_filtered
    no credit, or 402                             Unreachable, not can_pass
    too many requests or tokens a minute, or 429  Busy
    the prompt is too long, or 413                Refused, is_too_long, with the limit if it is named
    any other 400 or 422                          Refused
    408, 425, 5xx                                 Unreachable, can_pass
    any other status                              Unreachable, not can_pass
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from arena.players.dialect import wordings
from arena.players.events import Broken, Busy, EndpointError, Refused, Unreachable

_ECHOES = frozenset({"input", "inputs", "messages", "prompt", "content", "body", "request", "flagged_input"})
_LIMIT_FIELDS = ("n_ctx", "max_model_len", "max_context_length", "context_length", "context_window", "max_input_tokens")
_MAX_DEPTH = 8
_MAX_ITEMS = 20


@dataclass(frozen=True, slots=True)
class TooLong:
    """An error for a prompt, or a prompt and answer together, that is too long."""

    limit: int | None = None
    """The context length in tokens, if the error names it."""
    is_answer: bool = False
    """`max_tokens` is too large for the model, whatever the prompt: a matter of settings."""


def error_of(status: int, body: bytes, place: str) -> EndpointError:
    """Return the error for a response with a status other than 200."""
    message = f"{place}: status {status} {in_short(parsed_error(body))}".rstrip()
    if (known := _known(status, _parsed(body), message)) is not None:
        return known
    if status in (400, 422):
        return Refused(message, status=status)
    return Unreachable(message, can_pass=status >= 500 or status in (408, 425), status=status)


def error_in_stream(error: Any, place: str) -> EndpointError:
    """Return the error for the value of "error" in a stream's event."""
    message = f"{place}: {in_short(error)} in the stream"
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 400
    if (known := _known(status, error, message)) is not None:
        return known
    if status in (401, 403, 404):
        return Unreachable(message, can_pass=False, status=status)
    return Broken(message)


def parsed_error(body: bytes) -> Any:
    """Return the value of a body's "error", else the body; as text where it is not JSON."""
    parsed = _parsed(body)
    if isinstance(parsed, list) and parsed:
        parsed = parsed[0]
    if not isinstance(parsed, dict):
        return parsed
    error = parsed.get("error")
    if isinstance(error, dict) and error:
        return error
    return error if isinstance(error, str) and error and "message" not in parsed else parsed


def too_long_of(error: Any) -> TooLong | None:
    """Return what an error says about length, or None if it is about something else."""
    text = _plain(error)
    if wordings.is_answer_too_long(text):
        return TooLong(is_answer=True)
    return TooLong(_limit_field(error) or wordings.limit(text)) if wordings.is_too_long(text) else None


def in_short(error: Any) -> str:
    """Return the error's type and code if they are single words; its message may quote the prompt or the key."""
    if not isinstance(error, dict):
        return ""
    words = (error.get(key) for key in ("type", "code"))
    return " ".join(str(word) for word in words if re.fullmatch(r"[\w.-]{1,64}", str(word)) and word is not None)


def _known(status: int, error: Any, message: str) -> EndpointError | None:
    """Return the error that the wording calls for, or None if the status alone decides."""
    text = _plain(error)
    is_server = status >= 500
    can_be_anything = status in (400, 403, 422) or is_server
    if status == 451 or (can_be_anything and wordings.is_filtered(text, by_its_code=is_server)):
        return Refused(f"{message} (a filter stopped the prompt)", is_filtered=True, status=status)
    if status == 402 or ((can_be_anything or status == 429) and wordings.has_no_credit(text)):
        return Unreachable(f"{message} (no credit)", can_pass=False, status=status)
    if status == 429 or ((can_be_anything or status == 413) and wordings.is_too_fast(text)):
        return Busy(message, status=status)
    too_long = too_long_of(error) if status in (400, 413, 422) or is_server else None
    if too_long is not None and too_long.is_answer:
        reason = f"{message} (max_tokens is too large for it)"
        return None if is_server else Refused(reason, is_answer_too_long=True, status=status)
    if too_long is not None or status == 413:
        limit = too_long.limit if too_long is not None else None
        return Refused(message, limit=limit, is_too_long=True, status=status)
    return None


def _limit_field(error: Any, depth: int = 0) -> int | None:
    """Return the context length from a field of that name (llama.cpp)."""
    if not isinstance(error, dict) or depth > _MAX_DEPTH:
        return None
    for key in _LIMIT_FIELDS:
        value = error.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1_000_000_000:
            return value
    return next((found for value in error.values() if (found := _limit_field(value, depth + 1))), None)


def _plain(error: Any) -> str:
    return wordings.plain(_texts(error, 0))


def _texts(error: Any, depth: int) -> Iterator[str]:
    """Yield all texts of an error, those in nested JSON strings too, except what it echoes of the request."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(error, str):
        inner = _json(error) if error.lstrip()[:1] in ("{", "[") else None
        if isinstance(inner, dict | list):
            yield from _texts(inner, depth + 1)
        else:
            yield error
    elif isinstance(error, dict):
        for key, value in error.items():
            if key not in _ECHOES:
                yield from _texts(value, depth + 1)
    elif isinstance(error, list):
        for value in error[:_MAX_ITEMS]:
            yield from _texts(value, depth + 1)


def _parsed(body: bytes) -> Any:
    """Return the JSON in a body, or its text."""
    text = body.decode("utf-8", "replace")
    parsed = _json(text)
    return text if parsed is None else parsed


def _json(text: str) -> Any:
    """Parse a text as JSON; None where it is not JSON, or nested too deeply."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
