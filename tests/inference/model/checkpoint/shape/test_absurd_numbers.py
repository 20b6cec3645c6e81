"""Absurd numbers in both kinds of configuration: the error is one short line with the value and what was expected."""

import json
from pathlib import Path
from typing import Any

import pytest

from inference.folder import open_folder, open_folders
from inference.model.checkpoint.shape.config_json import read_config
from inference.model.checkpoint.shape.params_json import read_params
from inference.model.config import CheckpointError, ModelConfig
from tests.fakes import write_model_folder
from tests.inference.model.builders import tiny_config

PARAMS: dict[str, Any] = {
    "dim": 32,
    "n_layers": 2,
    "head_dim": 8,
    "hidden_dim": 64,
    "n_heads": 4,
    "n_kv_heads": 2,
    "norm_eps": 1e-5,
    "vocab_size": 400,
    "sliding_window": 24,
    "rope_theta": 1e4,
    "max_seq_len": 100,
}
LLAMA: dict[str, Any] = {
    "dim": 32,
    "multiple_of": 32,
    "n_heads": 4,
    "n_layers": 2,
    "norm_eps": 1e-5,
    "vocab_size": 400,
    "ffn_dim_multiplier": 1.0,
}
CONFIG: dict[str, Any] = {
    "model_type": "mistral",
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "vocab_size": 400,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-5,
    "sliding_window": 24,
    "max_position_embeddings": 100,
    "rope_theta": 1e4,
}
ABSURD = {
    "float": "1e30",
    "negative": "-1",
    "large": "1" + "0" * 400,
    "beyond what Python reads": "1" + "0" * 5000,
    "infinite": "1e999",
    "no number": "NaN",
    "nested": "[" * 900 + "]" * 900,
    "nested too deeply to read": "[" * 100_000,
}


@pytest.mark.parametrize("text", ABSURD.values(), ids=ABSURD)
@pytest.mark.parametrize(
    ("file", "stated", "key"),
    [
        *(("params.json", PARAMS, key) for key in PARAMS),
        *(("params.json", LLAMA, key) for key in LLAMA),
        *(("config.json", CONFIG, key) for key in CONFIG),
    ],
)
def test_an_absurd_number_is_one_line(tmp_path: Path, file: str, stated: dict[str, Any], key: str, text: str) -> None:
    path = tmp_path / file
    path.write_text(json.dumps({**stated, key: "HERE"}).replace('"HERE"', text))
    with pytest.raises(CheckpointError) as caught:
        (read_params if file == "params.json" else read_config)(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert file in str(caught.value)


YARN: dict[str, Any] = {
    "rope_type": "yarn",
    "factor": 4,
    "original_max_position_embeddings": 64,
    "attention_factor": 1.2,
    "beta_fast": 32,
    "beta_slow": 1,
    "truncate": True,
}
LLAMA_3: dict[str, Any] = {
    "rope_type": "llama3",
    "factor": 8,
    "low_freq_factor": 1,
    "high_freq_factor": 4,
    "original_max_position_embeddings": 64,
}


@pytest.mark.parametrize("file", ["params.json", "config.json"])
@pytest.mark.parametrize("stated", [YARN, LLAMA_3], ids=["yarn", "llama3"])
def test_an_absurd_scale_of_rope_is_one_line(tmp_path: Path, file: str, stated: dict[str, Any]) -> None:
    path, read = tmp_path / file, read_params if file == "params.json" else read_config
    shape = PARAMS if file == "params.json" else CONFIG
    path.write_text(json.dumps({**shape, "rope_scaling": stated}))
    read(path)
    for key in stated:
        for text in ABSURD.values():
            scaling = {**stated, key: "HERE"}
            path.write_text(json.dumps({**shape, "rope_scaling": scaling}).replace('"HERE"', text))
            with pytest.raises(CheckpointError) as caught:
                read(path)
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dim": 2**21}, "dim is 2097152; at most 1048576 was expected"),
        (
            {"n_heads": 1024, "n_kv_heads": 1, "head_dim": 2048},
            "n_heads is 1024 and head_dim 2048; a product of at most",
        ),
        ({"rope_theta": 10**400}, "rope_theta is 1000.*401 characters.; at most 1e.15 was expected"),
        ({"norm_eps": 2}, "norm_eps is 2; at most 1 was expected"),
        ({"sliding_window": 2**31}, "sliding_window is 2147483648; .* at most 1073741824"),
    ],
)
def test_numbers_whose_products_would_overflow_are_refused(change: dict[str, Any], message: str) -> None:
    stated = {field: getattr(tiny_config(), field) for field in ModelConfig.__dataclass_fields__}
    with pytest.raises(CheckpointError, match=message):
        ModelConfig(**{**stated, **change})


@pytest.mark.parametrize("value", ["default", [1], {"a\nb": 1}, True])
def test_rope_settings_of_the_wrong_kind_are_one_line(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**CONFIG, "rope_scaling": value}))
    if value == "default":
        read_config(path)
        return
    with pytest.raises(CheckpointError) as caught:
        read_config(path)
    assert "\n" not in str(caught.value)


def test_folders_beside_an_absurd_one_are_opened(tmp_path: Path) -> None:
    for name in ("sound", "absurd"):
        write_model_folder(tmp_path / name)
    params = json.loads((tmp_path / "absurd" / "params.json").read_text())
    (tmp_path / "absurd" / "params.json").write_text(json.dumps({**params, "hidden_dim": 10**400}))
    opened = open_folders({name: str(tmp_path / name) for name in ("sound", "absurd")})
    assert list(opened.folders) == ["sound"]
    assert "hidden_dim is 1000" in opened.failures["absurd"]


def test_the_error_for_a_shape_that_does_not_fit_its_weights_is_short(tmp_path: Path) -> None:
    from inference.engine.loading import load_for_serving

    write_model_folder(tmp_path)
    params = json.loads((tmp_path / "params.json").read_text())
    (tmp_path / "params.json").write_text(json.dumps({**params, "n_layers": 513}))
    with pytest.raises(CheckpointError, match="n_layers is 513; at most 512 was expected"):
        open_folder(tmp_path)
    (tmp_path / "params.json").write_text(json.dumps({**params, "n_layers": 60}))
    assert open_folder(tmp_path).config.n_layers == 60
    with pytest.raises(CheckpointError, match=r"is missing; and \d+ more$") as caught:
        load_for_serving(tmp_path)
    assert len(str(caught.value)) < 1000
