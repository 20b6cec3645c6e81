import json
from pathlib import Path
from typing import Any, cast

import pytest
import transformers

from inference.model.checkpoint.shape.config_json import read_config
from inference.model.config import CheckpointError, ModelConfig

MISTRAL_7B_V01: dict[str, Any] = {
    "architectures": ["MistralForCausalLM"],
    "bos_token_id": 1,
    "eos_token_id": 2,
    "hidden_act": "silu",
    "hidden_size": 4096,
    "initializer_range": 0.02,
    "intermediate_size": 14336,
    "max_position_embeddings": 32768,
    "model_type": "mistral",
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-05,
    "rope_theta": 10000.0,
    "sliding_window": 4096,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.34.0.dev0",
    "use_cache": True,
    "vocab_size": 32000,
}
MISTRAL_7B_V03 = {
    **MISTRAL_7B_V01,
    "attention_dropout": 0.0,
    "rope_theta": 1000000.0,
    "sliding_window": None,
    "vocab_size": 32768,
}
LLAMA_2_7B = {
    **{key: value for key, value in MISTRAL_7B_V01.items() if key not in {"sliding_window", "rope_theta"}},
    "architectures": ["LlamaForCausalLM"],
    "intermediate_size": 11008,
    "max_position_embeddings": 4096,
    "model_type": "llama",
    "num_key_value_heads": 32,
    "pretraining_tp": 1,
    "rope_scaling": None,
}
TINY_LLAMA = {
    **LLAMA_2_7B,
    "attention_bias": False,
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "max_position_embeddings": 2048,
    "num_hidden_layers": 22,
    "num_key_value_heads": 4,
    "rope_theta": 10000.0,
}


def read(folder: Path, raw: dict[str, Any]) -> ModelConfig:
    (folder / "config.json").write_text(json.dumps(raw))
    return read_config(folder / "config.json")[0]


def as_transformers_reads(folder: Path) -> ModelConfig:
    theirs = cast(Any, transformers).AutoConfig.from_pretrained(folder)
    return ModelConfig(
        dim=theirs.hidden_size,
        n_layers=theirs.num_hidden_layers,
        head_dim=theirs.head_dim,
        hidden_dim=theirs.intermediate_size,
        n_heads=theirs.num_attention_heads,
        n_kv_heads=theirs.num_key_value_heads,
        norm_eps=theirs.rms_norm_eps,
        vocab_size=theirs.vocab_size,
        sliding_window=getattr(theirs, "sliding_window", None),
        rope_theta=theirs.rope_parameters["rope_theta"],
        max_seq_len=theirs.max_position_embeddings,
        tied_embeddings=theirs.tie_word_embeddings,
    )


@pytest.mark.parametrize(
    ("raw", "n_parameters"),
    [
        (MISTRAL_7B_V01, 7_241_732_096),
        (MISTRAL_7B_V03, 7_248_023_552),
        (LLAMA_2_7B, 6_738_415_616),
        (TINY_LLAMA, 1_100_048_384),
    ],
)
def test_published_files_are_read_as_transformers_reads_them(
    tmp_path: Path, raw: dict[str, Any], n_parameters: int
) -> None:
    config = read(tmp_path, raw)
    assert config == as_transformers_reads(tmp_path)
    assert config.n_parameters == n_parameters
    assert read_config(tmp_path / "config.json")[1] == raw["model_type"]


@pytest.mark.parametrize("raw", [MISTRAL_7B_V01, LLAMA_2_7B])
@pytest.mark.parametrize(
    "change",
    [
        {"sliding_window": ...},
        {"sliding_window": None},
        {"num_key_value_heads": ...},
        {"num_key_value_heads": None},
        {"head_dim": 64},
        {"head_dim": None},
        {"rms_norm_eps": ..., "max_position_embeddings": ..., "tie_word_embeddings": ...},
        {"rope_theta": ...},
        {"rope_theta": 5e5},
        {"rope_theta": ..., "rope_parameters": {"rope_theta": 3e4, "rope_type": "default"}},
        {"rope_theta": 1e3, "rope_parameters": {"rope_theta": 3e4, "rope_type": "default"}},
        {"rope_theta": 1e3, "rope_parameters": {"rope_type": "default"}},
        {"tie_word_embeddings": True},
    ],
    ids=str,
)
def test_missing_null_and_renamed_keys_mean_what_they_mean_to_transformers(
    tmp_path: Path, raw: dict[str, Any], change: dict[str, Any]
) -> None:
    if raw is MISTRAL_7B_V01 and change == {"num_key_value_heads": None}:
        pytest.skip("transformers refuses it for Mistral")
    changed = {key: value for key, value in {**raw, **change}.items() if value is not ...}
    ours, theirs = read(tmp_path, changed), as_transformers_reads(tmp_path)
    if raw is LLAMA_2_7B and "sliding_window" in changed:
        assert ours.sliding_window is None, "Llama's class has no window, whatever its file says"
        return
    assert ours == theirs


