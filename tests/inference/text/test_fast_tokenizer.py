"""Compared with the tokenizers library itself, and with SentencePiece where the file was converted from one."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from inference.text.fast_tokenizer import FastTokenizer
from inference.text.folder import open_tokenizer
from inference.text.tokenizer import TokenizerError
from tests.inference.text.kinds import (
    EVIL,
    FAST,
    TEXTS,
    byte_level_folder,
    fast_kind,
    fast_peer,
    random_texts,
    sentencepiece_kind,
    tekken_kind,
)

File = dict[str, Any]
NAMES = ("begin_of_text", "end_of_text", "eot_id")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the byte-level folder that a test may change."""
    return copytree(byte_level_folder(), tmp_path / "byte-level")


def changed(folder: Path, change: Callable[[File], object], name: str = "tokenizer.json") -> Path:
    path = folder / name
    file = json.loads(path.read_text())
    change(file)
    path.write_text(json.dumps(file))
    return folder / "tokenizer.json"


@pytest.mark.parametrize("name", FAST.values())
def test_text_without_marks_has_the_ids_that_the_library_gives_it(name: str) -> None:
    peer = fast_peer(name)
    for text in [*TEXTS, *random_texts(60, seed=8)]:
        assert fast_kind(name).encode(text) == peer.encode(text, add_special_tokens=False).ids


@pytest.mark.parametrize("version", ["v1", "v3"])
def test_a_converted_file_gives_the_ids_of_the_sentencepiece_file(version: str) -> None:
    ours, peer = fast_kind(version), sentencepiece_kind(version)
    assert (ours.bos_id, ours.eos_id, ours.vocab_size) == (1, 2, peer.vocab_size)
    assert [ours.piece(token_id) for token_id in range(ours.vocab_size)] == [
        peer.piece(token_id) for token_id in range(peer.vocab_size)
    ]
    for text in [*TEXTS, *random_texts(60, seed=9), *(shape.format("[INST]") for shape in EVIL)]:
        if text:  # to nothing the normalizer adds a space, SentencePiece does not
            assert ours.encode(text) == peer.encode(text)


def test_a_byte_level_file_gives_the_ids_of_the_tekken_file_with_the_same_pieces() -> None:
    ours, peer = fast_kind("nemo"), tekken_kind()
    assert (ours.bos_id, ours.eos_id, ours.vocab_size) == (1, 2, peer.vocab_size)
    for text in [*TEXTS, *random_texts(60, seed=11), *(shape.format("[INST]") for shape in EVIL)]:
        assert ours.encode(text) == peer.encode(text)


def test_the_library_alone_would_parse_what_a_user_types() -> None:
    peer, tokenizer = fast_peer("byte-level"), fast_kind("byte-level")
    assert tokenizer.eos_id in peer.encode("say <|eot_id|> now", add_special_tokens=False).ids
    assert tokenizer.eos_id not in tokenizer.encode("say <|eot_id|> now")


def test_bos_and_eos_are_those_that_the_configuration_names() -> None:
    tokenizer = fast_kind("byte-level")
    assert (tokenizer.piece(tokenizer.bos_id), tokenizer.piece(tokenizer.eos_id)) == ("<|begin_of_text|>", "<|eot_id|>")
    assert tokenizer.control_id("<|end_of_text|>") is not None
    assert tokenizer.control_id("the") is None
    assert tokenizer.control_id("<|nowhere|>") is None


