"""Exchange: one try at one address, from the request's body to the answer's finish.

It sends a body, follows redirects within the host, reads a stream or a whole answer, and holds the limits of time and
size. What a status other than 200 means is left to the caller, who may ask again in other words: `Declined`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx

from arena.players.dialect.reader import Answer, chunk_of, error_in
from arena.players.dialect.refusals import error_in_stream, place_of
from arena.players.dialect.thinking import Piece
from arena.players.events import Broken, EndpointError, Filtered, Finish, Refused, TimedOut, Token, Unreachable
from arena.players.request import Bound
from arena.players.wire.sse import EventReader, EventTooLongError, text_of
from arena.players.wire.transport import (
    MAX_REDIRECTS,
    BodyTooLongError,
    Elsewhere,
    EncodingError,
    beginning_of,
    pieces_of,
    problem_of,
    redirect_of,
)

_USAGE_TIMEOUT_S = 2.0  # how long to wait for the token counts that follow the finish reason
_MAX_ERROR_BYTES = 65_536
_MAX_WHOLE_BYTES = 8_000_000
_HELD: list[str] = []  # in place of events: the first text was held back for long enough
_NO_ENDPOINT = "Unexpected endpoint"  # of LM Studio, with status 200, where base_url does not end in /v1
_MOVED = "it redirects in a way that turns a question into a look-up; write the address that answers as base_url"
_BLANK = b"\xef\xbb\xbf \t\r\n"

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an endpoint waits, and how often it tries. Seconds."""

    first_token_timeout_s: float = 60.0
    stall_timeout_s: float = 20.0
    retries: int = 2
    backoff_s: float = 0.25
    """Pause before the second round of tries; doubles with each round."""
    thinking_timeout_s: float = 300.0
    """For the first text of a model that has begun to think aloud, and for an answer that comes whole."""


