"""Folders as public fine-tunes of Mistral and Llama have them: what training leaves behind, and a Llama 3.x whole."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from inference.__main__ import main
from inference.folder import open_folder
from inference.model.config import CheckpointError, Llama3Scaling
from tests.fakes import write_model_folder
from tests.inference.model.builders import hugging_face_model, tiny_config
from tests.inference.text.kinds import byte_level_folder, fast_kind

N_PIECES = fast_kind("byte-level").vocab_size


def write(folder: Path, name: str, **content: Any) -> None:
    (folder / name).write_text(json.dumps(content))


def edit(folder: Path, name: str, change: Callable[[Any], object]) -> None:
    content = json.loads((folder / name).read_text())
    change(content)
    (folder / name).write_text(json.dumps(content))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama 3.x as transformers saves it: shards with an index, scaled RoPE, a tied head, several ends."""
    folder = copytree(byte_level_folder(), tmp_path_factory.mktemp("llama") / "3.x")
    shape = tiny_config(sliding_window=None, rope_theta=5e5, tied_embeddings=True)
    shape = replace(shape, vocab_size=N_PIECES + 2, rope_scaling=Llama3Scaling(32.0, 1.0, 4.0, 64))
    hugging_face_model(shape, "llama").save_pretrained(folder, max_shard_size="100KB")
    bos, end, eot = (
        fast_kind("byte-level").control_id(f"<|{name}|>") for name in ("begin_of_text", "end_of_text", "eot_id")
    )
    write(folder, "generation_config.json", bos_token_id=bos, eos_token_id=[end, eot], temperature=0.6)
    assert (folder / "model.safetensors.index.json").is_file()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return copytree(made, tmp_path / "model")


def test_a_llama_3_folder_plays(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = open_folder(made, template="none")
    assert opened.config.rope_scaling == Llama3Scaling(32.0, 1.0, 4.0, 64)
    assert len(opened.tokenizer.eos_ids) == 2
    answers = []
    for _ in range(2):
        command = ["complete", "--model", str(made), "The capital", "--temperature", "0", "--max-tokens", "80"]
        assert main(command) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    assert len(answers[0]) > 20


def test_what_training_leaves_behind_changes_nothing(folder: Path, made: Path) -> None:
    """An embedding with more rows than the tokenizer has pieces is in `made`."""
    edit(
        folder,
        "config.json",
        lambda config: config.update(
            _name_or_path="mistralai/Mistral-7B-v0.1",
            architectures=["MistralForCausalLM"],
            auto_map={"AutoModelForCausalLM": "modeling_mistral_yarn.MistralForCausalLM"},
            dtype="bfloat16",
            max_sequence_length=131072,
            pad_token_id=0,
            pretraining_tp=1,
            torch_dtype="bfloat16",
            unsloth_version="2024.9",
            use_cache=False,
        ),
    )
    for name in ("trainer_state.json", "all_results.json", "special_tokens_map.json", "added_tokens.json"):
        write(folder, name)
    for name in ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state_0.pth", "modeling_mistral_yarn.py"):
        (folder / name).write_bytes(b"not read")
    assert open_folder(folder, template="none").config == open_folder(made, template="none").config


@pytest.mark.parametrize(("piece", "is_special"), [("[PAD]", True), ("<unk_0>", True), ("[PAD]", False)])
def test_a_padding_token_without_an_embedding_is_left_out(folder: Path, piece: str, is_special: bool) -> None:
    token = {
        "id": N_PIECES,
        "content": piece,
        "special": is_special,
        **dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False),
    }
    edit(folder, "tokenizer.json", lambda file: file["added_tokens"].append(token))
    edit(folder, "config.json", lambda config: config.update(vocab_size=N_PIECES))
    if piece == "[PAD]" and is_special:
        tokenizer = open_folder(folder, template="none").tokenizer
        assert tokenizer.vocab_size == N_PIECES
        assert N_PIECES not in tokenizer.encode("a [PAD] b")
        return
    with pytest.raises(CheckpointError, match=f"the tokenizer has {N_PIECES + 1} pieces, and config.json a vocabulary"):
        open_folder(folder, template="none")


def test_a_padding_token_of_added_tokens_json_is_left_out_too(tmp_path: Path) -> None:
    """Llama 2's first files had `{"<pad>": 32000}` beside an embedding of 32,000 rows."""
    write_model_folder(tmp_path)
    size = open_folder(tmp_path).config.vocab_size
    write(tmp_path, "added_tokens.json", **{"<pad>": size})
    assert open_folder(tmp_path).tokenizer.vocab_size == size


def test_an_adapter_beside_the_weights_is_reported(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(folder, "adapter_config.json", peft_type="LORA")
    (folder / "adapter_model.safetensors").write_bytes(b"not read")
    with caplog.at_level(logging.WARNING):
        open_folder(folder, template="none")
    assert "has a LoRA adapter beside its weights, which is not used: only convert merges one" in caplog.text
