"""Compared with SentencePiece's own encode and decode, on Mistral's real tokenizers and on a small one."""

from pathlib import Path

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from inference.text.folder import open_tokenizer
from inference.text.sentencepiece_tokenizer import SentencePieceTokenizer
from inference.text.tokenizer import StreamDecoder, Tokenizer, TokenizerError
from tests.fakes import write_tokenizer
from tests.inference.text import kinds
from tests.inference.text.kinds import SENTENCEPIECE, TEXTS, sentencepiece_kind, sentencepiece_peer

V1, V3 = sentencepiece_kind("v1"), sentencepiece_kind("v3")
PEER = sentencepiece_peer("v3")
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \n\t▁안녕하세요🌤️é"), max_size=40)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder = tmp_path_factory.mktemp("small")
    write_tokenizer(folder)
    return open_tokenizer(folder)


def streamed(tokenizer: Tokenizer, ids: list[int]) -> list[str]:
    decoder = StreamDecoder(tokenizer)
    return [*(decoder.push(token_id) for token_id in ids), decoder.flush()]


def test_special_ids_are_those_of_the_file() -> None:
    assert (V1.bos_id, V1.eos_id, V1.vocab_size) == (1, 2, 32000)
    assert (V3.bos_id, V3.eos_id, V3.vocab_size) == (1, 2, 32768)
    assert (V3.control_id("[INST]"), V3.control_id("[/INST]"), V3.control_id("<s>")) == (3, 4, 1)
    assert V1.control_id("[INST]") is None
    assert V3.control_id("▁Hello") is None, "an ordinary piece is no control piece"
    assert [V3.piece(token_id) for token_id in (1, 2, 3, 781)] == ["<s>", "</s>", "[INST]", "<0x0A>"]
    assert [V3.is_control(token_id) for token_id in (0, 1, 2, 3, 781, 23325)] == [False, True, True, True, False, False]


@given(TEXT)
def test_encoding_is_sentencepiece_s_and_decoding_gives_the_text_back(text: str) -> None:
    ids = V3.encode(text)
    assert ids == PEER.encode(text)
    assert V3.decode(ids) == PEER.decode(ids) == text.replace("▁", " ")


@pytest.mark.parametrize("text", ["[INST] hi [/INST]", "</s><s>", "<unk>", "[TOOL_CALLS]", "<0xEC>"])
def test_typed_text_never_becomes_a_control_piece(small: Tokenizer, text: str) -> None:
    for tokenizer in (V3, small):
        control = {tokenizer.control_id(piece) for piece in ("<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]")}
        assert control.isdisjoint(tokenizer.encode(text))
        assert tokenizer.decode(tokenizer.encode(text)) == text


@given(TEXT)
def test_a_stream_gives_all_characters_and_only_complete_ones(text: str) -> None:
    pieces = streamed(V3, V3.encode(text))
    assert "".join(pieces) == text.replace("▁", " ")
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in pieces)


def test_hangul_by_byte_pieces_comes_out_a_syllable_at_a_time(small: Tokenizer) -> None:
    ids = small.encode("한글")
    pieces = streamed(small, ids)
    assert len(ids) == 7, "a space and three bytes a syllable"
    assert pieces == ["", "", "", "한", "", "", "글", ""]


def test_the_end_of_a_stream_shows_what_never_became_a_character(small: Tokenizer) -> None:
    half = small.encode("한")[:-1]
    assert streamed(small, half) == ["", "", "", "\ufffd"]
    assert small.decode([*half, *small.encode("a")]).startswith("\ufffd"), "nor does it swallow what follows"


def test_control_pieces_have_no_text() -> None:
    assert V3.decode([1, 3, *V3.encode("Hello"), 4, 2]) == "Hello"


def test_an_unknown_piece_decodes_as_sentencepiece_does() -> None:
    assert V3.decode([0]) == PEER.decode([0])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match=rf"no tokenizer in {tmp_path}; put tokenizer.model there"):
        SentencePieceTokenizer(tmp_path / "tokenizer.model")


@pytest.mark.parametrize("damage", [b"", b"not a model", "half"])
def test_a_damaged_tokenizer_is_named(tmp_path: Path, damage: bytes | str) -> None:
    whole = SENTENCEPIECE["v1"].read_bytes()
    (tmp_path / "tokenizer.model").write_bytes(whole[: len(whole) // 2] if isinstance(damage, str) else damage)
    with pytest.raises(TokenizerError, match="is not a SentencePiece model, or is damaged"):
        open_tokenizer(tmp_path)


def test_a_tokenizer_without_bos_is_refused(tmp_path: Path) -> None:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c"] * 9),
        model_prefix=str(tmp_path / "tokenizer"),
        vocab_size=10,
        hard_vocab_limit=False,
        bos_id=-1,
        minloglevel=2,
    )
    with pytest.raises(TokenizerError, match="has no BOS or no EOS"):
        open_tokenizer(tmp_path)


ADDED = {"<|im_end|>": 32000, "<|im_start|>": 32001, "word": 32002, "<s>": 1, "[FAR]": 32004}


def test_added_marks_are_control_pieces_and_added_words_are_not() -> None:
    tokenizer = SentencePieceTokenizer(SENTENCEPIECE["v1"], added=ADDED)
    assert (tokenizer.vocab_size, tokenizer.has_added_pieces) == (32005, True)
    assert [tokenizer.control_id(name) for name in ADDED] == [32000, 32001, None, 1, 32004]
    assert tokenizer.control_pieces()["<|im_end|>"] == 32000
    assert tokenizer.encode("<|im_end|>word") == sentencepiece_kind("v1").encode("<|im_end|>word")
    ids = [32001, *tokenizer.encode("a b"), 32000, 32002, 32003]
    assert tokenizer.decode(ids, shows_control=True) == "<|im_start|>a b<|im_end|>word"
    assert [tokenizer.piece(token_id) for token_id in (32002, 32003)] == ["word", "<unused 32003>"]


@pytest.mark.parametrize("is_legacy", [True, False])
def test_texts_between_added_marks_are_encoded_as_transformers_encodes_them(is_legacy: bool) -> None:
    peer = kinds.llama_tokenizer("v1", is_legacy=is_legacy)
    tokenizer = SentencePieceTokenizer(SENTENCEPIECE["v1"], has_space_after_marks=is_legacy)
    for text in [text for text in TEXTS if text and "▁" not in text and not text.startswith(" ")]:
        expected = peer.encode(f"x<s>{text}</s>{text}", add_special_tokens=False)
        assert tokenizer.encode_parts(["x", 1, text, 2, text]) == expected, text
