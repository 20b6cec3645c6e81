"""Read config.json of the Hugging Face layout.

It is read as transformers' Mistral and Llama classes read it. `model_type` decides the class, and the class decides
which keys count. Keys that it does not read (training settings, token ids, caches) are ignored here too. A value that
sets something outside this architecture (biases, scaled RoPE, experts, quantized weights) is refused by name. A missing
key has the default of the class, which is not always the value of the published models.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.model.config import CheckpointError, Family, ModelConfig, read_object, shown, shown_name

CONFIG_FILE = "config.json"


@dataclass(frozen=True, slots=True)
class _Class:
    """One of transformers' configuration classes: its keys and its defaults (transformers 5.23)."""

    family: Family
    architecture: str
    max_position_embeddings: int
    n_kv_heads: int | None  # None: as many as query heads
    sliding_window: int | None
    has_window: bool


_CLASSES = {
    "mistral": _Class("mistral", "MistralForCausalLM", 131072, 8, 4096, has_window=True),
    "llama": _Class("llama", "LlamaForCausalLM", 2048, None, None, has_window=False),
}
_REQUIRED = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "vocab_size")
_ROPE_THETA, _NORM_EPS = 10000.0, 1e-6
_FIXED = {
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "partial_rotary_factor": 1.0,
    "quantization_config": None,
}


def read_config(path: Path) -> tuple[ModelConfig, Family]:
    """Return the shape in a config.json, and its model family.

    Raises CheckpointError for a missing file, text that is not JSON, another architecture, a missing key, and a value
    that is out of range or not supported.
    """
    raw = read_object(path, "states the shape of the model")
    kind = _CLASSES.get(str(raw.get("model_type")))
    if kind is None:
        raise CheckpointError(
            f"{path}: model_type is {shown(raw.get('model_type'))}; {' or '.join(_CLASSES)} was expected, "
            "other architectures are not supported"
        )
    architectures = raw.get("architectures") or [kind.architecture]
    if architectures != [kind.architecture]:
        raise CheckpointError(f"{path}: architectures is {shown(architectures)}; [{kind.architecture!r}] was expected")
    for key, expected in _FIXED.items():
        if raw.get(key) not in (expected, None):
            raise CheckpointError(f"{path}: {key} is {shown(raw[key])}; only {expected!r} is supported")
    if missing := [key for key in _REQUIRED if raw.get(key) is None]:
        raise CheckpointError(f"{path} lacks {', '.join(missing)}")
    n_heads, head_dim = raw["num_attention_heads"], raw.get("head_dim")
    if head_dim is None:
        head_dim = _quotient(path, raw["hidden_size"], n_heads)
    n_kv_heads = raw.get("num_key_value_heads", kind.n_kv_heads)
    sliding_window, rope_theta = _sliding_window(path, raw, kind), _rope_theta(path, raw)
    try:
        config = ModelConfig(
            dim=raw["hidden_size"],
            n_layers=raw["num_hidden_layers"],
            head_dim=head_dim,
            hidden_dim=raw["intermediate_size"],
            n_heads=n_heads,
            n_kv_heads=n_heads if n_kv_heads is None else n_kv_heads,
            norm_eps=raw.get("rms_norm_eps", _NORM_EPS),
            vocab_size=raw["vocab_size"],
            sliding_window=sliding_window,
            rope_theta=rope_theta,
            max_seq_len=raw.get("max_position_embeddings", kind.max_position_embeddings),
            tied_embeddings=raw.get("tie_word_embeddings", False),
        )
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error} (named as in params.json)") from None
    return config, kind.family


def _quotient(path: Path, dim: Any, n_heads: Any) -> int:
    if type(dim) is not int or type(n_heads) is not int or n_heads < 1 or dim % n_heads:
        raise CheckpointError(
            f"{path}: hidden_size {shown(dim)} is not a multiple of num_attention_heads {shown(n_heads)}, and head_dim "
            "is not given"
        )
    return dim // n_heads


def _sliding_window(path: Path, raw: dict[str, Any], kind: _Class) -> Any:
    """Return W: an explicit null means no window, a missing key means the class default."""
    if not kind.has_window:
        return None
    kinds = raw.get("layer_types") or []
    if not isinstance(kinds, list) or any(kind != kinds[0] for kind in kinds):
        raise CheckpointError(f"{path}: layer_types lists different kinds of layers; only one kind is supported")
    return raw.get("sliding_window", kind.sliding_window)


def _rope_theta(path: Path, raw: dict[str, Any]) -> Any:
    """Return theta from `rope_parameters` (transformers 5) or `rope_theta` (before); refuse all but plain RoPE."""
    rope: dict[str, Any] = {}
    for key in ("rope_scaling", "rope_parameters"):
        value = raw.get(key) or {}
        kind = (value.get("rope_type") or value.get("type") or "default") if isinstance(value, dict) else value
        if kind != "default":
            raise CheckpointError(f"{path}: {key} is {shown(kind)}; only plain RoPE ('default') is supported")
        if not isinstance(value, dict):
            continue
        if unknown := sorted(value.keys() - {"rope_type", "type", "rope_theta", "partial_rotary_factor"}):
            raise CheckpointError(
                f"{path}: {key} has {', '.join(map(shown_name, unknown))}; only plain RoPE is supported"
            )
        rope |= value
    if rope.get("partial_rotary_factor", 1.0) != 1.0:
        raise CheckpointError(
            f"{path}: partial_rotary_factor is {shown(rope['partial_rotary_factor'])}; only 1.0 is supported"
        )
    theta = rope.get("rope_theta", raw.get("rope_theta"))
    return _ROPE_THETA if theta is None else theta
