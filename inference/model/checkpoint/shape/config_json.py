"""Read config.json of the Hugging Face layout.

It is read as transformers' Mistral, Ministral and Llama classes read it. `model_type` decides the class, and the class
decides which keys count. Keys that it does not read (training settings, token ids, caches, `use_sliding_window`) are
ignored here too. A value that sets something outside this architecture (biases, experts, quantized weights) is refused
by name. A missing key has the default of the class, which is not always the value of the published models.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.model.checkpoint.shape.rope_scaling import read_scaling
from inference.model.config import CheckpointError, Family, ModelConfig, RopeScaling, read_object, shown

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
    has_layer_types: bool = False


_CLASSES = {
    "mistral": _Class("mistral", "MistralForCausalLM", 131072, 8, 4096, has_window=True),
    "ministral": _Class("mistral", "MinistralForCausalLM", 131072, 8, 4096, has_window=True, has_layer_types=True),
    "llama": _Class("llama", "LlamaForCausalLM", 2048, None, None, has_window=False),
}
_ARCHITECTURES = {kind.architecture for kind in _CLASSES.values()} | {"LLaMAForCausalLM"}  # the last: before release
_REQUIRED = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "vocab_size")
_ROPE_THETA, _NORM_EPS = 10000.0, 1e-6
_LAYER_TYPES = ("sliding_attention", "full_attention")
_FIXED = {
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "partial_rotary_factor": 1.0,
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
            f"{path}: model_type is {shown(raw.get('model_type'))}; {', '.join(_CLASSES)} are supported, other "
            "architectures are not"
        )
    if kind.family == "mistral" and "layer_types" in raw:  # transformers' AutoConfig decides so
        kind = _CLASSES["ministral"]
    architectures = raw.get("architectures") or [kind.architecture]
    if not isinstance(architectures, list) or not _ARCHITECTURES.issuperset(map(str, architectures)):
        raise CheckpointError(
            f"{path}: architectures is {shown(architectures)}; [{kind.architecture!r}] was expected, a model that "
            "continues text"
        )
    if raw.get("quantization_config"):
        method = raw["quantization_config"]
        method = method.get("quant_method") if isinstance(method, dict) else method
        raise CheckpointError(
            f"{path}: the weights are quantized by {shown(method)} (quantization_config), which is not supported; use "
            "the model from which they were made, with --dtype int8"
        )
    for key, expected in _FIXED.items():
        if raw.get(key) not in (expected, None):
            raise CheckpointError(f"{path}: {key} is {shown(raw[key])}; only {expected!r} is supported")
    if missing := [key for key in _REQUIRED if raw.get(key) is None]:
        raise CheckpointError(f"{path} lacks {', '.join(missing)}")
    n_heads, head_dim = raw["num_attention_heads"], raw.get("head_dim")
    if head_dim is None:
        head_dim = _quotient(path, raw["hidden_size"], n_heads)
    n_kv_heads = raw.get("num_key_value_heads", kind.n_kv_heads)
    max_seq_len = raw.get("max_position_embeddings", kind.max_position_embeddings)
    sliding_window, (rope_theta, rope_scaling) = _sliding_window(path, raw, kind), _rope(path, raw, max_seq_len)
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
            max_seq_len=max_seq_len,
            tied_embeddings=raw.get("tie_word_embeddings", False),
            rope_scaling=rope_scaling,
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
    """Return W, or a tuple of it for the layers. An explicit null is no window, a missing key the class default."""
    if not kind.has_window:
        return None
    window = raw.get("sliding_window", kind.sliding_window)
    if isinstance(window, list):  # as in Mistral's own files; transformers cannot read it
        return tuple(window)
    types = raw.get("layer_types") if kind.has_layer_types else None
    if not types:
        return window
    if not isinstance(types, list) or any(name not in _LAYER_TYPES for name in types):
        raise CheckpointError(
            f"{path}: layer_types is {shown(types)}; a list of {' and '.join(_LAYER_TYPES)} was expected"
        )
    if len(types) != raw["num_hidden_layers"]:
        raise CheckpointError(
            f"{path}: layer_types lists {len(types)} layers, and num_hidden_layers is "
            f"{shown(raw['num_hidden_layers'])}; the same number was expected"
        )
    if window is None and "sliding_attention" in types:
        raise CheckpointError(f"{path}: sliding_window is null, and layer_types has sliding_attention; give its length")
    windows = tuple(window if name == "sliding_attention" else None for name in types)
    lengths = (n for n in range(1, len(windows) + 1) if len(windows) % n == 0)
    period = next(n for n in lengths if windows == windows[:n] * (len(windows) // n))
    return windows[0] if period == 1 else windows[:period]


def _rope(path: Path, raw: dict[str, Any], max_seq_len: Any) -> tuple[Any, RopeScaling | None]:
    """Return theta and the scaling. A `rope_scaling` (before transformers 5) replaces `rope_parameters`."""
    key = "rope_scaling" if raw.get("rope_scaling") else "rope_parameters"
    rope = raw.get(key) or {}
    if rope == "default":
        rope = {}
    if not isinstance(rope, dict):
        raise CheckpointError(f"{path}: {key} is {shown(rope)}; an object was expected")
    try:
        scaling = read_scaling(rope, max_seq_len, raw.get("original_max_position_embeddings"))
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {key}: {error}") from None
    theta = rope.get("rope_theta", raw.get("rope_theta"))
    return (_ROPE_THETA if theta is None else theta), scaling
