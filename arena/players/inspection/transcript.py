"""The requests and responses of one question to an endpoint, as they were sent and received, with keys masked.

`hooks` are for `Endpoint.twin`. A body is kept up to `MAX_BYTES`.
"""

import time
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from arena.players.endpoint import Hooks
from arena.players.inspection.masking import Mask

MAX_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One request and its response; `status` is None if there was none."""

    address: str
    request_headers: tuple[tuple[str, str], ...]
    request: str
    status: int | None
    response_headers: tuple[tuple[str, str], ...]
    response: str
    is_cut: bool
    """Whether `response` is only the beginning."""
    first_byte_ms: float | None


@dataclass(slots=True)
class _Exchange:
    request: httpx.Request
    started: float
    response: httpx.Response | None = None
    first_byte_ms: float | None = None
    received: bytearray = field(default_factory=bytearray)
    is_cut: bool = False

    def keep(self, piece: bytes) -> None:
        if self.first_byte_ms is None:
            self.first_byte_ms = 1000 * (time.monotonic() - self.started)
        room = MAX_BYTES - len(self.received)
        self.is_cut = self.is_cut or len(piece) > room
        self.received += piece[:room]


class Transcript:
    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._exchanges: list[_Exchange] = []

    @property
    def hooks(self) -> Hooks:
        return {"request": [self._asked], "response": [self._answered]}

    def exchanges(self) -> tuple[Exchanged, ...]:
        return tuple(map(self._shown, self._exchanges))

    async def _asked(self, request: httpx.Request) -> None:
        self._exchanges.append(_Exchange(request, time.monotonic()))

    async def _answered(self, response: httpx.Response) -> None:
        exchange = next(one for one in reversed(self._exchanges) if one.request is response.request)
        exchange.response = response
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Kept(response.stream, exchange)

    def _shown(self, exchange: _Exchange) -> Exchanged:
        mask, request, response = self._mask, exchange.request, exchange.response
        return Exchanged(
            address=f"{request.method} {mask.address(str(request.url))}",
            request_headers=mask.headers(request.headers.items()),
            request=mask.body(request.content.decode("utf-8", "replace")),
            status=None if response is None else response.status_code,
            response_headers=() if response is None else mask.headers(response.headers.items()),
            response="" if response is None else mask.body(_text(response, bytes(exchange.received))),
            is_cut=exchange.is_cut,
            first_byte_ms=exchange.first_byte_ms,
        )


class _Kept(httpx.AsyncByteStream):
    """A response's stream, whose pieces are kept on the way."""

    def __init__(self, stream: httpx.AsyncByteStream, exchange: _Exchange) -> None:
        self._stream = stream
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._exchange.keep(piece)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def _text(response: httpx.Response, body: bytes) -> str:
    if response.headers.get("content-encoding", "identity").casefold() in ("gzip", "x-gzip", "deflate"):
        try:
            body = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, MAX_BYTES)
        except zlib.error:
            return f"({len(body):,} bytes that cannot be decompressed)"
    return body.decode("utf-8", "replace")
