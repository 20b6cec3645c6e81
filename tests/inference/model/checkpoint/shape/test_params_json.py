import json
from pathlib import Path
from typing import Any

import pytest

from inference.model.checkpoint.shape.params_json import params_text, read_params
from inference.model.config import CheckpointError, Family, ModelConfig
from tests.inference.model.builders import tiny_config

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
MISTRAL_7B_V03 = {
    "dim": 4096,
    "n_layers": 32,
    "head_dim": 128,
    "hidden_dim": 14336,
    "n_heads": 32,
    "n_kv_heads": 8,
    "norm_eps": 1e-05,
    "vocab_size": 32768,
    "rope_theta": 1000000.0,
}
LLAMA_2 = {"dim": 4096, "multiple_of": 256, "n_heads": 32, "n_layers": 32, "norm_eps": 1e-05, "vocab_size": -1}
LLAMA_2_70B = {
    "dim": 8192,
    "multiple_of": 4096,
    "ffn_dim_multiplier": 1.3,
    "n_heads": 64,
    "n_kv_heads": 8,
    "n_layers": 80,
    "norm_eps": 1e-05,
    "vocab_size": -1,
}


def read(folder: Path, params: Any, *, vocab_size: int | None = None) -> tuple[ModelConfig, Family]:
    path = folder / "params.json"
    path.write_text(json.dumps(params))
    return read_params(path, vocab_size=vocab_size)


def test_the_published_params_of_mistral_7b_are_read(tmp_path: Path) -> None:
    first, family = read(tmp_path, MISTRAL_7B_V01)
    assert (first.sliding_window, first.rope_theta, first.n_parameters) == (4096, 1e4, 7_241_732_096)
    third, _ = read(tmp_path, MISTRAL_7B_V03)
    assert (third.sliding_window, third.rope_theta, third.n_parameters) == (None, 1e6, 7_248_023_552)
    assert family == "mistral"


def test_the_published_params_of_llama_2_are_read(tmp_path: Path) -> None:
    small, family = read(tmp_path, LLAMA_2, vocab_size=32000)
    assert (small.hidden_dim, small.head_dim, small.n_kv_heads, small.max_seq_len) == (11008, 128, 32, 4096)
    assert (small.n_parameters, family) == (6_738_415_616, "llama")
    large, _ = read(tmp_path, LLAMA_2_70B, vocab_size=32000)
    assert (large.hidden_dim, large.n_kv_heads, large.n_parameters) == (28672, 8, 68_976_648_192)


def test_an_open_vocabulary_size_is_read_from_the_weights_or_refused(tmp_path: Path) -> None:
    assert read(tmp_path, {**MISTRAL_7B_V01, "vocab_size": -1}, vocab_size=97)[0].vocab_size == 97
    assert read(tmp_path, MISTRAL_7B_V01, vocab_size=97)[0].vocab_size == 32000
    with pytest.raises(CheckpointError, match="vocab_size is -1; a whole number"):
        read(tmp_path, LLAMA_2)


def test_keys_that_change_nothing_are_accepted(tmp_path: Path) -> None:
    harmless = {
        "model_type": "transformer",
        "activation": "silu",
        "causal": True,
        "use_biases": False,
        "max_batch_size": 0,
        "moe": None,
    }
    assert read(tmp_path, {**MISTRAL_7B_V01, **harmless}) == read(tmp_path, MISTRAL_7B_V01)
    assert read(tmp_path, {**MISTRAL_7B_V01, "max_position_embeddings": 77})[0].max_seq_len == 77


def test_a_missing_window_means_full_attention(tmp_path: Path) -> None:
    params = {key: value for key, value in MISTRAL_7B_V01.items() if key != "sliding_window"}
    assert read(tmp_path, params)[0].window(3) is None
    assert read(tmp_path, {**params, "sliding_window": None})[0].window(3) is None


def test_windows_of_ministral_are_a_list_that_repeats_over_the_layers(tmp_path: Path) -> None:
    params = {key: value for key, value in MISTRAL_7B_V01.items() if key != "sliding_window"}
    for key in (
        "sliding_window",
        "_sliding_window",
    ):  # the second in Ministral 8B's file
        config, _ = read(tmp_path, {**params, key: [None, 32768, 32768, 32768]})
        assert [config.window(layer) for layer in range(32)] == [None, 32768, 32768, 32768] * 8
    assert read(tmp_path, {**params, "sliding_window": 7, "_sliding_window": 7})[0].sliding_window == 7


@pytest.mark.parametrize("family", ["mistral", "llama"])
def test_what_is_written_is_read_back(tmp_path: Path, family: Family) -> None:
    config = tiny_config(sliding_window=(8, None), tied_embeddings=True)
    (tmp_path / "params.json").write_text(params_text(config, family))
    assert read_params(tmp_path / "params.json") == (config, family)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sliding_window": [4, 4, 4]}, "params.json: sliding_window lists 3 layers"),
        ({"moe": {"num_experts": 8}}, "params.json has unknown keys: moe; this architecture has dim, "),
        ({"quantization": {}, "llama_4_scaling": {}}, "has unknown keys: llama_4_scaling, quantization;"),
        ({"_sliding_window": [None, 64]}, r"sliding_window is 4096 and _sliding_window \[None, 64\]; one was"),
        ({"sliding_window": None, "_sliding_window": [None, 64, 64]}, "sliding_window lists 3 layers; a divisor"),
        ({"model_type": "mamba"}, "model_type is not 'transformer'"),
        ({"use_biases": True}, "use_biases is not False"),
        ({"causal": False}, "causal is not True"),
        ({"activation": "gelu"}, "activation is not 'silu'"),
        ({"family": "gemma"}, "family is 'gemma'; mistral or llama"),
    ],
)
def test_another_architecture_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read(tmp_path, {**MISTRAL_7B_V01, **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"multiple_of": 0}, "multiple_of is 0; a whole number"),
        ({"dim": "big"}, "dim is 'big'; a whole number"),
        ({"n_heads": 0}, "n_heads is 0; a whole number"),
        ({"ffn_dim_multiplier": -1}, "ffn_dim_multiplier is -1; a positive number"),
    ],
)
def test_wrong_values_of_llamas_keys_are_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read(tmp_path, {**LLAMA_2, **change})


def test_missing_keys_are_all_named(tmp_path: Path) -> None:
    for params in (MISTRAL_7B_V01, LLAMA_2):
        with pytest.raises(CheckpointError, match=r"params.json lacks dim, n_layers$"):
            read(tmp_path, {key: value for key, value in params.items() if key not in {"dim", "n_layers"}})
