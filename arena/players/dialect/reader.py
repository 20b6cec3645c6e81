"""Read the JSON of an OpenAI-compatible server, streamed or in one piece.

Servers differ in names (`delta` or `message`, `finish_reason` or `finishReason`), in shapes (text, or a list of parts),
in where they put reasoning, and in what they leave out. `AnswerReader` turns all of that into `Token`s, `Thought`s, one
finish reason in OpenAI's words, and counts. Error responses are for `refusals`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from arena.players.dialect.logprobs import first_top
from arena.players.dialect.thinking import Piece, Splitter
from arena.players.events import Broken, Thought, Token

MAX_ANSWER_CHARS = 1_000_000
_MAX_COUNT = 2**63 - 1  # the largest integer that a database stores
_MAX_REASON_CHARS = 40
_MAX_FINGERPRINT_CHARS = 200
_MAX_DEPTH = 4

_THOUGHTS = ("reasoning_content", "reasoning", "thinking", "reasoning_text", "reasoning_details", "thinking_blocks")
"""Where deltas have thoughts. Only the first that is not empty is read: some servers send the same text twice."""
_THINKING_PARTS = ("thinking", "reasoning", "thought", "reasoning_content", "reasoning.text", "reasoning.summary")
_TEXT_PARTS = ("text", "output_text", "refusal", None)

_REASONS = {
    "length": ("max_tokens", "model_length", "max_length", "max_output_tokens", "token_limit"),
    "stop": ("eos", "eos_token", "end_turn", "stop_sequence", "complete", "end"),
    "content_filter": (
        *("content-filter", "content_filtered", "safety", "recitation", "prohibited_content", "blocklist", "spii"),
        *("sensitive", "refusal", "guardrail_intervened", "error_toxic", "image_safety"),
    ),
    "error": ("network_error", "abort", "insufficient_system_resource", "error_limit", "system_error", "failed"),
}
_IN_OUR_WORDS = {theirs: ours for ours, words in _REASONS.items() for theirs in words}


@dataclass(slots=True)
class AnswerReader:
    """Reads an answer chunk by chunk, and keeps what is known of it so far."""

    splitter: Splitter = field(default_factory=Splitter)
    n_read: int = 0
    """Characters of text and of thoughts, as sent."""
    finish_reason: str | None = None
    has_text: bool = False
    """Whether text other than white space has arrived, thoughts not counted."""
    has_thought: bool = False
    prompt_tokens: int | None = None
    total_tokens: int | None = None
    """Tokens that the model wrote, thoughts included, by the server's count."""
    reasoning_tokens: int | None = None
    fingerprint: str | None = None
    top: Mapping[str, float] | None = None
    """The likeliest tokens at the first place that is not white space, with their log-probabilities."""
    goes_on: bool = False
    """Text arrived after a finish reason: this server sends one too early."""
    _has_delta: bool = False
    _halves: dict[type[Piece], str] = field(
        default_factory=dict
    )  # of surrogate pairs, the first, until the second arrives

    @property
    def has_begun(self) -> bool:
        return self.has_text or self.has_thought or self.splitter.has_begun

    @property
    def completion_tokens(self) -> int | None:
        """Tokens of the answer's text; None where the server's count includes an unknown number for thoughts."""
        if self.total_tokens is None or self.reasoning_tokens is None:
            return None if self.has_thought else self.total_tokens
        return max(self.total_tokens - self.reasoning_tokens, 0)

    def read(self, chunk: Mapping[str, Any]) -> list[Piece]:
        """Read one chunk, or an unstreamed answer; return the pieces in it, often none. Raises `Broken`."""
        if isinstance(fingerprint := chunk.get("system_fingerprint"), str):
            self.fingerprint = storable(fingerprint[:_MAX_FINGERPRINT_CHARS])
        if isinstance(usage := chunk.get("usage"), Mapping):
            self._count(usage)
        choice = _first_choice(chunk.get("choices"))
        if choice is None:
            return []
        if self.top is None:
            self.top = first_top(choice.get("logprobs"))
        thoughts, text = self._contents(choice)
        pieces: list[Piece] = []
        if thoughts:
            pieces += self.splitter.release()  # this server sends thoughts apart from the text
            pieces += self._storable_pieces(Thought, thoughts)
        if text:
            self.goes_on |= self.finish_reason is not None
            pieces += self._storable_pieces(Token, text)
        for name in ("finish_reason", "finishReason"):
            if (reason := finish_reason_of(choice.get(name))) is not None:
                self.finish_reason = reason
        self._note(pieces)
        return pieces

    def release(self) -> list[Piece]:
        """Return the text that was held back in case it was a thought."""
        pieces = self.splitter.release()
        self._note(pieces)
        return pieces

    def end(self) -> list[Piece]:
        """Return what is still held back once the answer is complete."""
        rest = [piece for kind, half in self._halves.items() if half for piece in self._split(kind, storable(half))]
        self._halves.clear()
        pieces = [*rest, *self.splitter.end(is_cut=self.finish_reason == "length")]
        self._note(pieces)
        return pieces

    def _count(self, usage: Mapping[str, Any]) -> None:
        self.prompt_tokens = count_of(usage.get("prompt_tokens"))
        self.total_tokens = count_of(usage.get("completion_tokens"))
        details = usage.get("completion_tokens_details")
        within = details if isinstance(details, Mapping) else usage
        self.reasoning_tokens = count_of(within.get("reasoning_tokens"))

    def _contents(self, choice: Mapping[str, Any]) -> tuple[str, str]:
        """Return the thoughts and the text in a choice."""
        delta, message = choice.get("delta"), choice.get("message")
        if isinstance(delta, Mapping) and (delta or self._has_delta or not isinstance(message, Mapping)):
            self._has_delta = self._has_delta or bool(delta)
            source: Mapping[str, Any] = delta
        elif isinstance(message, Mapping) and not self._has_delta:
            source = message
        else:
            source = {"content": choice.get("text")}
        thoughts: list[str] = []
        text: list[str] = []
        for is_thought, part in _parts(source.get("content")):
            (thoughts if is_thought else text).append(part)
        text += [part for _, part in _parts(source.get("refusal"))]
        for name in _THOUGHTS:
            if apart := "".join(_inner(source.get(name), 0)):
                thoughts.append(apart)
                break
        return "".join(thoughts), "".join(text)

    def _storable_pieces(self, kind: type[Piece], text: str) -> list[Piece]:
        self.n_read += len(text)
        if self.n_read > MAX_ANSWER_CHARS:
            raise Broken(f"an answer of more than {MAX_ANSWER_CHARS:,} characters")
        text = self._halves.pop(kind, "") + text
        if "\ud800" <= text[-1] <= "\udbff":
            self._halves[kind], text = text[-1], text[:-1]
        return self._split(kind, storable(text)) if text else []

    def _split(self, kind: type[Piece], text: str) -> list[Piece]:
        return self.splitter.feed(text) if kind is Token else [Thought(text)]

    def _note(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if piece.text.strip():
                self.has_text |= isinstance(piece, Token)
                self.has_thought |= isinstance(piece, Thought)


def chunk_of(data: str | bytes, place: str) -> dict[str, Any]:
    """Parse an event or a body as a JSON object. Raises `Broken`; `place` is the server's host and port."""
    try:
        chunk = json.loads(data)
    except (ValueError, RecursionError):
        raise Broken(f"{place}: an event that is not JSON") from None
    if not isinstance(chunk, dict):
        raise Broken(f"{place}: an event that is not a JSON object")
    return chunk


def error_in(chunk: Mapping[str, Any]) -> Any:
    """Return the error that a server sent in place of a chunk, or None."""
    if error := chunk.get("error"):
        return error
    is_named = chunk.get("type") == "error" or chunk.get("object") == "error"
    is_prose = "choices" not in chunk and any(isinstance(chunk.get(key), str) for key in ("message", "detail"))
    return chunk if is_named or is_prose else None


def finish_reason_of(value: Any) -> str | None:
    """Translate a finish reason into OpenAI's words where they have one; None for the many spellings of none."""
    if not isinstance(value, str):
        return None
    reason = storable(value.strip()[:_MAX_REASON_CHARS])
    word = re.sub(r"^finish_?reason_?", "", reason.casefold())
    if word in ("", "null", "none", "unspecified", "finish_reason_unspecified"):
        return None
    if word in _REASONS or word == "tool_calls":
        return word
    return _IN_OUR_WORDS.get(word, reason)


def storable(text: str) -> str:
    """Join surrogate pairs, and replace lone surrogates and NUL, which databases refuse, by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def count_of(value: Any) -> int | None:
    """Return a count if a database can store it, else None."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= _MAX_COUNT else None


def _first_choice(choices: Any) -> Mapping[str, Any] | None:
    """Return the choice with index 0: some servers send several, though we ask for one."""
    if isinstance(choices, Mapping):
        choices = [choices]
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, Mapping) and choice.get("index") in (0, None, "0"):
            return choice
    return None


def _parts(content: Any) -> Iterator[tuple[bool, str]]:
    """Yield the parts of a content, each with whether it is a thought."""
    if isinstance(content, str):
        if content:
            yield False, content
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, str):
                yield False, part
            elif isinstance(part, Mapping):
                yield from _parts(part)
    elif isinstance(content, Mapping):
        kind = content.get("type")
        if kind in _THINKING_PARTS or content.get("thought") is True:
            yield True, "".join(_inner(content, 0))
        elif kind in _TEXT_PARTS:
            yield False, "".join(_inner(content, 0))


def _inner(value: Any, depth: int) -> Iterator[str]:
    """Yield the text in a value: a string, or a list or object with text somewhere inside."""
    if isinstance(value, str):
        yield value
    elif depth >= _MAX_DEPTH:
        return
    elif isinstance(value, list):
        for part in value:
            yield from _inner(part, depth + 1)
    elif isinstance(value, Mapping):
        for name in ("text", "thinking", "reasoning", "summary", "content", "refusal", "value"):
            if value.get(name):
                yield from _inner(value[name], depth + 1)
                return