SLIDING, FULL = "sliding_attention", "full_attention"


@pytest.mark.parametrize("model_type", ["mistral", "ministral", "llama"])
@pytest.mark.parametrize(
    "change",
    [
        {"use_sliding_window": False, "max_window_layers": 28},
        {"_sliding_window": [None, 32768, 32768, 32768]},
        {"layer_types": None},
        {"layer_types": [FULL] * 32},
        {"layer_types": [SLIDING] * 32},
        {"layer_types": [FULL, SLIDING, SLIDING, SLIDING] * 8},
        {"layer_types": [SLIDING] * 31 + [FULL], "sliding_window": 32768},
        {"layer_types": [FULL] * 32, "sliding_window": None},
    ],
    ids=str,
)
def test_the_windows_of_layers_are_those_of_transformers(
    tmp_path: Path, model_type: str, change: dict[str, Any]
) -> None:
    config = read(tmp_path, {**MISTRAL_7B_V01, "model_type": model_type, **change})
    theirs = cast(Any, transformers).AutoConfig.from_pretrained(tmp_path)
    if type(theirs).__name__ == "LlamaConfig":  # its class reads none of these keys
        windows = [None] * 32
    else:
        types = getattr(theirs, "layer_types", [SLIDING] * 32)
        windows = [theirs.sliding_window if kind == SLIDING else None for kind in types]
    assert [config.window(layer) for layer in range(32)] == windows


def test_a_list_of_windows_repeats_over_the_layers(tmp_path: Path) -> None:
    config = read(tmp_path, {**MISTRAL_7B_V01, "sliding_window": [None, 32768]})
    assert [config.window(layer) for layer in range(32)] == [None, 32768] * 16


@pytest.mark.parametrize("name", ["MistralForCausalLM", "MinistralForCausalLM", "LlamaForCausalLM", "LLaMAForCausalLM"])
def test_model_type_decides_the_class_whichever_architecture_is_named(tmp_path: Path, name: str) -> None:
    plain = read(tmp_path, MISTRAL_7B_V01)
    assert read(tmp_path, {**MISTRAL_7B_V01, "architectures": [name]}) == plain


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "mixtral"}, "model_type is 'mixtral'; mistral, ministral, llama are supported, other"),
        ({"model_type": ...}, "model_type is None; mistral, ministral, llama"),
        ({"architectures": [["MistralForCausalLM"]]}, r"\['MistralForCausalLM'\] was expected"),
        ({"architectures": ["MistralForSequenceClassification"]}, r"\['MistralForCausalLM'\] was expected"),
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu'; only 'silu' is supported"),
        ({"attention_bias": True}, "attention_bias is True; only False"),
        ({"mlp_bias": True}, "mlp_bias is True; only False"),
        ({"quantization_config": {"quant_method": "awq"}}, "weights are quantized by 'awq' .quantization_config., "),
        ({"partial_rotary_factor": 0.5}, "partial_rotary_factor is 0.5; only 1.0"),
        (
            {"layer_types": ["sliding_attention", "linear_attention"] * 16},
            r"layer_types is \['sliding_attention', .* a list",
        ),
        (
            {"layer_types": "full_attention"},
            "layer_types is 'full_attention'; a list of sliding_attention and full_atten",
        ),
        (
            {"layer_types": ["full_attention"] * 31},
            "layer_types lists 31 layers, and num_hidden_layers is 32; the same",
        ),
        (
            {"layer_types": ["sliding_attention"] * 32, "sliding_window": None},
            "sliding_window is null, and layer_types",
        ),
        ({"sliding_window": [4096, None, None]}, "sliding_window lists 3 layers; a divisor of n_layers 32"),
        ({"hidden_size": ..., "vocab_size": None}, "config.json lacks hidden_size, vocab_size"),
        (
            {"hidden_size": 4097},
            "hidden_size 4097 is not a multiple of num_attention_heads 32, and head_dim",
        ),
        ({"num_attention_heads": 0}, "not a multiple of num_attention_heads 0"),
        ({"sliding_window": 0}, r"sliding_window is 0; .* \(named as in params.json\)"),
        ({"num_key_value_heads": 5}, "n_heads is 32 and n_kv_heads 5; a multiple"),
    ],
)
def test_a_value_that_is_not_supported_is_refused_by_name(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        read(tmp_path, {key: value for key, value in {**MISTRAL_7B_V01, **change}.items() if value is not ...})
