"""Call events of the battle page as a browser does: through Gradio's queue, by the numbers in `/config`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from secrets import token_hex
from typing import Any

import httpx


def load_event(config: Mapping[str, Any]) -> int:
    """Return the number of the battle page's load event, which takes the battle and the prompt."""
    for function in config["dependencies"]:
        if any(event == "load" for _, event in function["targets"]) and len(function["inputs"]) == 2:
            return int(function["id"])
    raise LookupError("expected a load event of the battle page in /config")


async def call(
    client: httpx.AsyncClient, event: int, data: Sequence[str | None], *, headers: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Call an event in a new session, and yield the lines of its answer."""
    session = token_hex(5)
    request = {"fn_index": event, "data": list(data), "session_hash": session, "trigger_id": 0}
    (await client.post("/gradio_api/queue/join", json=request, headers=headers)).raise_for_status()
    path = f"/gradio_api/queue/data?session_hash={session}"
    async with client.stream("GET", path, headers=headers) as stream:
        stream.raise_for_status()
        async for line in stream.aiter_lines():
            yield line