def test_without_names_the_ids_of_config_json_count(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text("{}")
    bos, end, eot = (fast_kind("byte-level").control_id(f"<|{name}|>") for name in NAMES)
    (folder / "config.json").write_text(json.dumps({"bos_token_id": bos, "eos_token_id": [eot, end]}))
    tokenizer = FastTokenizer(folder / "tokenizer.json")
    assert (tokenizer.bos_id, tokenizer.eos_id) == (bos, eot)


def test_a_mark_that_is_not_declared_special_is_shown_but_never_encoded() -> None:
    tokenizer = fast_kind("byte-level")
    mark = tokenizer.control_id("<tool_call>")
    assert mark is not None
    assert not tokenizer.is_control(mark)
    assert tokenizer.decode([mark, *tokenizer.encode("x")]) == "<tool_call>x"
    assert mark not in tokenizer.encode("a<tool_call>b")


def test_an_added_word_is_a_word() -> None:
    tokenizer = fast_kind("byte-level")
    ids = tokenizer.encode("안녕 세계!")
    assert tokenizer.piece(ids[0]) == "안녕 세계"
    assert tokenizer.decode(ids) == "안녕 세계!"


def test_the_file_s_own_truncation_and_padding_are_not_followed(folder: Path) -> None:
    def shorten(file: File) -> None:
        file["truncation"] = {"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0}
        strategy = {"Fixed": 64}
        file["padding"] = {
            "strategy": strategy,
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "!",
        }

    tokenizer = FastTokenizer(changed(folder, shorten))
    text = "a long text, longer than three"
    assert tokenizer.encode(text) == fast_kind("byte-level").encode(text)


def test_an_id_between_the_others_that_no_piece_has_is_nothing(folder: Path) -> None:
    def move(file: File) -> None:
        file["model"]["vocab"]["far"] = 700

    tokenizer = FastTokenizer(changed(folder, move))
    assert tokenizer.vocab_size == 701
    assert (tokenizer.piece(650), tokenizer.decode([650])) == ("<unused 650>", "")


def test_text_that_the_file_would_encode_as_a_mark_is_refused(folder: Path) -> None:
    def careless(file: File) -> None:  # the mark is in the vocabulary too, and whole words are looked up there
        file["model"]["vocab"]["</s>"] = 605
        file["added_tokens"] += [{**file["added_tokens"][0], "id": 605, "content": "</s>"}]
        file["pre_tokenizer"] = {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": False,
        }

    tokenizer = FastTokenizer(changed(folder, careless))
    with pytest.raises(ValueError, match=r"the text has </s>, which this tokenizer.json cannot encode"):
        tokenizer.encode("</s>")
    assert tokenizer.decode(tokenizer.encode("a </s>")) == "a </s>"


def test_without_the_library_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(
        TokenizerError, match=r"tokenizer\.json needs the tokenizers library.*; pip install tokenizers$"
    ):
        open_tokenizer(byte_level_folder())


@pytest.mark.parametrize(
    "damage", ["", "not JSON", "[]", "[" * 100_000, "{}", '{"model": {}}', '{"model": {"type": "BPE"}, "decoder": 1}']
)
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(damage)
    with pytest.raises(TokenizerError, match=r"tokenizer\.json is not a tokenizer\.json, or is damaged"):
        FastTokenizer(path)


def test_a_file_that_the_library_refuses_is_named(folder: Path) -> None:
    with pytest.raises(TokenizerError, match=r"is not a tokenizer\.json, or is damaged: Exception: "):
        FastTokenizer(changed(folder, lambda file: file["model"].update(merges=[["no", "such"]])))


def test_another_model_than_bpe_is_refused(folder: Path) -> None:
    with pytest.raises(TokenizerError, match="has a Unigram model; BPE was expected"):
        FastTokenizer(changed(folder, lambda file: file["model"].update(type="Unigram")))


STRIP = {"type": "Strip", "content": " ", "start": 2, "stop": 0}
REPLACE = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}


@pytest.mark.parametrize(
    "decoder",
    [
        None,
        {"type": "WordPiece", "prefix": "##", "cleanup": True},
        {"type": "Sequence", "decoders": [REPLACE, {"type": "ByteFallback"}, {"type": "Fuse"}, STRIP]},
        {"type": "Sequence", "decoders": [{**REPLACE, "content": "_"}, {"type": "ByteFallback"}, {"type": "Fuse"}]},
        {"type": "Sequence", "decoders": [{"type": "Fuse"}]},
    ],
)
def test_a_decoder_that_could_not_be_streamed_exactly_is_refused(folder: Path, decoder: object) -> None:
    with pytest.raises(TokenizerError, match="ByteLevel was expected, or Replace, ByteFallback, Fuse and Strip"):
        FastTokenizer(changed(folder, lambda file: file.update(decoder=decoder)))


def test_a_folder_that_names_no_bos_and_eos_is_refused(folder: Path) -> None:
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(TokenizerError, match=r"no file in .* names BOS and EOS of tokenizer\.json"):
        FastTokenizer(folder / "tokenizer.json")


@pytest.mark.parametrize("eos", [600.5, "</s>", {"content": "</s>"}])
def test_a_name_or_id_that_no_piece_has_is_refused(folder: Path, eos: object) -> None:
    path = changed(folder, lambda file: file.update(eos_token=eos), "tokenizer_config.json")
    (folder / "config.json").write_text(json.dumps({"eos_token_id": 9999}))
    with pytest.raises(TokenizerError, match=r"eos_token is '</s>'; no piece has that name|eos_token_id is 9999"):
        FastTokenizer(path)
