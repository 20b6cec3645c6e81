"""What a round and a model exchange: requests, tokens, thoughts, finishes and errors.

No network and no protocol here: `endpoint` produces these, and rounds consume them.
"""

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
    """One question to a model; `messages` is the whole conversation."""

    messages: tuple[Message, ...]
    temperature: float
    top_p: float
    max_tokens: int
    seed: int
    n_top: int = 0
    """How many of the likeliest tokens are asked for at each place, with their log-probabilities (`Finish.top`)."""


@dataclass(frozen=True, slots=True)
class Token:
    """One delta of the answer. Never empty, and always storable: no lone surrogate, no NUL."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """One delta of a model's reasoning before or between its answer's text; storable like a `Token`.

    It is kept beside the answer and is not part of it: not compared, not counted, never sent back as history.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Queued:
    """The request waits for its turn: `place` requests, itself included, have not begun. 0: it begins now.

    Only the arena's own model server reports it."""

    place: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The last event of a stream. Times are measured by the client, from the call of `stream`."""

    finish_reason: str
    """`stop`, `length`, `content_filter` or `tool_calls` where the server's word means the same, else the server's."""
    prompt_tokens: int | None
    completion_tokens: int | None
    """Of the answer's text; None if the server's count includes thoughts, or is missing."""
    fingerprint: str | None
    ttft_ms: float
    """To the first token of the answer's text."""
    duration_ms: float
    sent: Mapping[str, object] | None = None
    """All parameters that were sent, under the names that were used, if any differs from the request's or is missing;
    else None. `system_role = "user"` means that the system text was put into the user's message."""
    top: Mapping[str, float] | None = None
    """The likeliest first tokens, white space left out, with their log-probabilities; None if the server gave none."""


class EndpointError(Exception):
    """The answer is missing or incomplete. The message is for the log; the answer's record keeps `code`."""

    code = "failed"
    can_pass = False
    """Whether the same request may succeed shortly afterwards."""
    retry_after_s: float | None = None
    """How long the server asks to wait, if it does."""
    status: int | None = None
    """The HTTP status, if it is an error."""


class Unreachable(EndpointError):
    """No connection, or an error that is not about the request (5xx; wrong key, no credit, unknown model).

    Without `can_pass` the server refuses the model as such; only an answer shows that this has changed.
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
    """The stream ended before the answer did, or is not an OpenAI stream."""

    code = "broken"
    can_pass = True


class Filtered(EndpointError):
    """A filter of the server cut the answer. The text before the cut is kept."""

    code = "filtered"


class Refused(EndpointError):
    """The server refuses this request (400). `limit` is its context length in tokens, if the error names it.

    `is_too_long` and `is_filtered` (a filter stopped the prompt) concern the prompt, not the model. With
    `is_answer_too_long` the model does not write answers of `max_tokens`, whatever the prompt.
    """

    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        limit: int | None = None,
        is_too_long: bool = False,
        is_filtered: bool = False,
        is_answer_too_long: bool = False,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.limit = limit
        self.is_too_long = is_too_long
        self.is_filtered = is_filtered
        self.is_answer_too_long = is_answer_too_long
        self.status = status
        if is_filtered:
            self.code = Filtered.code  # an answer's record makes no difference between the two


class Busy(EndpointError):
    """The server is full (429)."""

    code = "busy"
    can_pass = True

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def is_about_the_prompt(error: EndpointError) -> bool:
    """Whether the error says nothing about the model."""
    return isinstance(error, Filtered) or (isinstance(error, Refused) and (error.is_too_long or error.is_filtered))


class ModelStream(Protocol):
    """What rounds need from an endpoint."""

    def stream(self, request: Request) -> AsyncGenerator[Queued | Token | Thought | Finish, None]:
        """Yield places in the queue, then tokens and thoughts, then one `Finish`. Raises `EndpointError`.

        `aclose()` closes the connection."""
        ...


_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that are invisible: Hangul fillers, a Braille cell without dots, joiners."""


def has_text(text: str) -> bool:
    """Whether a text has anything visible."""
    return not all(map(_is_invisible, text))


def visible_text(text: str) -> str:
    """Strip white space, zero-width and control characters from the ends, and write line ends as `\\n`."""
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
