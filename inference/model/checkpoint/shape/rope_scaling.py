"""Read and write the scaling of RoPE.

transformers writes one object, `rope_parameters` (before version 5 `rope_scaling`), whose `rope_type` says how the
frequencies are changed and which other keys it has. This project's params.json has the same object. Mistral's newer
files have `yarn`, with other names.
"""

from collections.abc import Mapping
from math import log
from typing import Any

from inference.model.config import (
    CheckpointError,
    LinearScaling,
    Llama3Scaling,
    RopeScaling,
    YarnScaling,
    check_positive,
    check_whole,
    shown,
    shown_name,
)

_ORIGINAL = "original_max_position_embeddings"
_PLAIN = {"rope_type", "type", "rope_theta", "partial_rotary_factor"}
_YARN_SCALES = ("attention_factor", "mscale", "mscale_all_dim")
_KEYS: dict[str, set[str]] = {
    "default": _PLAIN,
    "linear": _PLAIN | {"factor"},
    "llama3": _PLAIN | {"factor", "low_freq_factor", "high_freq_factor", _ORIGINAL},
    "yarn": _PLAIN | {"factor", _ORIGINAL, *_YARN_SCALES, "beta_fast", "beta_slow", "truncate", "finetuned"},
}
_MISTRAL_YARN = {"factor", _ORIGINAL, "beta", "alpha", "apply_scale"}


def read_scaling(rope: Mapping[str, Any], max_seq_len: Any, original: Any = None) -> RopeScaling | None:
    """Return the scaling in transformers' object, as transformers 5.23 computes it; None for plain RoPE.

    `original` has precedence over the object's `original_max_position_embeddings`, and `max_seq_len` is its default.
    Raises CheckpointError for another type, and for a key or a value that is missing, unknown or out of range.
    """
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "dynamic":
        raise CheckpointError(
            "rope_type is 'dynamic', which turns cached keys by other angles as a text grows, so it is not supported; "
            "up to max_position_embeddings tokens the model is the same without this object"
        )
    if not isinstance(kind, str) or kind not in _KEYS:
        raise CheckpointError(f"rope_type is {shown(kind)}; one of {', '.join(_KEYS)} was expected")
    if unknown := sorted(key for key, value in rope.items() if key not in _KEYS[kind] and value is not None):
        names = ", ".join(map(shown_name, unknown))
        raise CheckpointError(f"has {names}, which is not supported with rope_type {kind!r}")
    if rope.get("partial_rotary_factor") not in (None, 1.0):
        raise CheckpointError(f"partial_rotary_factor is {shown(rope['partial_rotary_factor'])}; only 1.0 is supported")
    required = _KEYS[kind] & {"factor", "low_freq_factor", "high_freq_factor"}
    if missing := sorted(key for key in required if key not in rope):
        raise CheckpointError(f"lacks {', '.join(missing)}, which rope_type {kind!r} needs")
    original = rope.get(_ORIGINAL, max_seq_len) if original is None else original
    match kind:
        case "linear":
            return LinearScaling(rope["factor"])
        case "llama3":
            return Llama3Scaling(rope["factor"], rope["low_freq_factor"], rope["high_freq_factor"], original)
        case "yarn":
            return _yarn(rope, original, max_seq_len)
    return None


def read_mistral_yarn(yarn: Any) -> YarnScaling:
    """Return the scaling in the `yarn` of Mistral's params.json, as vLLM reads it. Raises CheckpointError."""
    if not isinstance(yarn, dict):
        raise CheckpointError(f"{shown(yarn)} is not an object")
    if unknown := sorted(yarn.keys() - _MISTRAL_YARN):
        raise CheckpointError(f"has unknown keys: {', '.join(map(shown_name, unknown))}")
    if missing := sorted({"factor", _ORIGINAL} - yarn.keys()):
        raise CheckpointError(f"lacks {', '.join(missing)}")
    check_positive("factor", yarn["factor"], 1e6)
    if type(yarn.get("apply_scale", True)) is not bool:
        raise CheckpointError(f"apply_scale is {shown(yarn['apply_scale'])}; true or false was expected")
    scale = _magnitude(yarn["factor"]) if yarn.get("apply_scale", True) else 1.0
    return YarnScaling(yarn["factor"], yarn[_ORIGINAL], yarn.get("beta", 32.0), yarn.get("alpha", 1.0), scale)


def scaling_object(scaling: RopeScaling) -> dict[str, Any]:
    """Return the object for a params.json, for `read_scaling`."""
    match scaling:
        case LinearScaling():
            return {"rope_type": "linear", "factor": scaling.factor}
        case Llama3Scaling():
            return {
                "rope_type": "llama3",
                "factor": scaling.factor,
                "low_freq_factor": scaling.low_freq_factor,
                "high_freq_factor": scaling.high_freq_factor,
                _ORIGINAL: scaling.original_max_seq_len,
            }
        case YarnScaling():
            return {
                "rope_type": "yarn",
                "factor": scaling.factor,
                _ORIGINAL: scaling.original_max_seq_len,
                "beta_fast": scaling.beta_fast,
                "beta_slow": scaling.beta_slow,
                "attention_factor": scaling.attention_factor,
                "truncate": scaling.truncate,
            }


def _yarn(rope: Mapping[str, Any], original: Any, max_seq_len: Any) -> YarnScaling:
    factor, attention_factor = rope["factor"], rope.get("attention_factor")
    if factor is None:
        for name, value in (("max_position_embeddings", max_seq_len), (_ORIGINAL, original)):
            check_whole(name, value, 2**30)
        factor = max_seq_len / original
    check_positive("factor", factor, 1e6)
    if attention_factor is None:
        above, below = rope.get("mscale"), rope.get("mscale_all_dim")
        for name, value in (("mscale", above), ("mscale_all_dim", below)):
            if value:
                check_positive(name, value, 1e6)
        attention_factor = _magnitude(factor)
        if above and below:
            attention_factor = _magnitude(factor, above) / _magnitude(factor, below)
    truncate = rope.get("truncate", True)
    fast, slow = rope.get("beta_fast") or 32.0, rope.get("beta_slow") or 1.0
    return YarnScaling(factor, original, fast, slow, attention_factor, truncate)


def _magnitude(factor: float, mscale: float = 1.0) -> float:
    """Return by how much attention is scaled at a context `factor` times as long (arXiv:2309.00071, equation 22)."""
    return 0.1 * mscale * log(factor) + 1.0 if factor > 1 else 1.0
