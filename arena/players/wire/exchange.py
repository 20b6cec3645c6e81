"""One request to one address, with limits on the time and size of its answer.

`Exchange.events` yields the answer's pieces and its finish. A status other than 200 is raised as `Declined`: the caller
decides what it means, and may ask again in another way.
"""

import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from arena.players.dialect.reader import AnswerReader, chunk_of, error_in
from arena.players.dialect.refusals import error_in_stream
from arena.players.dialect.thinking import Piece
from arena.players.dialect.token_limit import TokenLimit
from arena.players.events import Broken, EndpointError, Filtered, Finish, Queued, Refused, TimedOut, Token, Unreachable
from arena.players.wire.post import Declined, Post
from arena.players.wire.sse import EventTooLongError
from arena.players.wire.transport import BodyTooLongError, EncodingError, place_of, problem_of
from arena.players.wire.waiting import Waiting

_USAGE_TIMEOUT_S = 2.0  # how long to wait for the token counts that follow the finish reason
_HELD: list[str] = []  # in place of events: the first text has been held back for long enough
_NO_ENDPOINT = "Unexpected endpoint"  # of LM Studio, with status 200, where base_url does not end in /v1


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an endpoint waits, in seconds, and how often it tries again."""

    first_token_timeout_s: float = 60.0
    stall_timeout_s: float = 20.0
    retries: int = 2
    backoff_s: float = 0.25
    """The pause before the second round of tries; it doubles with each round."""
    thinking_timeout_s: float = 300.0
    """Until the first text of a model that reasons first, and for an answer that is not streamed."""


@dataclass(slots=True)
class Exchange:
    """One try. `started` is when the call that it belongs to began, by `time.monotonic`."""

    client: httpx.AsyncClient
    base_url: str
    body: Mapping[str, Any]
    patience: Patience
    started: float
    answer: AnswerReader = field(default_factory=AnswerReader)
    limit: TokenLimit = field(default_factory=lambda: TokenLimit(None))
    hold_s: float | None = None
    """How long the splitter may hold back the first text; None where only its own rules decide."""
    _post: Post = field(init=False)
    _ttft_s: float | None = None
    _deadline: float = 0.0
    _held_since: float | None = None
    _n_read: int = 0
    _place_shown: int | None = None
    _has_ended: bool = False  # by [DONE], or by the end of an unstreamed answer

    def __post_init__(self) -> None:
        self._post = Post(self.client, self.base_url, self.body)

    async def events(self) -> AsyncGenerator[Queued | Piece | Finish, None]:
        """Yield places in the queue, pieces as they arrive, and one `Finish`. Raises `EndpointError`, `Declined`."""
        is_streamed = bool(self.body.get("stream"))
        limit_s = self.patience.first_token_timeout_s
        self._deadline = self.started + (limit_s if is_streamed else max(limit_s, self.patience.thinking_timeout_s))
        failure: EndpointError | None = None
        batches = Waiting(self._post.batches())
        try:
            while (batch := await self._next(batches)) is not None:
                if batch is _HELD:
                    for piece in self._within(self.answer.release()):
                        yield piece
                if self._post.place is not None and self._post.place != self._place_shown:
                    yield self._queued(self._post.place)
                if self._post.is_whole:
                    self.answer.splitter.is_holding = True
                for data in batch:
                    for piece in self._within(self._take(data)):
                        yield piece
                    if self.answer.splitter.is_late:
                        raise Broken(f"{self._place}: reasoning without an opening tag, already shown as text")
                    self._extend()
                if self._has_ended or self.limit.is_reached:
                    break
        except EndpointError as error:
            failure = error
        except (httpx.TimeoutException, httpx.ConnectError) as error:
            failure = Unreachable(problem_of(self.base_url, error))
        except (httpx.TransportError, httpx.DecodingError, EventTooLongError, BodyTooLongError, EncodingError) as error:
            if self.answer.finish_reason is None:
                failure = Broken(f"{problem_of(self.base_url, error)} after {self.answer.n_read} characters")
        except (httpx.InvalidURL, UnicodeError) as error:
            failure = Unreachable(f"{self._place}: {type(error).__name__}: not an address", can_pass=False)
        finally:
            await batches.aclose()
        for piece in self._within(self.answer.end()):
            yield piece
        if failure is not None:
            raise failure
        yield self._finish()

    @property
    def _place(self) -> str:
        return place_of(self.base_url)

    async def _next(self, batches: Waiting[list[str]]) -> list[str] | None:
        """Return the next events, None at the end, or `_HELD` after `hold_s` with held text. Raises `TimedOut`."""
        wake = self._deadline
        if self.hold_s is not None and self.answer.splitter.has_held_text:
            self._held_since = self._held_since or time.monotonic()
            wake = min(wake, self._held_since + self.hold_s)
        try:
            return await batches.next(max(wake - time.monotonic(), 0.0))
        except TimeoutError:
            if wake < self._deadline:
                return _HELD
            if self.answer.finish_reason is None:
                raise TimedOut(self._silence()) from None
            return None  # the answer is complete; only its token counts are missing

    def _queued(self, place: int) -> Queued:
        """A queue that moves is not silence: the wait for the first token begins again."""
        if self._place_shown is not None and place < self._place_shown and not self.answer.has_begun:
            self._deadline = max(self._deadline, time.monotonic() + self.patience.first_token_timeout_s)
        self._place_shown = place
        return Queued(place)

    def _extend(self) -> None:
        """Set the deadline of the next piece from what has arrived so far."""
        now = time.monotonic()
        answer, patience = self.answer, self.patience
        if answer.has_text or answer.splitter.has_held_text:
            self._ttft_s = now - self.started if self._ttft_s is None else self._ttft_s
        else:
            self._ttft_s = None  # what was held turned out to be a thought
        if answer.finish_reason is not None and not answer.goes_on:
            self._deadline = now + _USAGE_TIMEOUT_S
        elif answer.n_read > self._n_read and answer.has_begun:
            self._deadline = now + patience.stall_timeout_s
            if not answer.has_text:
                self._deadline = min(self._deadline, self.started + patience.thinking_timeout_s)
        self._n_read = answer.n_read

    def _silence(self) -> str:
        if not self.answer.has_begun:
            return f"{self._place}: no first token within {self.patience.first_token_timeout_s:g} s"
        if not self.answer.has_text and time.monotonic() >= self.started + self.patience.thinking_timeout_s:
            return f"{self._place}: reasoning for {self.patience.thinking_timeout_s:g} s and no answer"
        return f"{self._place}: silent for {self.patience.stall_timeout_s:g} s in the middle of the answer"

    def _within(self, pieces: list[Piece]) -> Iterator[Piece]:
        """Yield the pieces, their text cut at the token limit."""
        for piece in pieces:
            if isinstance(piece, Token) and not self.limit.is_reached:
                text = (
                    self.limit.cut_whole(piece.text, self.answer.completion_tokens)
                    if self._post.is_whole
                    else self.limit.cut(piece.text)
                )
                if text:
                    yield Token(text)
            elif not isinstance(piece, Token):
                yield piece

    def _take(self, data: str) -> list[Piece]:
        """Return the pieces in an event, or in an unstreamed answer. Raises `EndpointError` and `Declined`."""
        if self._has_ended or not data.strip():
            return []
        if data.strip() == "[DONE]":
            self._has_ended = True
            return []
        try:
            chunk = chunk_of(data, self._place)
        except Broken:
            if self.answer.finish_reason is None:
                raise
            self._has_ended = True  # the answer is complete; what follows is not part of it
            return []
        self._has_ended = self._post.is_whole
        if (error := error_in(chunk)) is not None:
            self._take_error(error, data)
            self._has_ended = True
            return []
        return self.answer.read(chunk)

    def _take_error(self, error: Any, data: str) -> None:
        """Raise the error that arrived in place of a piece, unless it says that a filter cut the answer."""
        if isinstance(error, str) and error.startswith(_NO_ENDPOINT):
            raise Declined(404, b"", {})
        problem = error_in_stream(error, self._place)
        if isinstance(problem, Refused) and problem.is_filtered:
            self.answer.finish_reason = "content_filter"
            return
        status = error.get("code", error.get("status")) if isinstance(error, dict) else None
        if not self.answer.has_begun and isinstance(status, int) and 400 <= status < 600:
            raise Declined(status, data.encode(errors="replace"), {})
        raise problem if not self.answer.has_begun else Broken(str(problem))

    def _finish(self) -> Finish:
        """Return how the answer ended. Raises `Broken` or `Filtered` where it is not complete."""
        answer = self.answer
        reason = "length" if self.limit.is_reached else answer.finish_reason
        if reason is None and self._has_ended and (answer.has_text or answer.has_thought):
            reason = "stop"
        if reason is None:
            raise Broken(f"{self._place}: the stream ended after {answer.n_read} characters without a finish reason")
        if reason == "error":
            raise Broken(f"{self._place}: an error as the finish reason after {answer.n_read} characters")
        if reason == "content_filter" and answer.has_text:
            raise Filtered(f"{self._place}: a filter cut the answer after {answer.n_read} characters")
        duration_s = time.monotonic() - self.started
        return Finish(
            finish_reason=reason,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=None if self.limit.is_reached else answer.completion_tokens,
            fingerprint=answer.fingerprint,
            top=answer.top,
            ttft_ms=1000 * (duration_s if self._ttft_s is None else self._ttft_s),
            duration_ms=1000 * duration_s,
        )
