import json
from pathlib import Path

import pytest

from inference.model.checkpoint.files import load_config, read_checkpoint, weight_files
from inference.model.checkpoint.weights import save
from inference.model.config import CheckpointError
from tests.inference.model.builders import hugging_face_model, random_model, tiny_config

SHARDS = [f"model-0000{number}-of-00004.safetensors" for number in range(1, 5)]


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    hugging_face_model(tiny_config(sliding_window=None), "llama").save_pretrained(tmp_path, max_shard_size="60KB")
    (tmp_path / "generation_config.json").unlink()
    return tmp_path


def test_a_folder_of_either_layout_is_recognised(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    theirs = read_checkpoint(shards)
    assert (theirs.layout, theirs.family, theirs.config) == ("hugging_face", "llama", tiny_config(sliding_window=None))
    assert [path.name for path in weight_files(theirs)] == SHARDS
    mistral = tmp_path_factory.mktemp("mistral")
    save(random_model(tiny_config()), mistral, family="llama")
    ours = read_checkpoint(mistral)
    assert (ours.layout, ours.family, ours.config) == ("mistral", "llama", tiny_config())
    assert [path.name for path in weight_files(ours)] == ["consolidated.safetensors"]


def test_a_folder_with_both_layouts_is_read_in_the_complete_one(shards: Path) -> None:
    (shards / "params.json").write_text("{}")
    assert read_checkpoint(shards).layout == "hugging_face"
    save(random_model(tiny_config()), shards)
    assert read_checkpoint(shards).layout == "mistral"


def test_a_vocabulary_size_that_params_leave_open_is_read_from_the_weights(tmp_path: Path) -> None:
    save(random_model(tiny_config()), tmp_path)
    params = json.loads((tmp_path / "params.json").read_text())
    (tmp_path / "params.json").write_text(json.dumps({**params, "vocab_size": -1}))
    assert load_config(tmp_path) == tiny_config()
    for damage in (b"", None):
        if damage is None:
            (tmp_path / "consolidated.safetensors").unlink()
        else:
            (tmp_path / "consolidated.safetensors").write_bytes(damage)
        with pytest.raises(CheckpointError, match="vocab_size is -1"):
            load_config(tmp_path)


def test_a_missing_folder_and_a_folder_without_a_shape_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no folder .*absent; a folder with params.json and consolidated"):
        load_config(tmp_path / "absent")
    with pytest.raises(CheckpointError, match=r"no params.json and no config.json in .*; one of them states the shape"):
        load_config(tmp_path)


def test_shards_that_the_index_names_must_exist(shards: Path) -> None:
    (shards / SHARDS[1]).unlink()
    with pytest.raises(CheckpointError, match=rf"lacks {SHARDS[1]}, which model.safetensors.index.json names; copy"):
        weight_files(read_checkpoint(shards))


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("{}", "has no weight_map; an object from tensor to file"),
        ('{"weight_map": []}', "has no weight_map"),
        ('{"weight_map": {"a": "../secret"}}', r"names '\.\./secret'; files beside it were expected"),
        ('{"weight_map": {"a": ""}}', r"names ''; files beside it were expected"),
        ("{", "cannot be read as JSON"),
    ],
)
def test_a_damaged_index_is_named(shards: Path, index: str, message: str) -> None:
    (shards / "model.safetensors.index.json").write_text(index)
    with pytest.raises(CheckpointError, match=message):
        weight_files(read_checkpoint(shards))


def test_shards_without_an_index_are_not_joined_by_guess(shards: Path) -> None:
    (shards / "model.safetensors.index.json").unlink()
    with pytest.raises(CheckpointError, match=rf"no model.safetensors.index.json .*{SHARDS[3]}, but no index"):
        weight_files(read_checkpoint(shards))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("consolidated.00.pth", r"found consolidated.00.pth; turn them into safetensors: python -m inference convert"),
        ("training_args.bin", "found training_args.bin, which cannot be read; safetensors files were expected"),
        ("mistral.gguf", "found mistral.gguf, which cannot be read"),
        ("readme.md", "found no weights; put them there"),
        ("model.safetensors", "found model.safetensors; these need config.json, which is missing: copy it there"),
        (SHARDS[0], f"found {SHARDS[0]}; these need config.json, which is missing: copy it there"),
        ("pytorch_model.bin", "found pytorch_model.bin; these need config.json, which is missing: copy it there"),
    ],
)
def test_files_found_instead_of_weights_are_named(tmp_path: Path, name: str, message: str) -> None:
    save(random_model(tiny_config()), tmp_path)
    (tmp_path / "consolidated.safetensors").rename(tmp_path / name)
    with pytest.raises(CheckpointError, match=message):
        weight_files(read_checkpoint(tmp_path))


def test_weights_in_mistrals_layout_without_params_json_name_it(shards: Path) -> None:
    for name in (*SHARDS, "model.safetensors.index.json"):
        (shards / name).unlink()
    (shards / "consolidated.safetensors").write_bytes(b"")
    expected = "found consolidated.safetensors; consolidated.safetensors needs params.json, which is missing: copy it"
    with pytest.raises(CheckpointError, match=expected):
        weight_files(read_checkpoint(shards))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("consolidated.safetensors", "no params.json in .*; it states the shape of consolidated.safetensors: copy it"),
        ("consolidated.00.pth", "no params.json in .*; it states the shape of consolidated.00.pth: copy it there"),
        ("model.safetensors", "no config.json in .*; it states the shape of model.safetensors: copy it there"),
        ("pytorch_model-00001-of-00002.bin", "no config.json in .*; it states the shape of pytorch_model-00001-of-0"),
        ("mistral.gguf", "no params.json and no config.json in .*; one of them states the shape"),
    ],
)
def test_the_missing_file_is_that_of_the_layout_of_the_weights(tmp_path: Path, weights: str, message: str) -> None:
    (tmp_path / weights).write_bytes(b"")
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(tmp_path)


def test_an_adapter_without_its_base_is_named(tmp_path: Path, shards: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"no params.json .*: found adapter_config.json, a LoRA adapter without"):
        read_checkpoint(adapter)
    (adapter / "config.json").write_text((shards / "config.json").read_text())
    expected = r"found adapter_model.safetensors, a LoRA adapter without its base; merge them: .* --adapter FOLDER"
    with pytest.raises(CheckpointError, match=expected):
        weight_files(read_checkpoint(adapter))


def test_safetensors_are_read_before_pickles(tmp_path: Path) -> None:
    hugging_face_model(tiny_config()).save_pretrained(tmp_path)
    (tmp_path / "pytorch_model.bin.index.json").write_text('{"weight_map": {"a": "pytorch_model-00001-of-00001.bin"}}')
    (tmp_path / "pytorch_model-00001-of-00001.bin").write_bytes(b"")
    assert [path.name for path in weight_files(read_checkpoint(tmp_path))] == ["model.safetensors"]
    (tmp_path / "model.safetensors").unlink()
    assert [path.name for path in weight_files(read_checkpoint(tmp_path))] == ["pytorch_model-00001-of-00001.bin"]
