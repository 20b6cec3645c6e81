"""One model behind an OpenAI-compatible address, with retries and adjusted requests.

    async with aclosing(endpoint.stream(request)) as events:
        async for event in events:      # Queued, …, Thought, …, Token, Token, …, Finish

Every failure is an `EndpointError`; no error of httpx and no wording of the server leaves this module. A try is
repeated if it fails before its first token for a reason that may pass: no connection, 5xx, a full server, a stream that
ends at once. The next try uses the next address, if there are several, after a growing pause or the pause that the
server asks for. After a token, nothing is repeated. If a refusal names an optional parameter of ours, the request is
sent again without it (`request`, `dialect.evidence`); an adjustment that led to an answer is kept for the address
(`lessons`). Closing the generator, or cancelling the task that reads it, closes the connection.

Silence is limited, in seconds from the call of `stream` unless stated otherwise; keep-alives and empty deltas do not
extend the limits:

    before anything                    first_token_timeout_s, again each time that a place in the queue moves up
    thoughts, but no text yet          thinking_timeout_s, and stall_timeout_s since the last piece
    after the first text               stall_timeout_s since the last piece
    an answer that is not streamed     thinking_timeout_s

Logs and messages name the player, status, code and place; never prompts, answers or keys.
"""

import asyncio
import copy
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Self

from arena.players.dialect.evidence import refused
from arena.players.dialect.reader import AnswerReader
from arena.players.dialect.refusals import error_of, parsed_error, too_long_of
from arena.players.dialect.thinking import Splitter, ThinkingStyle, mentions_tags
from arena.players.dialect.token_limit import TokenLimit
from arena.players.events import EndpointError, Finish, Queued, Request, Thought, Token, Unreachable
from arena.players.lessons import Lessons
from arena.players.probe import begins, is_there
from arena.players.request import (
    MAX_LESSONS,
    Adjustments,
    RequestOptions,
    body_of,
    optional_in,
    sent_of,
)
from arena.players.wire.exchange import Exchange, Patience
from arena.players.wire.post import Declined
from arena.players.wire.transport import hint_for_404, make_client, place_of, retry_after_s

__all__ = ["Endpoint", "Patience", "RequestOptions"]

logger = logging.getLogger(__name__)

Hooks = Mapping[Literal["request", "response"], Sequence[Callable[[Any], Any]]]
"""Event hooks of httpx: coroutine functions that get the request or the response."""

HOLD_S = 1.0
"""How long the first text of an unknown address is held back, in case it is a thought (`dialect.thinking`). Pages show
answers with a delay of a second and a half in any case."""
_MAX_PAUSE_S = 5.0


@dataclass(slots=True)
class _Call:
    """What the tries of one call of `stream` share."""

    request: Request
    started: float
    adjustments: dict[str, Adjustments]
    """By address: the endpoint's, changed by the refusals of this call."""
    n_lessons: int = 0
    not_before: dict[str, float] = field(default_factory=dict)


