"""Endpoint: one model behind an OpenAI-compatible address, as a stream of tokens.

    async with aclosing(endpoint.stream(request)) as events:
        async for event in events:      # Thought, …, Token, Token, …, Finish

Every failure is an `EndpointError`; nothing of httpx or of the server's wording gets out. A try that fails before its
first token for a reason that may pass (no connection, 5xx, a full server, a stream that ends at once) is repeated, at
the next address if there are several, after a growing pause or the one that the server asks for; once a token is out,
never. A refusal that names an optional parameter of ours is asked again without it (`request`, `evidence`), and what an
answer showed to be needed is kept for the address. Closing the generator, or cancelling the task that reads it, closes
the connection.

Silence has limits, in seconds from the call of `stream` unless said otherwise; keep-alives and empty deltas do not
extend them:

    before anything                         first_token_timeout_s
    thoughts, but no text yet               thinking_timeout_s, and stall_timeout_s since the last piece
    after the first text                    stall_timeout_s since the last piece
    an answer that comes whole, unstreamed  thinking_timeout_s

Logs and messages carry the player's name, status, code and place; never prompts, answers or keys.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from arena.players.dialect.evidence import refused
from arena.players.dialect.reader import Answer
from arena.players.dialect.refusals import error_of, parsed_error, place_of, too_long_of
from arena.players.dialect.thinking import Splitter, Style, mentions_tags
from arena.players.events import (
    Broken,
    Busy,
    EndpointError,
    Filtered,
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
from arena.players.request import (
    DEFAULT_THINKING_TOKENS,
    MAX_LESSONS,
    Bound,
    Manner,
    Terms,
    body_of,
    optional_in,
    sent_of,
)
from arena.players.wire.exchange import Declined, Exchange, Patience
from arena.players.wire.transport import hint_for_404, make_client, retry_after_s

__all__ = [
    "Broken",
    "Busy",
    "Endpoint",
    "EndpointError",
    "Filtered",
    "Finish",
    "Manner",
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

HOLD_S = 1.0
"""How long the first text of an address that is not known yet is held back, in case it is a thought (`thinking`). Pages
show answers a second and a half behind in any case."""
_MAX_PAUSE_S = 5.0


class Endpoint:
    """One model. Belongs to the event loop on which it is first used; `aclose` frees its connections.

    `base_urls` end where `/chat/completions` begins; with several, each call begins at the next one. `name` is the
    player's, for the log. `on_result` is told how every call ended: the error, or None for a whole answer; a call that
    its reader broke off is not told. Raises ValueError where the environment names a proxy, or certificates, that
    cannot be used.
    """

    def __init__(
        self,
        base_urls: Sequence[str],
        model: str,
        *,
        name: str | None = None,
        api_key: str | None = None,
        manner: Manner | None = None,
        patience: Patience | None = None,
        on_result: Callable[[EndpointError | None], None] | None = None,
    ) -> None:
        if not base_urls:
            raise ValueError("an endpoint needs at least one base URL")
        self._base_urls = tuple(url.rstrip("/") for url in base_urls)
        self._model = model
        self._name = model if name is None else name
        self._manner = manner or Manner()
        self._patience = patience or Patience()
        self.on_result = on_result
        self._turn = 0
        self._was_refused = False  # the last call was answered with a no that will not pass, such as 404
        self._terms = dict.fromkeys(self._base_urls, self._manner.terms())
        self._styles = dict.fromkeys(self._base_urls, Style.UNKNOWN)
        self._client = make_client(
            self._base_urls, api_key=api_key, headers=self._manner.headers, query=self._manner.query
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def stream(self, request: Request) -> AsyncGenerator[Token | Thought | Finish, None]:
        """The answer's pieces as they come, then one `Finish`. Raises `EndpointError`."""
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
        error = await begins(self._tries(request), self._patience.first_token_timeout_s)
        self._was_refused = isinstance(error, Unreachable) and not error.can_pass
        return error

    def _report(self, error: EndpointError | None) -> None:
        if error is not None:
            logger.warning("model %r: %s: %s", self._name, error.code, error)
        if self.on_result is not None:
            self.on_result(error)

    async def _tries(self, request: Request) -> AsyncGenerator[Token | Thought | Finish, None]:
        """Tries until one gives a token, as far as patience goes."""
        call = _Call(request, time.monotonic(), dict(self._terms))
        n_bases = len(self._base_urls)
        n_tries = max(self._patience.retries + 1, n_bases)
        first, self._turn = self._turn, (self._turn + 1) % n_bases
        number = 0
        while True:
            base_url = self._base_urls[(first + number) % n_bases]
            exchange = self._exchange(base_url, call)
            has_spoken = False
            try:
                async with aclosing(exchange.events()) as events:
                    async for event in events:
                        if not has_spoken:
                            self._keep_terms(base_url, call.terms[base_url])
                        has_spoken = True
                        if isinstance(event, Finish):
                            event = replace(event, sent=sent_of(request, exchange.body))
                            if exchange.answer.has_text and self._styles[base_url] is Style.UNKNOWN:
                                self._styles[base_url] = Style.PLAIN
                        yield event
                return
            except Declined as declined:
                if self._asks_otherwise(base_url, call, declined, exchange.body):
                    continue
                error = _error_of(declined, base_url)
            except EndpointError as problem:
                error = problem
            finally:
                self._keep_thinking(base_url, exchange)
            number += 1
            if has_spoken or number == n_tries or not error.can_pass:
                raise error
            pause_s = self._pause_s(call, number, base_url, error)
            if time.monotonic() - call.started + pause_s >= self._patience.first_token_timeout_s:
                raise error
            logger.info("model %r: %s: %s; trying again in %.2f s", self._name, error.code, error, pause_s)
            await asyncio.sleep(pause_s)

    def _exchange(self, base_url: str, call: _Call) -> Exchange:
        terms, style = call.terms[base_url], self._styles[base_url]
        reasons = bool(self._manner.thinking_tokens)
        splitter = Splitter(
            style,
            holds=style is Style.UNKNOWN,
            trusts_lone=not any(mentions_tags(message.content) for message in call.request.messages),
        )
        is_asked_for_more = terms.thinking_tokens > 0 or "max_tokens" in terms.omit
        return Exchange(
            self._client,
            base_url,
            body_of(call.request, self._model, self._manner, terms),
            self._patience,
            call.started,
            answer=Answer(splitter),
            bound=Bound(self._manner.limit(call.request) if is_asked_for_more else None),
            hold_s=HOLD_S if style is Style.UNKNOWN and not reasons else None,
        )

    def _pause_s(self, call: _Call, number: int, base_url: str, error: EndpointError) -> float:
        """How long to wait before the next try: longer with each round, and until its address wants to be asked."""
        now = time.monotonic()
        n_bases = len(self._base_urls)
        if error.retry_after_s is not None:
            call.not_before[base_url] = now + error.retry_after_s
        following = self._base_urls[(self._base_urls.index(base_url) + 1) % n_bases]
        rounds = number // n_bases
        pause_s = min(self._patience.backoff_s * 2 ** (rounds - 1), _MAX_PAUSE_S) if rounds else 0.0
        return max(pause_s, call.not_before.get(following, now) - now)

    def _asks_otherwise(self, base_url: str, call: _Call, declined: Declined, body: Mapping[str, Any]) -> bool:
        """Whether the refusal is worth asking again in other words, which the call's terms then hold."""
        terms = call.terms[base_url]
        if time.monotonic() - call.started >= self._patience.first_token_timeout_s:
            return False
        names = optional_in(body, terms)
        parameter = refused(declined.status, declined.body, names, body)
        if parameter is not None and call.n_lessons < MAX_LESSONS:
            call.n_lessons += 1
            call.terms[base_url] = terms.without(parameter)
            logger.info("model %r: status %d names %s; asking in another way", self._name, declined.status, parameter)
            return call.terms[base_url] != terms
        too_long = too_long_of(parsed_error(declined.body)) if declined.status in (400, 413, 422) else None
        if too_long is None:
            return False
        call.terms[base_url] = terms.shorter(self._manner.limit(call.request), too_long.limit)
        return call.terms[base_url] != terms

    def _keep_terms(self, base_url: str, terms: Terms) -> None:
        """Keep what this answer showed the address to need."""
        before = self._terms[base_url]
        self._learn(base_url, replace(before, omit=before.omit | terms.omit, rename={**before.rename, **terms.rename}))

    def _keep_thinking(self, base_url: str, exchange: Exchange) -> None:
        answer = exchange.answer
        if answer.splitter.is_opened:
            if self._styles[base_url] is not Style.OPENED:
                logger.warning(
                    "model %r: %s sends reasoning that only a closing tag ends, so its answers are held back until that"
                    " tag comes. Turn on the reasoning parser of that server to avoid this",
                    self._name,
                    place_of(base_url),
                )
            self._styles[base_url] = Style.OPENED
        if answer.has_thought and self._manner.thinking_tokens is None:
            self._learn(base_url, replace(self._terms[base_url], thinking_tokens=DEFAULT_THINKING_TOKENS))

    def _learn(self, base_url: str, terms: Terms) -> None:
        before, self._terms[base_url] = self._terms[base_url], terms
        for line in terms.settled(before):
            logger.warning(
                "model %r: learned how to ask %s, and remembered until the arena stops; to make this permanent,"
                " add this line to its [[models]] table: %s",
                self._name,
                place_of(base_url),
                line,
            )


@dataclass(slots=True)
class _Call:
    """One call of `stream`: what its tries share."""

    request: Request
    started: float
    terms: dict[str, Terms]
    """By address: those of the endpoint, and what refusals of this call suggest."""
    n_lessons: int = 0
    not_before: dict[str, float] = field(default_factory=dict)


def _error_of(declined: Declined, base_url: str) -> EndpointError:
    error = error_of(declined.status, declined.body, place_of(base_url))
    hint = declined.hint or (hint_for_404(base_url) if declined.status in (404, 405) else "")
    if hint:
        error.args = (f"{error}; {hint}",)
    error.retry_after_s = retry_after_s(declined.headers)
    return error
