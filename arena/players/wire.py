"""Wire: what the JSON of an OpenAI-compatible server means, chunk by chunk and error by error.

Servers differ in what they leave out and in how they say no; here that becomes text, counts and `EndpointError`s. A
server's prose is read for its numbers and never passed on: servers quote what they were sent, prompts and keys too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from arena.players.events import Broken, Busy, EndpointError, Refused, Unreachable

_MAX_ANSWER_CHARS = 1_000_000
_CONTEXT_LIMIT = re.compile(r"(?:maximum|max_len|context (?:length|size|window|holds))\D{0,40}?(\d+)")


@dataclass(slots=True)
class Answer:
    """What has been read of an answer so far."""

    n_chars: int = 0
    held: str = ""
    """A first surrogate half whose second may come with the next delta."""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    fingerprint: str | None = None

    def read(self, chunk: dict[str, Any]) -> str:
        """Take one chunk of the stream; the text that it adds, often empty."""
        if isinstance(fingerprint := chunk.get("system_fingerprint"), str):
            self.fingerprint = fingerprint
        if isinstance(usage := chunk.get("usage"), dict):
            self.prompt_tokens = _count(usage.get("prompt_tokens"))
            self.completion_tokens = _count(usage.get("completion_tokens"))
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return ""
        if isinstance(reason := choices[0].get("finish_reason"), str):
            self.finish_reason = reason
        delta = choices[0].get("delta")
        text = delta.get("content") if isinstance(delta, dict) else None
        if not isinstance(text, str) or not text:
            return ""
        self.n_chars += len(text)
        if self.n_chars > _MAX_ANSWER_CHARS:
            raise Broken(f"an answer of more than {_MAX_ANSWER_CHARS} characters")
        text = self.held + text
        self.held = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        return storable(text[:-1] if self.held else text)


def chunk_of(data: str, place: str) -> dict[str, Any]:
    """The JSON object that an event of the stream holds. Raises `Broken`; `place` is the server's host and port."""
    try:
        chunk = json.loads(data)
    except ValueError:
        raise Broken(f"{place}: an event that is no JSON") from None
    if not isinstance(chunk, dict):
        raise Broken(f"{place}: an event that is no JSON object")
    if chunk.get("error"):
        raise Broken(f"{place}: {_in_short(chunk['error'])} in the stream")
    return chunk


def error_of(status: int, body: bytes, place: str) -> EndpointError:
    """The error that an answer with a status other than 200 stands for."""
    error: Any = None
    try:
        parsed = json.loads(body)
        error = parsed.get("error", parsed) if isinstance(parsed, dict) else None
    except ValueError:
        pass
    message = f"{place}: status {status} {_in_short(error)}".rstrip()
    if status == 429:
        return Busy(message)
    if status in (400, 413, 422):
        limit = _context_limit(error)
        return Refused(message, limit=limit, is_too_long=status == 413 or limit is not None or _is_too_long(error))
    return Unreachable(message, can_pass=status >= 500)


def listed_models(body: bytes) -> tuple[str, ...]:
    """The ids in a server's list of models; nothing where the body is no such list."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return ()
    data = parsed.get("data") if isinstance(parsed, dict) else None
    entries = data if isinstance(data, list) else []
    return tuple(entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str))


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


def _in_short(error: Any) -> str:
    """The error's type and code as far as they are mere words: its message may quote the prompt or the key."""
    if not isinstance(error, dict):
        return ""
    words = (error.get(key) for key in ("type", "code"))
    return " ".join(str(word) for word in words if re.fullmatch(r"[\w.-]{1,64}", str(word)) and word is not None)


def storable(text: str) -> str:
    """Surrogate halves that belong together joined; lone ones and NUL, which databases refuse, replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