class Endpoint:
    """One model. Belongs to the event loop on which it is first used; `aclose` frees its connections.

    `base_urls` end where `/chat/completions` begins; with several, each call begins at the next one. `name` is the
    player's, for the log. `on_result` is called when a call ends, with the error, or with None after a complete answer;
    not when the reader closes the stream early. Raises ValueError if the environment's proxy or certificates are
    unusable.
    """

    def __init__(
        self,
        base_urls: Sequence[str],
        model: str,
        *,
        name: str | None = None,
        api_key: str | None = None,
        options: RequestOptions | None = None,
        patience: Patience | None = None,
        on_result: Callable[[EndpointError | None], None] | None = None,
    ) -> None:
        if not base_urls:
            raise ValueError("an endpoint needs at least one base URL")
        self._base_urls = tuple(url.rstrip("/") for url in base_urls)
        self._model = model
        self._name = model if name is None else name
        self._options = options or RequestOptions()
        self.patience = patience or Patience()
        self.on_result = on_result
        self._n_running = 0
        self._is_idle = asyncio.Event()
        self._turn = 0
        self._was_refused = False  # the last call failed with an error that does not pass, such as 404
        self._lessons = Lessons(self._base_urls, self._options, self._name)
        self._make_client = partial(
            make_client, self._base_urls, api_key=api_key, headers=self._options.headers, query=self._options.query
        )
        self._client = self._make_client()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def drain(self) -> None:
        """Close the connections once the last stream has ended. Nothing may be asked afterwards."""
        if self._n_running:
            await self._is_idle.wait()
        await self.aclose()

    def twin(self, hooks: Hooks) -> Self:
        """Return an endpoint that sends the same, with connections of its own and `hooks` of httpx for what is sent and
        received. It reports to nobody, and what it learns stays with it."""
        twin = copy.copy(self)
        twin.on_result = None
        twin._n_running, twin._is_idle = 0, asyncio.Event()
        twin._lessons = self._lessons.twin()
        twin._client = self._make_client()
        twin._client.event_hooks = {name: list(calls) for name, calls in hooks.items()}
        return twin

    def learned(self) -> tuple[str, ...]:
        """Return the lines of a [[models]] table that would have made the refusals of this endpoint's answers
        unnecessary."""
        return self._lessons.lines()

    async def stream(self, request: Request) -> AsyncGenerator[Queued | Token | Thought | Finish, None]:
        """Yield the answer's pieces as they arrive, then one `Finish`. Raises `EndpointError`."""
        self._n_running += 1
        self._is_idle.clear()
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
        finally:
            self._n_running -= 1
            if not self._n_running:
                self._is_idle.set()

    async def probe(self) -> EndpointError | None:
        """Check whether any address answers, without asking for a token; return None if one does.

        After a refused call the server's list of models is read as well: a model that is not listed would only be
        refused again. Not before a refusal, because some servers serve models that they do not list.
        """
        return await is_there(self._client, self._base_urls, self._model, reads_list=self._was_refused)

    async def trial(self, request: Request) -> EndpointError | None:
        """Ask as `stream` does and close at the first event; return None if one came. `on_result` is not called."""
        error = await begins(self._tries(request), self.patience.first_token_timeout_s)
        self._was_refused = isinstance(error, Unreachable) and not error.can_pass
        return error

    def _report(self, error: EndpointError | None) -> None:
        if error is not None:
            logger.warning("model %r: %s: %s", self._name, error.code, error)
        if self.on_result is not None:
            self.on_result(error)

    async def _tries(self, request: Request) -> AsyncGenerator[Queued | Token | Thought | Finish, None]:
        """Try until one try yields a token or `patience` is used up."""
        call = _Call(request, time.monotonic(), self._lessons.adjustments())
        n_bases = len(self._base_urls)
        n_tries = max(self.patience.retries + 1, n_bases)
        first, self._turn = self._turn, (self._turn + 1) % n_bases
        number = 0
        while True:
            base_url = self._base_urls[(first + number) % n_bases]
            exchange = self._exchange(base_url, call)
            has_spoken = False
            try:
                async with aclosing(exchange.events()) as events:
                    async for event in events:
                        if isinstance(event, Queued):
                            yield event
                            continue
                        if not has_spoken:
                            self._lessons.keep(base_url, call.adjustments[base_url])
                        has_spoken = True
                        if isinstance(event, Finish):
                            event = replace(event, sent=sent_of(request, exchange.body))
                            self._lessons.note_end(base_url, exchange.answer)
                        yield event
                return
            except Declined as declined:
                if self._asks_otherwise(base_url, call, declined, exchange.body):
                    continue
                error = _error_of(declined, base_url)
            except EndpointError as problem:
                error = problem
            finally:
                self._lessons.note_thinking(base_url, exchange.answer)
            number += 1
            if has_spoken or number == n_tries or not error.can_pass:
                raise error
            pause_s = self._pause_s(call, number, base_url, error)
            if time.monotonic() - call.started + pause_s >= self.patience.first_token_timeout_s:
                raise error
            logger.info("model %r: %s: %s; trying again in %.2f s", self._name, error.code, error, pause_s)
            await asyncio.sleep(pause_s)

    def _exchange(self, base_url: str, call: _Call) -> Exchange:
        adjustments, style = call.adjustments[base_url], self._lessons.style(base_url)
        reasons = bool(self._options.thinking_tokens)
        splitter = Splitter(
            style,
            holds=style is ThinkingStyle.UNKNOWN,
            trusts_lone=not any(mentions_tags(message.content) for message in call.request.messages),
        )
        is_asked_for_more = adjustments.thinking_tokens > 0 or "max_tokens" in adjustments.omit
        return Exchange(
            self._client,
            base_url,
            body_of(call.request, self._model, self._options, adjustments),
            self.patience,
            call.started,
            answer=AnswerReader(splitter),
            limit=TokenLimit(self._options.limit(call.request) if is_asked_for_more else None),
            hold_s=HOLD_S if style is ThinkingStyle.UNKNOWN and not reasons else None,
        )

    def _pause_s(self, call: _Call, number: int, base_url: str, error: EndpointError) -> float:
        """Return the pause before the next try: longer with each round, and as long as the next address asks for."""
        now = time.monotonic()
        n_bases = len(self._base_urls)
        if error.retry_after_s is not None:
            call.not_before[base_url] = now + error.retry_after_s
        following = self._base_urls[(self._base_urls.index(base_url) + 1) % n_bases]
        rounds = number // n_bases
        pause_s = min(self.patience.backoff_s * 2 ** (rounds - 1), _MAX_PAUSE_S) if rounds else 0.0
        return max(pause_s, call.not_before.get(following, now) - now)

    def _asks_otherwise(self, base_url: str, call: _Call, declined: Declined, body: Mapping[str, Any]) -> bool:
        """Adjust the call to a refusal; return whether it is worth asking again."""
        adjustments = call.adjustments[base_url]
        if time.monotonic() - call.started >= self.patience.first_token_timeout_s:
            return False
        names = optional_in(body, adjustments)
        parameter = refused(declined.status, declined.body, names, body)
        if parameter is not None and call.n_lessons < MAX_LESSONS:
            call.n_lessons += 1
            call.adjustments[base_url] = adjustments.without(parameter)
            logger.info(
                "model %r: status %d names %s; retrying with an adjusted request",
                self._name,
                declined.status,
                parameter,
            )
            return call.adjustments[base_url] != adjustments
        too_long = too_long_of(parsed_error(declined.body)) if declined.status in (400, 413, 422) else None
        if too_long is None:
            return False
        call.adjustments[base_url] = adjustments.shorter(self._options.limit(call.request), too_long.limit)
        return call.adjustments[base_url] != adjustments


def _error_of(declined: Declined, base_url: str) -> EndpointError:
    error = error_of(declined.status, declined.body, place_of(base_url))
    hint = declined.hint or (hint_for_404(base_url) if declined.status in (404, 405) else "")
    if hint:
        error.args = (f"{error}; {hint}",)
    error.retry_after_s = retry_after_s(declined.headers)
    return error
