"""Endpoint: one model behind an OpenAI-compatible address, as a stream of tokens.

    async with aclosing(endpoint.stream(request)) as events:
        async for event in events:      # Token, Token, …, Finish

Every failure is an `EndpointError`; nothing of httpx or of the server's wording gets out. A try that fails before its
first token for a reason that may pass (no connection, 5xx, a full server, a stream that ends at once) is repeated, at
the next address if there are several, after a growing pause; once a token is out, never. Silence has two limits, before
the first token (all tries together) and between two tokens; keep-alives do not extend them. Closing the generator, or
cancelling the task that reads it, closes the connection.

Logs and messages carry status, code and place. They never carry prompts, answers or keys, and therefore nothing that a
server says in prose: servers quote what they were sent.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import httpx

from arena.players.sse import EventReader, EventTooLongError

logger = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 5.0
_PROBE_TIMEOUT_S = 5.0
_USAGE_TIMEOUT_S = 2.0  # how long to wait for the token counts that follow the finish reason
_MAX_PAUSE_S = 5.0
_MAX_ANSWER_CHARS = 1_000_000
_MAX_ERROR_BYTES = 65_536
_CONTEXT_LIMIT = re.compile(r"(?:maximum|max_len|context (?:length|size|window|holds))\D{0,40}?(\d+)")


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
class Finish:
    """The last thing that a stream yields. Times are the client's, from the call of `stream`."""

    finish_reason: str
    """As the server says it: `stop`, `length`, …"""
    prompt_tokens: int | None
    completion_tokens: int | None
    fingerprint: str | None
    ttft_ms: float
    duration_ms: float


class EndpointError(Exception):
    """The model gave no whole answer. The message is for the log; `code` (stored with the answer) names no model."""

    code = "failed"
    can_pass = False
    """Whether the same request may succeed a moment later."""


class Unreachable(EndpointError):
    """No connection, or the server answers with an error of its own (5xx, wrong key, unknown model)."""

    code = "unreachable"

    def __init__(self, message: str, *, can_pass: bool = True) -> None:
        super().__init__(message)
        self.can_pass = can_pass


class TimedOut(EndpointError):
    """No first token within `first_token_timeout_s`, or silence longer than `stall_timeout_s` after it."""

    code = "timed_out"


class Broken(EndpointError):
    """The stream ended before the answer did, or is no OpenAI stream."""

    code = "broken"
    can_pass = True


class Refused(EndpointError):
    """The server does not take this request (400). `limit`: its context length in tokens, where it says so."""

    code = "refused"

    def __init__(self, message: str, *, limit: int | None = None, is_too_long: bool = False) -> None:
        super().__init__(message)
        self.limit = limit
        self.is_too_long = is_too_long


class Busy(EndpointError):
    """The server is full (429)."""

    code = "busy"
    can_pass = True


class ModelStream(Protocol):
    """What rounds need of an endpoint."""

    def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
        """Tokens as they come, then one `Finish`; raises `EndpointError`. `aclose()` ends the upstream."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an endpoint waits, and how often it tries. Seconds."""

    first_token_timeout_s: float = 60.0
    stall_timeout_s: float = 20.0
    retries: int = 2
    backoff_s: float = 0.25
    """Pause before the second round of tries; doubles with each round."""


@dataclass(slots=True)
class _Answer:
    """What one try has read so far."""

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
        return _storable(text[:-1] if self.held else text)


