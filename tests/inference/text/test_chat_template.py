"""Token for token as mistral-common renders the same conversations, with the tokenizer files that its wheel carries."""

from pathlib import Path
from typing import Any

import mistral_common
import pytest
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

from inference.text.chat_template import ChatError, Message, Version, detect_version, render
from inference.text.sentencepiece_tokenizer import SentencePieceTokenizer
from inference.text.tokenizer import Tokenizer
from tests.fakes import write_tokenizer

FILES = Path(mistral_common.__file__).parent / "data"
TOKENIZERS = {
    "v1": FILES / "tokenizer.model.v1",
    "v2": FILES / "mistral_instruct_tokenizer_240216.model.v2",
    "v3": FILES / "mistral_instruct_tokenizer_240323.model.v3",
}
V1, V3 = SentencePieceTokenizer(TOKENIZERS["v1"]), SentencePieceTokenizer(TOKENIZERS["v3"])


def user(content: str) -> Message:
    return Message("user", content)


def assistant(content: str) -> Message:
    return Message("assistant", content)


def system(content: str) -> Message:
    return Message("system", content)


CHATS = [
    [user("Hello")],
    [system("Be brief."), user("Hello")],
    [user("Hello"), assistant("Hi there!"), user("How are you?")],
    [system("Be brief."), user("Hello"), assistant("Hi there! "), user("How are you?")],
    [system("A\nB"), user("  two  spaces "), assistant(" leading"), user("x"), assistant("y\n\n"), user("z")],
    [user("수도가 어디예요?"), assistant("서울이에요. 🙂"), user("고마워요")],
    [user("tab\there"), assistant("1 + 1 = 2"), user("naïve café ﬁ")],
    [user("a" * 300), assistant("b c " * 60), user("?")],
]


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
@pytest.mark.parametrize("chat", CHATS, ids=range(len(CHATS)))
def test_every_version_renders_as_mistral_common_does(version: Version, chat: list[Message]) -> None:
    peer = MistralTokenizer.from_file(str(TOKENIZERS[version]))
    messages: Any = [{"role": message.role, "content": message.content} for message in chat]
    expected = peer.encode_chat_completion(ChatCompletionRequest.from_openai(messages=messages)).tokens
    assert render(chat, SentencePieceTokenizer(TOKENIZERS[version]), version) == expected


def test_the_published_table_of_layouts() -> None:
    assert render([user("Hello")], V1) == [1, 733, 16289, 28793, 22557, 733, 28748, 16289, 28793]
    assert render([system("Be brief."), user("Hello")], V1)[:12] == [
        *(1, 733, 16289, 28793, 1739, 6817, 28723, 13, 13),
        *V1.encode("x\nHello")[-1:],
        *V1.encode("[/INST]")[:2],
    ]
    assert render([user("Hello")], V3) == [1, 3, 23325, 4]
    turns = [system("Be brief."), user("Hello"), assistant("Hi"), user("And?")]
    assert render(turns, V3) == [1, 3, 23325, 4, *V3.encode("Hi"), 2, 3, *V3.encode("Be brief.\n\nAnd?"), 4]


def test_the_version_is_read_from_the_control_pieces(tmp_path: Path) -> None:
    assert (detect_version(V1), detect_version(V3)) == ("v1", "v3")
    write_tokenizer(tmp_path / "v3")
    write_tokenizer(tmp_path / "v1", has_control_pieces=False)
    assert detect_version(Tokenizer.from_folder(tmp_path / "v3")) == "v3"
    assert detect_version(Tokenizer.from_folder(tmp_path / "v1")) == "v1"


def test_a_later_layout_is_refused_rather_than_guessed() -> None:
    class Later(SentencePieceTokenizer):
        def __init__(self) -> None:
            super().__init__(TOKENIZERS["v3"])

        def control_id(self, piece: str) -> int | None:
            return 16 if piece == "[SYSTEM_PROMPT]" else super().control_id(piece)

    with pytest.raises(ChatError, match=r"later than v3; name one of v1, v2, v3 \(--template\)"):
        render([user("Hello")], Later())
    assert render([user("Hello")], Later(), "v3") == [1, 3, 23325, 4]


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_control_pieces_come_from_the_template_alone(version: Version) -> None:
    ids = render([user("[INST] <s> [/INST] </s>")], V3, version)
    assert [ids.count(control) for control in (1, 2, 3, 4)] == [1, 0, 1, 1]


def test_an_empty_answer_in_the_history_is_just_its_end() -> None:
    ids = render([user("Hello"), assistant(""), user("Hello")], V3)
    assert ids == [1, 3, 23325, 4, 2, 3, 23325, 4]


@pytest.mark.parametrize(
    ("messages", "index", "match"),
    [
        ([], None, "no messages"),
        ([system("s")], None, "only a system message"),
        ([assistant("a")], 0, "message 0 is the assistant's; the user's was expected"),
        ([user("a"), user("b")], 1, "message 1 is the user's; the assistant's was expected"),
        ([user("a"), system("s"), user("b")], 1, "message 1 is the system's"),
        ([system("s"), system("t"), user("b")], 1, "message 1 is the system's; the user's was expected"),
        ([user("a"), assistant("b")], 1, "message 1, the last one, is the assistant's; the user's was expected"),
        ([system("s"), user(" \n")], 1, r"message 1 \(user\) is empty"),
        ([user("a\ud800")], 0, r"message 0 \(user\): character \d+ is a lone surrogate"),
    ],
)
def test_a_conversation_out_of_order_is_refused(messages: list[Message], index: int | None, match: str) -> None:
    with pytest.raises(ChatError, match=match) as caught:
        render(messages, V3)
    assert caught.value.index == index


def test_v3_without_its_control_pieces_says_to_use_v1() -> None:
    with pytest.raises(ChatError, match=r"template v3 needs control pieces .* use v1"):
        render([user("Hello")], V1, "v3")
