"""Cheap requests that check whether a server, or a model, answers.

`is_there` asks for the list of models, which costs no token. A trial is one request as battles send them, of which
`begins` waits for the first event. Both are bounded in time and in bytes read. What follows is for `health`.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import httpx

from arena.players.events import Broken, EndpointError, Message, Request, TimedOut, Unreachable
from arena.players.wire.transport import place_of, problem_of

_PROBE_TIMEOUT_S = 5.0  # for each address, from the connection to the last byte read
_MAX_PROBE_BYTES = 65_536
_MAX_LIST_BYTES = 4_194_304
_MAX_LISTED = 20  # in a log line
_TRIAL_PROMPT = "Hello! Please answer with one short sentence."
_TRIAL_SLACK_S = 5.0


def trial_request(*, system_prompt: str, temperature: float, top_p: float, max_tokens: int) -> Request:
    """Return a battle's request with a short fixed prompt."""
    system = (Message("system", system_prompt),) if system_prompt else ()
    return Request((*system, Message("user", _TRIAL_PROMPT)), temperature, top_p, max_tokens, seed=1)


async def is_there(
    client: httpx.AsyncClient, base_urls: Sequence[str], model: str, *, reads_list: bool
) -> EndpointError | None:
    """Ask the addresses for their list of models; return None if one sends it, else the first error.

    An error with a `status` shows that the server answers. With `reads_list`, a list without `model` is an error that
    does not pass, and whose message says what to do.
    """
    error: EndpointError | None = None
    for base_url in base_urls:
        place = place_of(base_url)
        try:
            status, body = await _get(client, f"{base_url}/models", _MAX_LIST_BYTES if reads_list else _MAX_PROBE_BYTES)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as problem:
            error = error or Unreachable(problem_of(base_url, problem))
            continue
        if status >= 400:
            error = Unreachable(
                f"{place}: status {status} for its list of models", can_pass=status >= 500, status=status
            )
            continue
        listed = listed_models(body) if reads_list else ()
        if not listed or model in listed:
            return None
        more = ", …" if len(listed) > _MAX_LISTED else ""
        names = ", ".join(listed[:_MAX_LISTED]) + more
        error = Unreachable(f"{place}: the server has no model {model!r}; set model to one of {names}", can_pass=False)
    return error


async def begins(events: AsyncGenerator[object, None], timeout_s: float) -> EndpointError | None:
    """Return None at an answer's first event, or the error that came first. The stream is closed after it. A place in
    the queue is such an event: the server has accepted the request."""
    try:
        async with asyncio.timeout(timeout_s + _TRIAL_SLACK_S), aclosing(events):
            async for _ in events:
                return None
    except EndpointError as error:
        return error
    except TimeoutError:
        return TimedOut(f"no answer to a trial within {timeout_s:g} s")
    return Broken("the stream ended without an event")


async def _get(client: httpx.AsyncClient, url: str, max_bytes: int) -> tuple[int, bytes]:
    """Return status and beginning of a body, not decompressed. Raises httpx's errors and TimeoutError."""
    body = bytearray()
    async with asyncio.timeout(_PROBE_TIMEOUT_S):
        async with client.stream("GET", url, headers={"accept-encoding": "identity"}) as response:
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > max_bytes:
                    break
            return response.status_code, bytes(body)


def listed_models(body: bytes) -> tuple[str, ...]:
    """Return the ids in a server's list of models; none where the body is not such a list."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    data = parsed.get("data") if isinstance(parsed, dict) else None
    entries = data if isinstance(data, list) else []
    return tuple(entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str))
