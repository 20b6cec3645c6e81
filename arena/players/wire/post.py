"""One POST of a chat request, whose response is cut into events.

Redirects are followed, and an error status is raised. `Post.batches` yields the data of the events that arrived
together; a body that is one JSON object (an unstreamed answer) counts as one event. What the data means is for
`exchange`.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from arena.players.events import Unreachable
from arena.players.wire.sse import EventReader, text_of
from arena.players.wire.transport import (
    MAX_REDIRECTS,
    BodyTooLongError,
    Elsewhere,
    beginning_of,
    pieces_of,
    place_of,
    redirect_of,
)

_MAX_ERROR_BYTES = 65_536
_MAX_WHOLE_BYTES = 8_000_000
_MOVED = "it redirects in a way that turns a POST into a GET; write the address that answers as base_url"
_BLANK = b"\xef\xbb\xbf \t\r\n"


class Declined(Exception):
    """The server answered with a status other than 200, or with an error that names one in place of an answer."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str], hint: str = "") -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.headers = headers
        self.hint = hint


@dataclass(slots=True)
class Post:
    """A request with JSON `body` to the chat address below `base_url`."""

    client: httpx.AsyncClient
    base_url: str
    body: Mapping[str, Any]
    is_whole: bool = False
    """Whether the answer came unstreamed, as one JSON object. Known when its batch is yielded."""
    place: int | None = None
    """The place in the server's queue, if it reports one."""

    async def batches(self) -> AsyncGenerator[list[str], None]:
        """Yield the data of the events that arrived together; none of them where only `place` changed.

        Raises `Declined`, `Unreachable` and what httpx does."""
        url = f"{self.base_url}/chat/completions"
        for _ in range(MAX_REDIRECTS + 1):
            async with self.client.stream("POST", url, json=self.body) as response:
                if response.status_code in (307, 308):
                    url = _redirected(url, response)
                    continue
                if response.has_redirect_location:
                    raise Declined(response.status_code, b"", response.headers, _MOVED)
                if not response.is_success:
                    body = await beginning_of(response, _MAX_ERROR_BYTES)
                    raise Declined(response.status_code, body, response.headers)
                async for batch in self._events_of(response):
                    yield batch
                return
        raise Unreachable(f"{place_of(self.base_url)}: more than {MAX_REDIRECTS} redirects", can_pass=False)

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
                events = reader.feed(piece)
                if events or reader.place != self.place:
                    self.place = reader.place
                    yield events
                continue
            whole += piece
            if len(whole) > _MAX_WHOLE_BYTES:
                raise BodyTooLongError(f"an answer of more than {_MAX_WHOLE_BYTES:,} bytes")
        if whole is not None:
            self.is_whole = True
            yield [text_of(bytes(whole))]
        else:
            yield reader.end()


def _redirected(url: str, response: httpx.Response) -> str:
    """Return the address that a redirect leads to. Raises `Declined` where it is not followed."""
    try:
        return redirect_of(url, response.headers.get("location", ""))
    except Elsewhere as place:
        hint = f"it redirects to {place}, which is not followed; write the address that answers as base_url"
        raise Declined(response.status_code, b"", response.headers, hint) from None
