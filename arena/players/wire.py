"""Wire: what the JSON of an OpenAI-compatible server's stream means, chunk by chunk.

Servers differ in what they leave out; here that becomes text and counts. How they say no is for `refusals`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from arena.players.events import Broken
from arena.players.refusals import error_in_stream

_MAX_ANSWER_CHARS = 1_000_000


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
        raise error_in_stream(chunk["error"], place)
    return chunk


def storable(text: str) -> str:
    """Surrogate halves that belong together joined; lone ones and NUL, which databases refuse, replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
