"""Server-sent events: bytes as they arrive, in pieces of any size, to the `data` of each event.

Reads what the WHATWG specification of `text/event-stream` allows: lines that end with CR, LF or CRLF, also where a
piece ends between the two; comments (keep-alives); several `data` lines of one event. Names and ids of events are
dropped: OpenAI's protocol uses none. It does not parse the data.
"""

from __future__ import annotations

import re

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
        if b"\n" not in piece and b"\r" not in piece:
            self._check_size()
            return []
        lines = bytes(self._line).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._line = bytearray(lines.pop())
        events = [data for line in lines if (data := self._take(line)) is not None]
        self._check_size()
        return events

    def end(self) -> list[str]:
        """The data of an event that the end of the stream completes: servers forget the last empty line."""
        line, self._line = bytes(self._line), bytearray()
        last = [self._take(line), self._take(b"")]
        return [data for data in last if data is not None]

    def _check_size(self) -> None:
        if len(self._line) + self._size > MAX_EVENT_BYTES:
            raise EventTooLongError(f"an event of more than {MAX_EVENT_BYTES} bytes")

    def _take(self, line: bytes) -> str | None:
        if not line:
            data, self._data, self._size = self._data, [], 0
            return text_of(b"\n".join(data)) if data else None
        name, _, value = line.removeprefix(b"\xef\xbb\xbf").partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value) + 1
        return None


def text_of(data: bytes) -> str:
    """The text of UTF-8, without its mark; of Latin-1 where each byte beyond ASCII stands alone, as in no UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        is_latin = not re.search(rb"[\x80-\xff]{2}", data)
        return data.decode("latin-1") if is_latin else data.decode("utf-8", errors="replace")
