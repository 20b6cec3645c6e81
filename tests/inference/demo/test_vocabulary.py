from pathlib import Path

import pytest
import sentencepiece

from inference.demo.corpus import words
from inference.demo.corpus.dialogue import QUOTED_SYSTEM_PROMPT
from inference.demo.shipped import MODELS
from inference.demo.vocabulary import train_tokenizer
from inference.text.chat_template import detect
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def serialized() -> bytes:
    return train_tokenizer()


@pytest.fixture
def tokenizer(serialized: bytes, tmp_path: Path) -> Tokenizer:
    (tmp_path / "tokenizer.model").write_bytes(serialized)
    return open_tokenizer(tmp_path)


def test_the_tokenizer_is_the_same_every_time(serialized: bytes) -> None:
    assert train_tokenizer() == serialized


def test_the_chat_marks_are_control_pieces_with_mistrals_ids(tokenizer: Tokenizer) -> None:
    assert (tokenizer.control_id("[INST]"), tokenizer.control_id("[/INST]")) == (3, 4)
    assert (tokenizer.bos_id, tokenizer.eos_id) == (1, 2)
    assert detect(tokenizer) == "v3"
    assert 3 not in tokenizer.encode("[INST] hi [/INST]")


def test_digits_letters_of_words_and_syllables_are_single_pieces(serialized: bytes) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_proto=serialized)
    assert processor.encode("12345", out_type=str) == ["▁", "1", "2", "3", "4", "5"]
    assert processor.encode("planet", out_type=str) == ["▁", *"planet"]
    assert processor.encode("나무", out_type=str) == ["▁", "나", "무"]
    taught_whole = {"letters", "letter", "story", "number", "theatre", "young", "you", "the", "lettersx"}
    for word in (*words.WORDS, *words.NOUNS):
        if word not in taught_whole:
            assert len(processor.encode(word)) == len(word) + 1, processor.encode(word, out_type=str)


def test_words_of_requests_are_whole_pieces(serialized: bytes) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_proto=serialized)
    assert processor.encode("reverse the letters", out_type=str) == ["▁reverse", "▁the", "▁letters"]
    assert len(processor.encode(QUOTED_SYSTEM_PROMPT)) < 70


def test_any_text_is_decoded_unchanged(tokenizer: Tokenizer) -> None:
    for text in ("What is 17 + 25?", "안녕하세요, 뷁!", "naïve 😀 日本", "two\n\nlines", "  spaces  kept "):
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert 0 not in tokenizer.encode(text)


@pytest.mark.parametrize("slug", ["wren-sol", "moss-tarn", "fen-quill", "larch-umber"])
def test_the_shipped_models_have_this_tokenizer(serialized: bytes, slug: str) -> None:
    assert (MODELS / slug / "tokenizer.model").read_bytes() == serialized
