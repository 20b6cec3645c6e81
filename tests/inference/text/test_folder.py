import json
from pathlib import Path
from shutil import copy

import pytest

from inference.text.fast_tokenizer import FastTokenizer
from inference.text.folder import open_tokenizer
from inference.text.sentencepiece_tokenizer import SentencePieceTokenizer
from inference.text.tekken import TekkenTokenizer
from inference.text.tokenizer import TOKENIZER_FILES, Tokenizer, TokenizerError
from tests.fakes import write_tokenizer
from tests.inference.text.kinds import byte_level_folder, small_tekken


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with all three files, as in some models' repositories."""
    write_tokenizer(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        copy(byte_level_folder() / name, tmp_path)
    copy(small_tekken("v3"), tmp_path)
    return tmp_path


def test_the_first_of_three_files_is_read(folder: Path) -> None:
    kinds: list[type[Tokenizer]] = [SentencePieceTokenizer, FastTokenizer, TekkenTokenizer]
    for name, kind in zip(TOKENIZER_FILES, kinds, strict=True):
        assert type(open_tokenizer(folder)) is kind
        (folder / name).unlink()
    with pytest.raises(
        TokenizerError, match=rf"no tokenizer in {folder}; put tokenizer.model, tokenizer.json or tekken.json there"
    ):
        open_tokenizer(folder)


def test_tokenizer_json_replaces_a_tokenizer_model_without_the_added_pieces(folder: Path) -> None:
    size = open_tokenizer(folder).vocab_size
    (folder / "added_tokens.json").write_text(json.dumps({"<s>": 1, "<|im_end|>": size}))
    assert isinstance(open_tokenizer(folder), FastTokenizer)
    (folder / "added_tokens.json").write_text(json.dumps({"<s>": 1, "</s>": 2, "<unk>": 0}))
    assert isinstance(open_tokenizer(folder), SentencePieceTokenizer), "names that it has are no reason"


def test_without_a_tokenizer_json_a_tokenizer_model_gets_the_added_pieces_that_the_model_has(folder: Path) -> None:
    size = open_tokenizer(folder).vocab_size
    (folder / "added_tokens.json").write_text(json.dumps({"<|im_end|>": size, "[PAD]": size + 1}))
    (folder / "tokenizer.json").unlink()
    tokenizer = open_tokenizer(folder, n_ids=size + 1)
    assert isinstance(tokenizer, SentencePieceTokenizer)
    assert (tokenizer.control_id("<|im_end|>"), tokenizer.control_id("[PAD]")) == (size, None)
    assert tokenizer.vocab_size == size + 1
    assert tokenizer.eos_ids == {tokenizer.eos_id}
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<|im_end|>"}')
    assert open_tokenizer(folder).eos_ids == {tokenizer.eos_id, size}


def test_tokenizer_json_is_read_first_where_it_is_preferred(folder: Path) -> None:
    assert isinstance(open_tokenizer(folder, prefers_fast=True), FastTokenizer)


@pytest.mark.parametrize(
    ("published", "ends"), [({}, {2}), ({"eos_token_id": 2}, {2}), ({"eos_token_id": [2, 4]}, {2, 4})]
)
def test_an_answer_ends_where_generation_config_says_so_too(folder: Path, published: object, ends: set[int]) -> None:
    (folder / "generation_config.json").write_text(json.dumps(published))
    assert open_tokenizer(folder).eos_ids == ends


def test_an_end_that_the_tokenizer_does_not_have_is_refused(folder: Path) -> None:
    (folder / "generation_config.json").write_text('{"eos_token_id": [2, 32000]}')
    with pytest.raises(TokenizerError, match=r"ends answers at id 32000, and the tokenizer's ids end at \d+"):
        open_tokenizer(folder)
