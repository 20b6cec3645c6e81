from hypothesis import given
from hypothesis import strategies as st

from inference.text.stop_strings import StopStrings


def run(stops: list[str], pieces: list[str]) -> tuple[str, bool]:
    scanner = StopStrings(stops)
    text = ""
    for piece in pieces:
        released = scanner.push(piece)
        text += released.text
        if released.is_stopped:
            return text, True
    return text + scanner.flush(), False


def naive(stops: list[str], text: str) -> tuple[str, bool]:
    """Return the text before a stop string, found character by character."""
    for end in range(1, len(text) + 1):
        hits = [stop for stop in stops if text[:end].endswith(stop)]
        if hits:
            return text[: end - max(map(len, hits))], True
    return text, False


@given(st.lists(st.text("abc", min_size=1, max_size=4), max_size=3), st.lists(st.text("abc", max_size=5), max_size=8))
def test_the_result_does_not_depend_on_how_the_text_is_cut(stops: list[str], pieces: list[str]) -> None:
    assert run(stops, pieces) == naive(stops, "".join(pieces))


@given(st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=3), st.text("ab", max_size=12))
def test_text_is_released_as_early_as_possible(stops: list[str], text: str) -> None:
    scanner, shown = StopStrings(stops), ""
    for n, character in enumerate(text, 1):
        released = scanner.push(character)
        shown += released.text
        if released.is_stopped:
            return
        held = text[len(shown) : n]
        assert not held or any(stop.startswith(held) for stop in stops)


def test_a_stop_string_across_three_tokens_never_shows() -> None:
    scanner = StopStrings(["\nUser:"])
    assert [scanner.push(piece).text for piece in ("Hi.", "\n", "Us", "ual")] == ["Hi.", "", "", "\nUsual"]
    assert [scanner.push(piece) for piece in ("\nUs", "er: x")][-1].is_stopped


def test_text_held_back_at_the_end_belongs_to_the_text() -> None:
    assert run(["END"], ["the E", "N"]) == ("the EN", False)


def test_without_stop_strings_nothing_is_held_back() -> None:
    assert StopStrings([]).push("abc").text == "abc"
