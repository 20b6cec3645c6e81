from __future__ import annotations

import pytest

from arena.players.sse import MAX_EVENT_BYTES, EventReader, EventTooLongError

STREAM = 'data: {"a": "é 한"}\n\n: keep-alive\n\nid: 7\nevent: x\ndata: one\ndata:two\n\ndata: [DONE]\n\n'.encode()
EVENTS = ['{"a": "é 한"}', "one\ntwo", "[DONE]"]


def read(pieces: list[bytes]) -> list[str]:
    reader = EventReader()
    return [data for piece in pieces for data in reader.feed(piece)] + reader.end()


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_do_not_depend_on_line_ends_or_on_how_the_bytes_are_cut(newline: bytes, size: int) -> None:
    stream = STREAM.replace(b"\n", newline)
    assert read([stream[at : at + size] for at in range(0, len(stream), size)]) == EVENTS


def test_an_event_without_its_last_empty_line_is_read_at_the_end() -> None:
    assert read([b"data: one\n\ndata: two"]) == ["one", "two"]
    assert read([b"data: one\n\ndata: two\n"]) == ["one", "two"]


def test_comments_alone_are_no_events() -> None:
    assert read([b": ping\n\n: ping\n\n"]) == []


@pytest.mark.parametrize("piece", [b"data: " + b"x" * MAX_EVENT_BYTES, (b"data: " + b"x" * 1000 + b"\n") * 1100])
def test_an_endless_event_is_an_error(piece: bytes) -> None:
    with pytest.raises(EventTooLongError, match="more than 1000000 bytes"):
        EventReader().feed(piece)
