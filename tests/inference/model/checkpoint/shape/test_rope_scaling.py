"""Scaled RoPE in both kinds of configuration. transformers' own frequencies are the reference, bit for bit."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
import torch
import transformers
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from inference.model.checkpoint.shape.config_json import read_config
from inference.model.checkpoint.shape.params_json import params_text, read_params
from inference.model.config import CheckpointError, ModelConfig
from inference.model.operators.rope import frequencies

LLAMA_31_8B: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "attention_dropout": 0.0,
    "bos_token_id": 128000,
    "eos_token_id": [128001, 128008, 128009],
    "hidden_act": "silu",
    "hidden_size": 4096,
    "initializer_range": 0.02,
    "intermediate_size": 14336,
    "max_position_embeddings": 131072,
    "mlp_bias": False,
    "model_type": "llama",
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-05,
    "rope_scaling": {
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
        "rope_type": "llama3",
    },
    "rope_theta": 500000.0,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.42.3",
    "use_cache": True,
    "vocab_size": 128256,
}
PLAIN = {key: value for key, value in LLAMA_31_8B.items() if key not in {"rope_scaling", "rope_theta"}}
LLAMA_3 = LLAMA_31_8B["rope_scaling"]
YARN = {"type": "yarn", "factor": 16.0, "original_max_position_embeddings": 8192}


def write(folder: Path, name: str, raw: dict[str, Any]) -> Path:
    (folder / name).write_text(json.dumps(raw))
    return folder / name


def read(folder: Path, raw: dict[str, Any]) -> ModelConfig:
    return read_config(write(folder, "config.json", raw))[0]


@pytest.mark.parametrize("model_type", ["llama", "mistral"])
@pytest.mark.parametrize(
    "rope",
    [
        {"rope_theta": 5e5, "rope_scaling": LLAMA_3},
        {"rope_parameters": {**LLAMA_3, "rope_theta": 5e5}},
        {"rope_parameters": {**LLAMA_3, "rope_theta": 5e5, "factor": 32}},
        {"rope_parameters": {"rope_type": "default", "rope_theta": 7e4}, "rope_scaling": LLAMA_3},
        {"rope_theta": 5e5, "rope_scaling": {**LLAMA_3, "original_max_position_embeddings": ...}},
        {"rope_theta": 1e4, "rope_scaling": {"type": "linear", "factor": 4.0}},
        {"rope_scaling": {"type": "linear", "rope_type": "linear", "factor": 2.5}},
        {"rope_scaling": YARN},
        {"rope_theta": 1e6, "rope_scaling": {**YARN, "finetuned": True}},
        {"rope_scaling": {**YARN, "original_max_position_embeddings": ...}, "original_max_position_embeddings": 2048},
        {"rope_scaling": YARN, "original_max_position_embeddings": 4096},
        {"rope_scaling": {**YARN, "attention_factor": 1.25, "beta_fast": 16, "beta_slow": 2}},
        {"rope_scaling": {**YARN, "beta_fast": None, "beta_slow": None, "attention_factor": None}},
        {"rope_scaling": {**YARN, "mscale": 0.7, "mscale_all_dim": 1.0}},
        {"rope_scaling": {**YARN, "mscale": 1.0, "mscale_all_dim": 1.0}},
        {"rope_scaling": {**YARN, "mscale": 0.7}},
        {"rope_scaling": {**YARN, "truncate": False}},
        {"rope_scaling": {**YARN, "factor": None}},
        {"rope_scaling": {**YARN, "factor": 0.5}},
        {"rope_scaling": {**YARN, "beta_fast": 1.0, "beta_slow": 1.0, "truncate": False}},
        {"head_dim": 20, "rope_scaling": {**YARN, "original_max_position_embeddings": 32}},
    ],
    ids=str,
)
def test_frequencies_and_attention_factor_are_those_of_transformers(
    tmp_path: Path, model_type: str, rope: dict[str, Any]
) -> None:
    for key in ("rope_scaling", "rope_parameters"):
        if key in rope:
            rope = {**rope, key: {name: value for name, value in rope[key].items() if value is not ...}}
    raw = {**PLAIN, **rope, "model_type": model_type, "architectures": None}
    config = read(tmp_path, raw)
    theirs = cast(Any, LlamaRotaryEmbedding)(cast(Any, transformers).AutoConfig.from_pretrained(tmp_path))
    assert torch.equal(frequencies(config), theirs.inv_freq)
    assert config.attention_factor == theirs.attention_scaling
    assert config.rope_scaling is not None
    path = write(tmp_path, "params.json", json.loads(params_text(config)))
    assert read_params(path)[0] == config, "params.json keeps the scaling"


MISTRAL_YARN = {"factor": 16, "original_max_position_embeddings": 16384, "beta": 32, "alpha": 1, "apply_scale": False}


@pytest.mark.parametrize("apply_scale", [False, True])
def test_yarn_of_mistrals_params_is_that_of_transformers(tmp_path: Path, apply_scale: bool) -> None:
    params = {
        "dim": 4096,
        "n_layers": 2,
        "head_dim": 128,
        "hidden_dim": 64,
        "n_heads": 32,
        "n_kv_heads": 8,
        "norm_eps": 1e-5,
        "vocab_size": 32768,
        "rope_theta": 1e6,
        "yarn": {**MISTRAL_YARN, "apply_scale": apply_scale},
    }
    ours, _ = read_params(write(tmp_path, "params.json", params))
    rope = {"type": "yarn", "factor": 16.0, "original_max_position_embeddings": 16384, "beta_fast": 32, "beta_slow": 1}
    one = {} if apply_scale else {"mscale": 1.0, "mscale_all_dim": 1.0}  # as in transformers' Ministral3Config
    theirs = read(tmp_path, {**PLAIN, "rope_theta": 1e6, "rope_scaling": {**rope, **one}})
    assert torch.equal(frequencies(ours), frequencies(theirs))
    assert ours.attention_factor == theirs.attention_factor == (pytest.approx(1.27726) if apply_scale else 1.0)
    assert ours.max_seq_len == 16 * 16384
    assert read_params(write(tmp_path, "params.json", {**params, "max_seq_len": 99}))[0].max_seq_len == 99


@pytest.mark.parametrize(
    ("rope", "message"),
    [
        (
            {"rope_scaling": {"type": "longrope"}},
            "rope_scaling: rope_type is 'longrope'; one of default, linear, llama3",
        ),
        (
            {"rope_scaling": {"type": "dynamic", "factor": 2.0}},
            "rope_type is 'dynamic', .* up to max_position_embeddings",
        ),
        ({"rope_parameters": {"rope_type": "yarn"}}, "rope_parameters: lacks factor, which rope_type 'yarn' needs"),
        ({"rope_scaling": {"type": "llama3", "factor": 8}}, "lacks high_freq_factor, low_freq_factor, which rope_type"),
        (
            {"rope_parameters": {"factor": 8}},
            "rope_parameters: has factor, which is not supported with rope_type 'defau",
        ),
        ({"rope_scaling": {**YARN, "llama_4_scaling_beta": 0.1}}, "has llama_4_scaling_beta, which is not supported"),
        ({"rope_parameters": {"full_attention": LLAMA_3}}, "has full_attention, which is not supported"),
        ({"rope_scaling": {**LLAMA_3, "factor": 0}}, "rope_scaling: factor is 0; a positive number"),
        (
            {"rope_scaling": {**LLAMA_3, "high_freq_factor": 1.0}},
            "high_freq_factor is 1.0 and low_freq_factor 1.0; a l",
        ),
        (
            {"rope_scaling": {**LLAMA_3, "original_max_position_embeddings": 1.5}},
            "ginal_max_position_embeddings is 1.5",
        ),
        ({"rope_scaling": {**YARN, "beta_fast": -1}}, "beta_fast is -1; a positive number"),
        ({"rope_scaling": {**YARN, "attention_factor": 0}}, "attention_factor is 0; a positive number"),
        ({"rope_scaling": {**YARN, "truncate": 1}}, "truncate is 1; true or false"),
        ({"rope_scaling": {**YARN, "mscale": "x", "mscale_all_dim": 1}}, "mscale is 'x'; a positive number"),
        ({"rope_scaling": {**YARN, "factor": None, "original_max_position_embeddings": 0}}, "embeddings is 0; a whole"),
        ({"rope_scaling": YARN, "rope_theta": 1.0}, "rope_theta is 1.0; a number above 1 was expected with YaRN"),
        ({"rope_parameters": "yarn"}, "rope_parameters is 'yarn'; an object was expected"),
        ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "partial_rotary_factor is 0.5; only 1.0"),
    ],
)
def test_what_is_missing_unknown_or_out_of_range_is_named(tmp_path: Path, rope: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        read(tmp_path, {**PLAIN, **rope})
    assert str(caught.value).count("config.json") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"yarn": [1]}, r"yarn: \[1\] is not an object"),
        ({"yarn": {**MISTRAL_YARN, "gamma": 2}}, "yarn: has unknown keys: gamma"),
        ({"yarn": {"factor": 2}}, "yarn: lacks original_max_position_embeddings"),
        ({"yarn": {**MISTRAL_YARN, "apply_scale": 1}}, "yarn: apply_scale is 1; true or false"),
        ({"yarn": {**MISTRAL_YARN, "alpha": 0}}, "yarn: beta_slow is 0; a positive number"),
        ({"yarn": MISTRAL_YARN, "rope_scaling": YARN}, "both rope_scaling and yarn are given; one was expected"),
        ({"rope_scaling": 3}, "rope_scaling: 3 is not an object"),
        ({"rope_scaling": {"rope_type": "linear"}}, "rope_scaling: lacks factor"),
    ],
)
def test_a_wrong_scaling_in_params_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    params = json.loads(params_text(read(tmp_path, PLAIN)))
    with pytest.raises(CheckpointError, match=message):
        read_params(write(tmp_path, "params.json", {**params, **change}))


def test_params_of_llama_3_are_read_once_they_state_the_scale(tmp_path: Path) -> None:
    meta = {
        "dim": 4096,
        "ffn_dim_multiplier": 1.3,
        "multiple_of": 1024,
        "n_heads": 32,
        "n_kv_heads": 8,
        "n_layers": 32,
        "norm_eps": 1e-5,
        "rope_theta": 5e5,
        "use_scaled_rope": True,
        "vocab_size": 128256,
    }
    with pytest.raises(
        CheckpointError, match="use_scaled_rope is true, and the scale is not in the file; add"
    ) as caught:
        read_params(write(tmp_path, "params.json", meta))
    text = str(caught.value)
    scaling = json.loads("{" + text[text.index('"rope_scaling"') : text.index(" (Llama")].replace(" and ", ", ") + "}")
    ours, family = read_params(write(tmp_path, "params.json", {**meta, **scaling}))
    assert (ours, family) == (read(tmp_path, LLAMA_31_8B), "llama")
