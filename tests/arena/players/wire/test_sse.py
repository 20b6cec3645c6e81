import pytest

from arena.players.wire.sse import MAX_EVENT_BYTES, EventReader, EventTooLongError, text_of

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


def test_comments_alone_are_not_events() -> None:
    assert read([b": ping\n\n: ping\n\n"]) == []


@pytest.mark.parametrize("piece", [b"data: " + b"x" * MAX_EVENT_BYTES, (b"data: " + b"x" * 1000 + b"\n") * 1100])
def test_an_endless_event_is_an_error(piece: bytes) -> None:
    with pytest.raises(EventTooLongError, match="more than 1,000,000 bytes"):
        EventReader().feed(piece)


def test_an_event_of_empty_lines_without_end_is_an_error() -> None:
    with pytest.raises(EventTooLongError):
        EventReader().feed(b"data:\n" * 1_100_000)


def test_a_line_that_arrives_byte_by_byte_costs_only_its_length() -> None:
    reader = EventReader()
    assert [data for _ in range(200_000) for data in reader.feed(b"x")] == []
    assert reader.feed(b"\n\ndata: y\n\n") == ["y"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("café 한".encode(), "café 한"),
        ("café naïve".encode("latin-1"), "café naïve"),
        ("한".encode()[:2] + b" x", "\ufffd x"),
        (b"\xef\xbb\xbfx", "x"),
        (b"", ""),
    ],
)
def test_text_is_utf_8_or_where_it_cannot_be_latin_1(data: bytes, text: str) -> None:
    assert text_of(data) == text


def test_a_comment_tells_the_place_in_the_queue_and_other_comments_nothing() -> None:
    reader = EventReader()
    assert reader.feed(b": OPENROUTER PROCESSING\n\n: place in queue many\n\n") == []
    assert reader.place is None
    assert reader.feed(b": place in queue 12\n\ndata: x\n\n") == ["x"]
    assert reader.place == 12