class Declined(Exception):
    """The server answered with a status other than 200, or with an error that names one in place of an answer."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str], hint: str = "") -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.headers = headers
        self.hint = hint


@dataclass(slots=True)
class Exchange:
    """One try. `started` is when the whole call began, by `time.monotonic`."""

    client: httpx.AsyncClient
    base_url: str
    body: Mapping[str, Any]
    patience: Patience
    started: float
    answer: Answer = field(default_factory=Answer)
    bound: Bound = field(default_factory=lambda: Bound(None))
    hold_s: float | None = None
    """How long the splitter may hold the first text back; None where it decides alone."""
    _ttft_s: float | None = None
    _deadline: float = 0.0
    _held_since: float | None = None
    _n_read: int = 0
    _is_whole: bool = False
    _has_ended: bool = False  # the server said so, by [DONE] or by the end of a whole answer

    async def events(self) -> AsyncGenerator[Piece | Finish, None]:
        """Pieces as they come, then one `Finish`. Raises `EndpointError` and `Declined`."""
        is_streamed = bool(self.body.get("stream"))
        limit_s = self.patience.first_token_timeout_s
        self._deadline = self.started + (limit_s if is_streamed else max(limit_s, self.patience.thinking_timeout_s))
        failure: EndpointError | None = None
        batches = _Waiting(self._batches())
        try:
            while (batch := await self._next(batches)) is not None:
                if batch is _HELD:
                    for piece in self._within(self.answer.release()):
                        yield piece
                for data in batch:
                    for piece in self._within(self._take(data)):
                        yield piece
                    if self.answer.splitter.is_late:
                        raise Broken(f"{self._place}: reasoning without its opening tag, already shown as text")
                    self._extend()
                if self._has_ended or self.bound.is_reached:
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

    async def _next(self, batches: _Waiting[list[str]]) -> list[str] | None:
        """The next events, None at the end, `_HELD` when text was held back for `hold_s`. Raises `TimedOut`."""
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
            return None  # the answer is whole; only its token counts are missing

    def _extend(self) -> None:
        """Allow for the next piece the time that the present state of the answer gives it."""
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
        """The pieces as far as the answer's text may go."""
        for piece in pieces:
            if isinstance(piece, Token) and not self.bound.is_reached:
                text = (
                    self.bound.cut_whole(piece.text, self.answer.completion_tokens)
                    if self._is_whole
                    else self.bound.cut(piece.text)
                )
                if text:
                    yield Token(text)
            elif not isinstance(piece, Token):
                yield piece

    def _take(self, data: str) -> list[Piece]:
        """What an event of the stream, or a whole answer, adds. Raises `EndpointError` and `Declined`."""
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
            self._has_ended = True  # the answer is whole; what follows is no part of it
            return []
        self._has_ended = self._is_whole
        if (error := error_in(chunk)) is not None:
            self._take_error(error, data)
            self._has_ended = True
            return []
        return self.answer.read(chunk)

    def _take_error(self, error: Any, data: str) -> None:
        """An error where a piece of the answer was expected. Raises unless it says that a filter cut the answer."""
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
        """How the answer ended. Raises `Broken` and `Filtered` where it did not end well."""
        answer = self.answer
        reason = "length" if self.bound.is_reached else answer.finish_reason
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
            completion_tokens=None if self.bound.is_reached else answer.completion_tokens,
            fingerprint=answer.fingerprint,
            ttft_ms=1000 * (duration_s if self._ttft_s is None else self._ttft_s),
            duration_ms=1000 * duration_s,
        )

    async def _batches(self) -> AsyncGenerator[list[str], None]:
        """The data of the events that come together, to the stream's end; a whole answer as one event."""
        url = f"{self.base_url}/chat/completions"
        for _ in range(MAX_REDIRECTS + 1):
            async with self.client.stream("POST", url, json=self.body) as response:
                if response.status_code in (307, 308):
                    url = self._redirected(url, response)
                    continue
                if response.has_redirect_location:
                    raise Declined(response.status_code, b"", response.headers, _MOVED)
                if not response.is_success:
                    body = await beginning_of(response, _MAX_ERROR_BYTES)
                    raise Declined(response.status_code, body, response.headers)
                async for batch in self._events_of(response):
                    yield batch
                return
        raise Unreachable(f"{self._place}: more than {MAX_REDIRECTS} redirects", can_pass=False)

    def _redirected(self, url: str, response: httpx.Response) -> str:
        try:
            return redirect_of(url, response.headers.get("location", ""))
        except Elsewhere as place:
            hint = f"it redirects to {place}, which is not followed; write the address that answers as base_url"
            raise Declined(response.status_code, b"", response.headers, hint) from None

    async def _events_of(self, response: httpx.Response) -> AsyncGenerator[list[str], None]:
        reader = EventReader()
        whole: bytearray | None = None
        has_begun = False
        async for piece in pieces_of(response):
            if not has_begun:
                piece = piece.lstrip(_BLANK)
                has_begun = bool(piece)
                whole = bytearray() if piece.startswith((b"{", b"[")) else None
            if whole is None:
                if events := reader.feed(piece):
                    yield events
                continue
            whole += piece
            if len(whole) > _MAX_WHOLE_BYTES:
                raise BodyTooLongError(f"an answer of more than {_MAX_WHOLE_BYTES} bytes")
        if whole is not None:
            self._is_whole = self.answer.splitter.is_holding = True
            yield [text_of(bytes(whole))]
        else:
            yield reader.end()


class _Waiting(Generic[ItemT]):
    """Waits for the next item of a generator with a limit of time, and does not lose it where the limit comes first."""

    def __init__(self, items: AsyncGenerator[ItemT, None]) -> None:
        self._items = items
        self._task: asyncio.Task[ItemT | None] | None = None

    async def next(self, timeout_s: float) -> ItemT | None:
        """The next item; None at the end. Raises TimeoutError; the item may still be asked for after that."""
        if self._task is None:
            self._task = asyncio.create_task(self._read())
        await asyncio.wait([self._task], timeout=timeout_s)
        if not self._task.done():
            raise TimeoutError
        task, self._task = self._task, None
        return task.result()

    async def _read(self) -> ItemT | None:
        return await anext(self._items, None)

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.exception()
        await self._items.aclose()
