"""Parse server-sent events from bytes that arrive in pieces of any size.

Reads what the WHATWG specification of `text/event-stream` allows: lines that end with CR, LF or CRLF, even where a
piece ends between the two; comments (keep-alives); several `data` lines in one event. Names and ids of events are
dropped, because OpenAI's protocol uses none. The data is not parsed here. One kind of comment is kept: the place in its
queue of the arena's own model server, `: place in queue 3`.
"""

import re

MAX_EVENT_BYTES = 1_000_000
_PLACE = re.compile(rb"place in queue (\d{1,6})")


class EventTooLongError(ValueError):
    """One event or line is longer than `MAX_EVENT_BYTES`: this is not a stream of tokens."""


class EventReader:
    """Cuts a stream of bytes into events."""

    def __init__(self) -> None:
        self.place: int | None = None
        """The last place in the queue that a comment named."""
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, piece: bytes) -> list[str]:
        """Return the data of every event that ends in this piece. Raises `EventTooLongError`."""
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
        """Return the data of the event that the end of the stream completes: servers omit the last empty line."""
        line, self._line = bytes(self._line), bytearray()
        last = [self._take(line), self._take(b"")]
        return [data for data in last if data is not None]

    def _check_size(self) -> None:
        if len(self._line) + self._size > MAX_EVENT_BYTES:
            raise EventTooLongError(f"an event of more than {MAX_EVENT_BYTES:,} bytes")

    def _take(self, line: bytes) -> str | None:
        if not line:
            data, self._data, self._size = self._data, [], 0
            return text_of(b"\n".join(data)) if data else None
        name, _, value = line.removeprefix(b"\xef\xbb\xbf").partition(b":")
        if not name and (found := _PLACE.fullmatch(value.strip())):
            self.place = int(found[1])
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value) + 1
        return None


def text_of(data: bytes) -> str:
    """Decode UTF-8 without its mark, or Latin-1 where every byte beyond ASCII is isolated, which UTF-8 never has."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        is_latin = not re.search(rb"[\x80-\xff]{2}", data)
        return data.decode("latin-1") if is_latin else data.decode("utf-8", errors="replace")
