"""Compared with mistral-common's own encode and decode, on a real tekken file and on part of one."""

import json
import sys
from pathlib import Path
from shutil import copy

import pytest

from inference.text.folder import open_tokenizer
from inference.text.tekken import TekkenTokenizer
from inference.text.tokenizer import TokenizerError
from tests.inference.text.kinds import (
    EVIL,
    TEKKEN,
    TEXTS,
    mistral_common_tokenizer,
    random_texts,
    real_tekken,
    small_tekken,
)


def test_a_real_file_encodes_and_decodes_as_mistral_common_does() -> None:
    ours, peer = real_tekken(), mistral_common_tokenizer(TEKKEN).instruct_tokenizer.tokenizer
    assert (ours.bos_id, ours.eos_id, ours.vocab_size, ours.chat_version) == (1, 2, 131072, "v3")
    assert (ours.control_id("[INST]"), ours.control_id("[/INST]"), ours.control_id("Hello")) == (3, 4, None)
    for text in [*TEXTS, *random_texts(60, seed=10), *(shape.format("[INST]") for shape in EVIL)]:
        ids = ours.encode(text)
        assert ids == peer.encode(text, bos=False, eos=False)
        assert ours.decode(ids) == peer.decode(ids) == text


def test_a_piece_of_half_a_character_is_named_by_its_bytes() -> None:
    tokenizer = TekkenTokenizer(small_tekken("v3"))
    assert tokenizer.piece(1000 + 0xEC) == "bytes:\\xec"
    assert tokenizer.piece(1000 + ord("a")) == "a"
    assert tokenizer.piece(999) == "<SPECIAL_999>"


def test_without_the_library_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mistral_common.tokens.tokenizers.tekken", None)
    with pytest.raises(TokenizerError, match=r"needs the mistral-common library; pip install mistral-common$"):
        open_tokenizer(small_tekken("v3").parent)


def test_an_unknown_version_is_refused_with_the_library_s_reason(tmp_path: Path) -> None:
    path = Path(copy(small_tekken("v3"), tmp_path))
    file = json.loads(path.read_text())
    file["config"]["version"] = "v99"
    path.write_text(json.dumps(file))
    with pytest.raises(
        TokenizerError, match=r"is not a tekken file that mistral-common can read \(.*Unknown version: v99"
    ):
        TekkenTokenizer(path)


@pytest.mark.parametrize("damage", ["", "not JSON", "[]", "[" * 100_000, "{}", '{"config": {"version": "v3"}}', "half"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "tekken.json"
    whole = small_tekken("v3").read_text()
    path.write_text(whole[: len(whole) // 2] if damage == "half" else damage)
    with pytest.raises(TokenizerError, match="is not a tekken file that mistral-common can read"):
        TekkenTokenizer(path)
