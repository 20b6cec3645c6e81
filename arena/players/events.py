"""What a round says to a model and hears from it: requests, tokens, and one tree of errors.

No network and no protocol here: `endpoint` is what produces these, and rounds are what consumes them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model; `messages` holds the whole conversation."""

    messages: tuple[Message, ...]
    temperature: float
    top_p: float
    max_tokens: int
    seed: int


@dataclass(frozen=True, slots=True)
class Token:
    """One delta of the answer: never empty, and always text that can be stored: no surrogate, no NUL."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """One delta of what a model thinks aloud before or between its answer's text; storable like a `Token`.

    It is kept beside the answer and is no part of it: not compared, not counted, never sent back as history.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The last thing that a stream yields. Times are the client's, from the call of `stream`."""

    finish_reason: str
    """In OpenAI's words where the server's mean the same (`stop`, `length`, `content_filter`, `tool_calls`), else the
    server's."""
    prompt_tokens: int | None
    completion_tokens: int | None
    """Of the answer's text; None where the server counts thoughts with it, or nothing."""
    fingerprint: str | None
    ttft_ms: float
    """To the first token of the answer's text."""
    duration_ms: float
    sent: Mapping[str, object] | None = None
    """All parameters that the endpoint really got, by the names that it got, where any differs from the request's or is
    missing; None where none does. `system_role = "user"` where the system text went into the user's message."""


class EndpointError(Exception):
    """The model gave no whole answer. The message is for the log; `code` (stored with the answer) names no model."""

    code = "failed"
    can_pass = False
    """Whether the same request may succeed a moment later."""
    retry_after_s: float | None = None
    """How long the server asks to wait, where it does."""
    status: int | None = None
    """The HTTP status, where the server answered with one that is an error."""


class Unreachable(EndpointError):
    """No connection, or the server answers with an error of its own (5xx; wrong key, no credit, unknown model).

    Without `can_pass` the server has said no to the model as such; only an answer shows that this has changed.
    """

    code = "unreachable"

    def __init__(self, message: str, *, can_pass: bool = True, status: int | None = None) -> None:
        super().__init__(message)
        self.can_pass = can_pass
        self.status = status


class TimedOut(EndpointError):
    """No first token within `first_token_timeout_s`, or silence longer than `stall_timeout_s` after it."""

    code = "timed_out"


class Broken(EndpointError):
    """The stream ended before the answer did, or is no OpenAI stream."""

    code = "broken"
    can_pass = True


class Filtered(EndpointError):
    """A filter of the server cut the answer. Nobody's fault; the text that came is kept."""

    code = "filtered"


class Refused(EndpointError):
    """The server does not take this request (400). `limit`: its context length in tokens, where it says so.

    Too long and filtered (a filter stopped the prompt) are about the prompt and say nothing about the model.
    """

    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        limit: int | None = None,
        is_too_long: bool = False,
        is_filtered: bool = False,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.limit = limit
        self.is_too_long = is_too_long
        self.is_filtered = is_filtered
        self.status = status
        if is_filtered:
            self.code = Filtered.code  # for the answer's record it is the same, with no text at all


class Busy(EndpointError):
    """The server is full (429)."""

    code = "busy"
    can_pass = True

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ModelStream(Protocol):
    """What rounds need of an endpoint."""

    def stream(self, request: Request) -> AsyncGenerator[Token | Thought | Finish, None]:
        """Tokens and thoughts as they come, then one `Finish`; raises `EndpointError`. `aclose()` ends the upstream."""
        ...


_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing: fillers of Hangul, a Braille cell without dots, joiners."""


def has_text(text: str) -> bool:
    """Whether there is anything to see in it."""
    return not all(map(_is_invisible, text))


def visible_text(text: str) -> str:
    """The text without what nobody sees at its ends (white space, zero-width and control characters), with line ends
    as `\\n`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    start, end = 0, len(lines)
    while start < end and _is_invisible(lines[start]):
        start += 1
    while end > start and _is_invisible(lines[end - 1]):
        end -= 1
    return lines[start:end]


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    return character in _BLANK or character.isspace() or category in ("Cc", "Cf", "Zs", "Zl", "Zp")
