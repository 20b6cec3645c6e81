"""Endpoint: one model behind an OpenAI-compatible address, as a stream of tokens.

    async with aclosing(endpoint.stream(request)) as events:
        async for event in events:      # Token, Token, …, Finish

Every failure is an `EndpointError`; nothing of httpx or of the server's wording gets out. A try that fails before its
first token for a reason that may pass (no connection, 5xx, a full server, a stream that ends at once) is repeated, at
the next address if there are several, after a growing pause; once a token is out, never. Silence has two limits, before
the first token (all tries together) and between two tokens; keep-alives do not extend them. Closing the generator, or
cancelling the task that reads it, closes the connection.

Logs and messages carry status, code and place; never prompts, answers or keys (`wire` sees to that). What is said and
heard is in `events`, the reading of bytes in `sse`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from arena.players.events import (
    Broken,
    Busy,
    EndpointError,
    Finish,
    Message,
    ModelStream,
    Refused,
    Request,
    Thought,
    TimedOut,
    Token,
    Unreachable,
)
from arena.players.probe import begins, is_there
from arena.players.refusals import error_of, place_of
from arena.players.sse import EventReader, EventTooLongError
from arena.players.wire import Answer, chunk_of, storable

__all__ = [
    "Broken",
    "Busy",
    "Endpoint",
    "EndpointError",
    "Finish",
    "Message",
    "ModelStream",
    "Patience",
    "Refused",
    "Request",
    "Thought",
    "TimedOut",
    "Token",
    "Unreachable",
]

logger = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 5.0
_USAGE_TIMEOUT_S = 2.0  # how long to wait for the token counts that follow the finish reason
_MAX_PAUSE_S = 5.0
_MAX_ERROR_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an endpoint waits, and how often it tries. Seconds."""

    first_token_timeout_s: float = 60.0
    stall_timeout_s: float = 20.0
    retries: int = 2
    backoff_s: float = 0.25
    """Pause before the second round of tries; doubles with each round."""


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
        self._was_refused = False  # the last call was answered with a no that will not pass, such as 404
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
                        self._was_refused = False
                        self._report(None)
                    yield event
        except EndpointError as error:
            self._was_refused = isinstance(error, Unreachable) and not error.can_pass
            self._report(error)
            raise

    async def probe(self) -> EndpointError | None:
        """Ask whether any of the addresses answers, without asking for a token; None if one does.

        After a call that was refused the server's list of models is read as well: a model that it does not name would
        only be refused again. Not before, for some servers serve what they do not list.
        """
        return await is_there(self._client, self._base_urls, self._model, reads_list=self._was_refused)

    async def trial(self, request: Request) -> EndpointError | None:
        """Ask as `stream` does and close at the first sign of an answer; None if one came. `on_result` is not told."""
        return await begins(self._tries(request))

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
        place = place_of(base_url)
        answer = Answer()
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
            yield Token(storable(answer.held))
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
                raise error_of(response.status_code, await _beginning(response), place_of(base_url))
            reader = EventReader()
            async for piece in response.aiter_bytes():
                for data in reader.feed(piece):
                    if data.strip() == "[DONE]":
                        return
                    yield chunk_of(data, place_of(base_url))
            for data in reader.end():
                if data.strip() != "[DONE]":
                    yield chunk_of(data, place_of(base_url))

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


async def _beginning(response: httpx.Response) -> bytes:
    """The body as far as an error may be long."""
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > _MAX_ERROR_BYTES:
            break
    return bytes(body)


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
