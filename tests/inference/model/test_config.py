import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from inference.model.checkpoint import load_config
from inference.model.config import CheckpointError, ModelConfig
from inference.model.params_json import params_text

MISTRAL_7B_V01 = {
    "dim": 4096,
    "n_layers": 32,
    "head_dim": 128,
    "hidden_dim": 14336,
    "n_heads": 32,
    "n_kv_heads": 8,
    "norm_eps": 1e-05,
    "sliding_window": 4096,
    "vocab_size": 32000,
}


def read(folder: Path, params: Any) -> ModelConfig:
    (folder / "params.json").write_text(params if isinstance(params, str) else json.dumps(params))
    return load_config(folder)


def test_the_published_params_of_mistral_7b_are_read(tmp_path: Path) -> None:
    config = read(tmp_path, MISTRAL_7B_V01)
    assert config.window(0) == config.window(31) == 4096
    assert config.n_parameters == 7_241_732_096  # the model card's 7.24B
    assert config.rope_theta == 10000.0


def test_a_missing_window_means_full_attention(tmp_path: Path) -> None:
    params = {key: value for key, value in MISTRAL_7B_V01.items() if key != "sliding_window"}
    assert read(tmp_path, params).window(3) is None
    assert read(tmp_path, {**params, "sliding_window": None}).window(3) is None


def test_a_list_of_windows_repeats_over_the_layers(tmp_path: Path) -> None:
    config = read(tmp_path, {**MISTRAL_7B_V01, "sliding_window": [8, None]})
    assert [config.window(layer) for layer in range(4)] == [8, None, 8, None]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    config = read(tmp_path, {**MISTRAL_7B_V01, "sliding_window": [8, None], "tied_embeddings": True})
    (tmp_path / "params.json").write_text(params_text(config))
    assert load_config(tmp_path) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dim": 0}, "dim is 0; a whole number of at least 1"),
        ({"n_layers": 2.0}, "n_layers is 2.0; a whole number"),
        ({"vocab_size": True}, "vocab_size is True; a whole number"),
        ({"norm_eps": 0}, "norm_eps is 0; a positive number"),
        ({"rope_theta": "1e4"}, "rope_theta is '1e4'; a positive number"),
        ({"tied_embeddings": "no"}, "tied_embeddings is 'no'; true or false"),
        ({"n_kv_heads": 5}, "n_heads is 32 and n_kv_heads 5; a multiple"),
        ({"head_dim": 7}, "head_dim is 7; an even number"),
        ({"sliding_window": 0}, "sliding_window is 0; a whole number of at least 1"),
        ({"sliding_window": []}, r"sliding_window is \(\); a whole number of at least 1"),
        ({"sliding_window": [4, "x"]}, r"sliding_window is \(4, 'x'\); a whole number"),
        ({"sliding_window": [4, 4, 4]}, "sliding_window lists 3 layers; a divisor of n_layers 32"),
        ({"moe": {"num_experts": 8}}, "params.json holds moe, unknown to this architecture; known are dim, "),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read(tmp_path, {**MISTRAL_7B_V01, **change})


def test_missing_keys_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"params.json lacks dim, vocab_size"):
        read(tmp_path, {key: value for key, value in MISTRAL_7B_V01.items() if key not in {"dim", "vocab_size"}})


@pytest.mark.parametrize("text", ["{", '{"dim": ', "\udcff"])
def test_text_that_is_no_json_is_said_to_be_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "params.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CheckpointError, match=r"params.json cannot be read as JSON"):
        load_config(tmp_path)


def test_json_that_is_no_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds a list; a JSON object"):
        read(tmp_path, [1, 2])


def test_a_missing_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no folder .*absent; a folder with params.json and consolidated"):
        load_config(tmp_path / "absent")
    with pytest.raises(CheckpointError, match=r"no params.json and no config.json in .*; one of them states the shape"):
        load_config(tmp_path)


def test_reading_a_configuration_imports_no_torch() -> None:
    code = "import sys, inference.model.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