class Endpoint:
    """One model. Belongs to the event loop on which it is first used; `aclose` frees its connections.

    `base_urls` end where `/chat/completions` begins; with several, each call begins at the next one. `on_result` is
    told how every call ended: the error, or None for a whole answer; a call that its reader broke off is not told.
    """

    def __init__(
        self,
        base_urls: Sequence[str],
        model: str,
        *,
        api_key: str | None = None,
        patience: Patience | None = None,
        on_result: Callable[[EndpointError | None], None] | None = None,
    ) -> None:
        if not base_urls:
            raise ValueError("an endpoint needs at least one base URL")
        self._base_urls = tuple(url.rstrip("/") for url in base_urls)
        self._model = model
        self._patience = patience or Patience()
        self.on_result = on_result
        self._turn = 0
        self._client = httpx.AsyncClient(
            headers={"authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=httpx.Timeout(None, connect=_CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
            trust_env=not all(_is_loopback(url) for url in self._base_urls),  # a proxy has no business on loopback
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def stream(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
        """The answer's tokens as they come, then one `Finish`. Raises `EndpointError`."""
        try:
            async with aclosing(self._tries(request)) as events:
                async for event in events:
                    if isinstance(event, Finish):
                        self._report(None)
                    yield event
        except EndpointError as error:
            self._report(error)
            raise

    async def probe(self) -> EndpointError | None:
        """Ask whether any of the addresses answers, without asking for a token; None if one does."""
        error: EndpointError | None = None
        for base_url in self._base_urls:
            place = _place(base_url)
            try:
                response = await self._client.get(f"{base_url}/models", timeout=_PROBE_TIMEOUT_S)
            except httpx.TransportError as problem:
                error = Unreachable(f"{place}: {type(problem).__name__}")
                continue
            if response.status_code < 500 and response.status_code not in (401, 403):
                return None
            error = Unreachable(f"{place}: status {response.status_code} for its list of models")
        return error

    def _report(self, error: EndpointError | None) -> None:
        if error is not None:
            logger.warning("model %s: %s: %s", self._model, error.code, error)
        if self.on_result is not None:
            self.on_result(error)

    async def _tries(self, request: Request) -> AsyncGenerator[Token | Finish, None]:
        """Tries until one gives a token, as far as patience goes."""
        started = time.monotonic()
        n_bases = len(self._base_urls)
        n_tries = max(self._patience.retries + 1, n_bases)
        first, self._turn = self._turn, (self._turn + 1) % n_bases
        for number in range(n_tries):
            base_url = self._base_urls[(first + number) % n_bases]
            is_last = number + 1 == n_tries
            has_spoken = False
            try:
                async with aclosing(self._once(base_url, request, started)) as events:
                    async for event in events:
                        has_spoken = True
                        yield event
                return
            except EndpointError as error:
                if has_spoken or is_last or not error.can_pass:
                    raise
                rounds = (number + 1) // n_bases
                pause_s = min(self._patience.backoff_s * 2 ** (rounds - 1), _MAX_PAUSE_S) if rounds else 0.0
                if time.monotonic() - started + pause_s >= self._patience.first_token_timeout_s:
                    raise
                logger.info("model %s: %s: %s; trying again in %.2f s", self._model, error.code, error, pause_s)
            await asyncio.sleep(pause_s)

    async def _once(self, base_url: str, request: Request, started: float) -> AsyncGenerator[Token | Finish, None]:
        """One try at one address."""
        place = _place(base_url)
        answer = _Answer()
        ttft_s: float | None = None
        deadline = started + self._patience.first_token_timeout_s
        try:
            async with aclosing(self._chunks(base_url, request)) as chunks:
                while True:
                    try:
                        async with asyncio.timeout(max(deadline - time.monotonic(), 0.0)):
                            chunk = await anext(chunks, None)
                    except TimeoutError:
                        if answer.finish_reason is None:
                            raise TimedOut(self._silence(place, ttft_s)) from None
                        chunk = None  # the answer is whole; only its token counts are missing
                    if chunk is None:
                        break
                    text = answer.read(chunk)
                    now = time.monotonic()
                    if text:
                        ttft_s = ttft_s or now - started
                        yield Token(text)
                    if answer.finish_reason is not None:
                        deadline = time.monotonic() + _USAGE_TIMEOUT_S
                    elif ttft_s is not None and chunk.get("choices"):
                        deadline = time.monotonic() + self._patience.stall_timeout_s
        except (httpx.TimeoutException, httpx.ConnectError) as error:
            raise Unreachable(f"{place}: {type(error).__name__}") from error
        except (httpx.TransportError, httpx.DecodingError, EventTooLongError) as error:
            if answer.finish_reason is None:
                raise Broken(f"{place}: {type(error).__name__} after {answer.n_chars} characters") from error
        if answer.finish_reason is None:
            raise Broken(f"{place}: the stream ended after {answer.n_chars} characters without a finish reason")
        if answer.held:
            yield Token(_storable(answer.held))
        duration_s = time.monotonic() - started
        yield Finish(
            finish_reason=answer.finish_reason,
            prompt_tokens=answer.prompt_tokens,
            completion_tokens=answer.completion_tokens,
            fingerprint=answer.fingerprint,
            ttft_ms=1000 * (duration_s if ttft_s is None else ttft_s),
            duration_ms=1000 * duration_s,
        )

    def _silence(self, place: str, ttft_s: float | None) -> str:
        if ttft_s is None:
            return f"{place}: no first token within {self._patience.first_token_timeout_s:g} s"
        return f"{place}: silent for {self._patience.stall_timeout_s:g} s in the middle of the answer"

    async def _chunks(self, base_url: str, request: Request) -> AsyncGenerator[dict[str, Any], None]:
        """The JSON objects of the server's stream, to its `[DONE]` or its end."""
        async with self._client.stream("POST", f"{base_url}/chat/completions", json=self._body(request)) as response:
            if response.status_code != 200:
                raise await _error_of(response, _place(base_url))
            reader = EventReader()
            async for piece in response.aiter_bytes():
                for data in reader.feed(piece):
                    if data.strip() == "[DONE]":
                        return
                    yield _chunk_of(data, _place(base_url))
            for data in reader.end():
                if data.strip() != "[DONE]":
                    yield _chunk_of(data, _place(base_url))

    def _body(self, request: Request) -> dict[str, Any]:
        return {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "temperature": request.temperature,
            "top_p": request.top_p,
            "max_tokens": request.max_tokens,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }


def _storable(text: str) -> str:
    """Surrogate halves that belong together joined; lone ones and NUL, which databases refuse, replaced by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _place(base_url: str) -> str:
    """Host and port: an address may hold a password."""
    parts = urlsplit(base_url)
    return parts.netloc.rpartition("@")[2]


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _chunk_of(data: str, place: str) -> dict[str, Any]:
    try:
        chunk = json.loads(data)
    except ValueError:
        raise Broken(f"{place}: an event that is no JSON") from None
    if not isinstance(chunk, dict):
        raise Broken(f"{place}: an event that is no JSON object")
    if chunk.get("error"):
        raise Broken(f"{place}: {_in_short(chunk['error'])} in the stream")
    return chunk


async def _error_of(response: httpx.Response, place: str) -> EndpointError:
    """The error that a status other than 200 stands for."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MAX_ERROR_BYTES:
            break
    error: Any = None
    try:
        parsed = json.loads(bytes(body))
        error = parsed.get("error", parsed) if isinstance(parsed, dict) else None
    except ValueError:
        pass
    status = response.status_code
    message = f"{place}: status {status} {_in_short(error)}".rstrip()
    if status == 429:
        return Busy(message)
    if status in (400, 413, 422):
        limit = _context_limit(error)
        return Refused(message, limit=limit, is_too_long=status == 413 or limit is not None or _is_too_long(error))
    return Unreachable(message, can_pass=status >= 500)


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
    """The context length in tokens, where an error names it: in a field (llama.cpp) or a sentence (OpenAI, vLLM, ours)."""
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
