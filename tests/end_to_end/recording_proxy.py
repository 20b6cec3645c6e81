"""A TCP proxy on a loopback port that records every byte, so that a test can search what a browser really received.

It asks the server for uncompressed answers (the header that offers compression is renamed on its way) and takes chunk
borders out of what it recorded, so that a search finds a name anywhere. It understands no more of HTTP.
"""

import asyncio
import re
from types import TracebackType
from typing import Self

CHUNK_BORDER = re.compile(rb"\r\n[0-9a-fA-F]{1,8}\r\n")


class RecordingProxy:
    """`async with RecordingProxy(upstream_port) as proxy`: browse `proxy.url`, then search `proxy.traffic()`."""

    def __init__(self, upstream_port: int) -> None:
        self.upstream_port = upstream_port
        self.port = 0
        self._streams: list[bytearray] = []
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def traffic(self) -> str:
        """Return all bytes sent so far in lower case, one connection and direction after the other."""
        plain = (CHUNK_BORDER.sub(b"", bytes(stream)) for stream in self._streams)
        return "\n".join(stream.decode("utf-8", errors="replace") for stream in plain).lower()

    def cut(self) -> None:
        """Break every open connection, as a short network failure does."""
        for writer in self._writers:
            writer.transport.abort()

    def forget(self) -> None:
        """Drop the record; open connections continue."""
        for stream in self._streams:
            stream.clear()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, up_writer}
        try:
            await asyncio.gather(self._copy(reader, up_writer, asks=True), self._copy(up_reader, writer, asks=False))
        finally:
            self._writers -= {writer, up_writer}
            writer.close()
            up_writer.close()

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, asks: bool) -> None:
        record = bytearray()
        self._streams.append(record)
        try:
            while data := await source.read(65536):
                record += data
                if asks:
                    data = re.sub(rb"(?i)\r\naccept-encoding:", b"\r\nx-not-offered:", data)
                sink.write(data)
                await sink.drain()
            sink.write_eof()
        except (OSError, RuntimeError):
            sink.close()
