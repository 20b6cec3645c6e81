import pytest

from arena.players.dialect.thinking import Splitter, ThinkingStyle, mentions_tags
from arena.players.events import Thought

ANSWER = "The answer is forty two."


def split(text: str, size: int = 10_000, splitter: Splitter | None = None, *, is_cut: bool = False) -> tuple[str, str]:
    """Thought and text, the input fed in pieces of `size`."""
    splitter = splitter or Splitter(ThinkingStyle.UNKNOWN, holds=True)
    pieces = [piece for at in range(0, len(text), size) for piece in splitter.feed(text[at : at + size])]
    pieces += splitter.end(is_cut=is_cut)
    assert all(piece.text for piece in pieces), "no piece is empty"
    return (
        "".join(piece.text for piece in pieces if isinstance(piece, Thought)),
        "".join(piece.text for piece in pieces if not isinstance(piece, Thought)),
    )


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 10_000])
@pytest.mark.parametrize("style", [ThinkingStyle.UNKNOWN, ThinkingStyle.PLAIN, ThinkingStyle.OPENED])
@pytest.mark.parametrize(
    ("sent", "thought"),
    [
        (f"<think>hm</think>{ANSWER}", "hm"),
        (f"<think>\nhm, < 3 </thin k>\n</think>\n\n{ANSWER}", "\nhm, < 3 </thin k>\n"),
        (f"\n\n <think>hm</think> {ANSWER}", "hm"),
        (f"<think>\n\n</think>\n\n{ANSWER}", "\n\n"),
        (f"<thinking>hm</thinking>\n{ANSWER}", "hm"),
        (f"<thought>hm</thought>{ANSWER}", "hm"),
        (f"[THINK]hm[/THINK]{ANSWER}", "hm"),
        (f"<seed:think>hm</seed:think>{ANSWER}", "hm"),
        (f"◁think▷hm◁/think▷{ANSWER}", "hm"),
        (f"<think>one</think>\n<think>two</think>\n{ANSWER}", "onetwo"),
        (f"<|channel|>analysis<|message|>hm<|channel|>final<|message|>{ANSWER}", "hm"),
    ],
)
def test_thoughts_between_tags_are_split_off(sent: str, thought: str, size: int, style: ThinkingStyle) -> None:
    assert split(sent, size, Splitter(style, holds=style is ThinkingStyle.UNKNOWN)) == (thought, ANSWER)


@pytest.mark.parametrize("size", [1, 4, 10_000])
@pytest.mark.parametrize("is_cut", [False, True])
def test_a_thought_that_is_never_closed_is_all_there_is(size: int, is_cut: bool) -> None:
    assert split("<think>hm, hm </thi", size, is_cut=is_cut) == ("hm, hm </thi", "")


@pytest.mark.parametrize("size", [1, 4, 10_000])
@pytest.mark.parametrize("style", [ThinkingStyle.UNKNOWN, ThinkingStyle.OPENED])
@pytest.mark.parametrize("end", ["\n</think>\n\n", "</think>\n\n", "</thinking>\n"])
def test_a_thought_that_is_only_closed_is_split_off_while_nothing_is_out(
    size: int, style: ThinkingStyle, end: str
) -> None:
    splitter = Splitter(style, holds=True)
    thought, text = split(f"The user asks.{end}{ANSWER}", size, splitter)
    assert (thought.strip(), text) == ("The user asks.", ANSWER)
    assert splitter.is_opened
    assert not splitter.is_late


def test_a_closing_tag_alone_in_its_piece_needs_no_line_end() -> None:
    splitter = Splitter(ThinkingStyle.UNKNOWN, holds=True)
    pieces = [piece for text in ("hm ", "</think>", ANSWER) for piece in splitter.feed(text)] + splitter.end()
    assert [type(piece).__name__ for piece in pieces] == ["Thought", "Token"]
    assert pieces[-1].text == ANSWER


@pytest.mark.parametrize(
    "pieces", [["hm\n</think>\n", ANSWER], ["hm\n", "</think>", "\n", ANSWER], ["hm</th", "ink>\n"]]
)
def test_a_closing_tag_after_text_was_released_is_late(pieces: list[str]) -> None:
    splitter = Splitter(ThinkingStyle.UNKNOWN, holds=True)
    assert splitter.feed("It ") == []
    assert [piece.text for piece in splitter.release()] == ["It "]
    for piece in pieces:
        splitter.feed(piece)
    assert splitter.is_late
    assert splitter.is_opened


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        "  \n" + ANSWER,
        "<thing> is no tag",
        "<",
        "Write <think>hm</think> to show it.",
        "It ends with `</think>`\nand goes on.",
        "```\nhm\n</think>\nforty\n```\nThat was it.",
        "A </think> in a line.",
        "\n",
    ],
)
@pytest.mark.parametrize("size", [1, 4, 10_000])
def test_other_text_is_text_to_the_last_character(text: str, size: int) -> None:
    assert split(text, size) == ("", text)
    splitter = Splitter(ThinkingStyle.PLAIN)
    assert split(text, size, splitter) == ("", text)
    assert not splitter.is_late


def test_where_our_messages_speak_of_the_tag_a_lone_one_is_text() -> None:
    text = "It is written\n</think>\nand ends a thought."
    assert split(text, splitter=Splitter(ThinkingStyle.UNKNOWN, holds=True, trusts_lone=False)) == ("", text)
    assert mentions_tags("What does </think> mean?")
    assert mentions_tags("What does [/THINK] mean?")
    assert not mentions_tags("Think hard, and say what you think.")


def test_text_that_waited_for_a_closing_tag_is_a_thought_only_where_it_was_cut() -> None:
    assert split(ANSWER, splitter=Splitter(ThinkingStyle.OPENED)) == ("", ANSWER)
    assert split(ANSWER, splitter=Splitter(ThinkingStyle.OPENED), is_cut=True) == (ANSWER, "")


def test_thoughts_come_out_while_they_are_thought() -> None:
    splitter = Splitter()
    assert splitter.feed("<think>one ") == [Thought("one ")]
    assert splitter.feed("two ") == [Thought("two ")]
    assert splitter.has_begun


def test_white_text_without_end_is_not_held_without_end() -> None:
    splitter = Splitter()
    assert sum(len(piece.text) for _ in range(20) for piece in splitter.feed("\n" * 100)) >= 1000


def test_held_text_is_released_in_the_pieces_in_which_it_arrived() -> None:
    splitter = Splitter(ThinkingStyle.UNKNOWN, holds=True)
    for text in (" ", "The ", "answer", "."):
        assert splitter.feed(text) == []
    assert [piece.text for piece in splitter.release()] == [" ", "The ", "answer", "."]
