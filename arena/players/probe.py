"""Probe: whether a server answers (a request that asks for no token), and whether a model does (a trial: one token)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import httpx

from arena.players.events import Broken, EndpointError, Unreachable
from arena.players.refusals import place_of

_PROBE_TIMEOUT_S = 5.0


async def is_there(
    client: httpx.AsyncClient, base_urls: Sequence[str], model: str, *, reads_list: bool
) -> EndpointError | None:
    """Ask the addresses for their list of models; None if one answers.

    With `reads_list` a list that does not name `model` is a no.
    """
    error: EndpointError | None = None
    for base_url in base_urls:
        place = place_of(base_url)
        try:
            response = await client.get(f"{base_url}/models", timeout=_PROBE_TIMEOUT_S)
        except httpx.TransportError as problem:
            error = Unreachable(f"{place}: {type(problem).__name__}")
            continue
        if response.status_code < 500 and response.status_code not in (401, 403):
            listed = listed_models(response.content) if reads_list else ()
            if not listed or model in listed:
                return None
            error = Unreachable(f"{place}: it serves no {model!r}; set model = to one of {', '.join(listed)}")
            continue
        error = Unreachable(f"{place}: status {response.status_code} for its list of models")
    return error


async def begins(events: AsyncGenerator[object, None]) -> EndpointError | None:
    """Whether an answer begins: None at its first event, after which its stream is closed."""
    try:
        async with aclosing(events):
            async for _ in events:
                return None
    except EndpointError as error:
        return error
    return Broken("the stream ended without an event")


def listed_models(body: bytes) -> tuple[str, ...]:
    """The ids in a server's list of models; nothing where the body is no such list."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return ()
    data = parsed.get("data") if isinstance(parsed, dict) else None
    entries = data if isinstance(data, list) else []
    return tuple(entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str))
