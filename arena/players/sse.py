"""Server-sent events: bytes as they arrive, in pieces of any size, to the `data` of each event.

Reads what the WHATWG specification of `text/event-stream` allows: lines that end with CR, LF or CRLF, also where a
piece ends between the two; comments (keep-alives); several `data` lines of one event. Names and ids of events are
dropped: OpenAI's protocol uses none. It does not parse the data.
"""

from __future__ import annotations

MAX_EVENT_BYTES = 1_000_000


class EventTooLongError(ValueError):
    """One event or line is longer than `MAX_EVENT_BYTES`: this is no stream of tokens."""


class EventReader:
    """Feed it pieces, get the data of the events that they complete."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, piece: bytes) -> list[str]:
        """The data of every event that ends in this piece. Raises `EventTooLongError`."""
        if self._after_cr and piece.startswith(b"\n"):
            piece = piece[1:]
            self._after_cr = False
        elif piece:
            self._after_cr = False
        if piece.endswith(b"\r"):
            self._after_cr = True
        self._line += piece
        lines = bytes(self._line).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._line = bytearray(lines.pop())
        events = [data for line in lines if (data := self._take(line)) is not None]
        if len(self._line) + self._size > MAX_EVENT_BYTES:
            raise EventTooLongError(f"an event of more than {MAX_EVENT_BYTES} bytes")
        return events

    def end(self) -> list[str]:
        """The data of an event that the end of the stream completes: servers forget the last empty line."""
        line, self._line = bytes(self._line), bytearray()
        last = [self._take(line), self._take(b"")]
        return [data for data in last if data is not None]

    def _take(self, line: bytes) -> str | None:
        if not line:
            data, self._data, self._size = self._data, [], 0
            return b"\n".join(data).decode("utf-8", errors="replace") if data else None
        name, _, value = line.removeprefix(b"\xef\xbb\xbf").partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)
        return None
