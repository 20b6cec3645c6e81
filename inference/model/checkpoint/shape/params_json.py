"""Read and write params.json of Mistral's layout.

Llama 2's is read too. A key that this architecture does not have (experts, adapters, a vision encoder) is an error:
without it, the model would answer nonsense. Published files have some keys that change nothing; each is accepted with
the one value for which that is so.
"""

import json
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from inference.model.checkpoint.shape.rope_scaling import read_mistral_yarn, read_scaling, scaling_object
from inference.model.config import (
    CheckpointError,
    Family,
    ModelConfig,
    RopeScaling,
    YarnScaling,
    check_positive,
    check_whole,
    read_object,
    shown,
    shown_name,
)

PARAMS_FILE = "params.json"

_FIXED = {"model_type": "transformer", "activation": "silu", "causal": True, "use_biases": False}
_IGNORED = ("max_batch_size",)  # the size of the publisher's own cache
_LLAMA_MARK = "multiple_of"  # Llama gives its hidden width by a rule, Mistral as a number
_LLAMA_2_TOKENS = 4096  # Llama 2's length, which its files do not give
_LLAMA_3_SCALING = (
    '"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, '
    '"original_max_position_embeddings": 8192} and "max_seq_len": 131072'
)
_DEFAULT_LENGTH = next(field.default for field in fields(ModelConfig) if field.name == "max_seq_len")
_LARGEST_FACTOR = 1000.0
_SHOWN_KEYS = 20


def read_params(path: Path, *, vocab_size: int | None = None) -> tuple[ModelConfig, Family]:
    """Return the shape in a params.json, and its model family.

    `vocab_size` is used for a file that leaves it to the tokenizer (-1, as in Llama's). Raises CheckpointError for a
    missing file, text that is not JSON, a missing or unknown key, and a value out of range.
    """
    params = read_object(path, "states the shape of the model")
    family: Family = "llama" if _LLAMA_MARK in params else "mistral"
    stated = params.pop("family", family)
    if stated not in ("mistral", "llama"):
        raise CheckpointError(f"{path}: family is {shown(stated)}; mistral or llama was expected")
    for key, expected in _FIXED.items():
        if params.pop(key, expected) not in (expected, None):
            raise CheckpointError(f"{path}: {key} is not {expected!r}; this architecture supports no other value")
    for key in _IGNORED:
        params.pop(key, None)
    if "max_position_embeddings" in params:  # the later name
        params.setdefault("max_seq_len", params.pop("max_position_embeddings"))
    if _LLAMA_MARK in params:
        params = _from_llama(path, params)
    if params.get("vocab_size") == -1 and vocab_size is not None:
        params["vocab_size"] = vocab_size
    windows = params.get("sliding_window"), params.pop("_sliding_window", None)  # the second hides it from vLLM
    if None not in windows and windows[0] != windows[1]:
        raise CheckpointError(
            f"{path}: sliding_window is {shown(windows[0])} and _sliding_window {shown(windows[1])}; one was expected"
        )
    params["sliding_window"] = windows[1] if windows[0] is None else windows[0]
    known = {field.name: field.default is MISSING for field in fields(ModelConfig)}
    unknown = sorted(key for key, value in params.items() if key not in {*known, "yarn"} and value is not None)
    if unknown:
        names = ", ".join(shown_name(key) for key in unknown[:_SHOWN_KEYS])
        raise CheckpointError(f"{path} has unknown keys: {names}; this architecture has {', '.join(known)}")
    if missing := sorted(name for name, is_required in known.items() if is_required and name not in params):
        raise CheckpointError(f"{path} lacks {', '.join(missing)}")
    if isinstance(params.get("sliding_window"), list):
        params["sliding_window"] = tuple(params["sliding_window"])
    try:
        params["rope_scaling"] = scaling = _scaling(params)
        if isinstance(scaling, YarnScaling):
            params.setdefault("max_seq_len", int(scaling.factor * scaling.original_max_seq_len))
        return ModelConfig(**{key: value for key, value in params.items() if key in known}), stated
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None


def leaves_vocabulary_open(path: Path) -> bool:
    """Whether a params.json leaves the vocabulary size to the weights."""
    return read_object(path, "states the shape of the model").get("vocab_size") == -1


def params_text(config: ModelConfig, family: Family = "mistral") -> str:
    """Return the text of a params.json, for `read_params`."""
    params = asdict(config) | ({} if family == "mistral" else {"family": family})
    del params["rope_scaling"]
    if config.rope_scaling is not None:
        params["rope_scaling"] = scaling_object(config.rope_scaling)
    return json.dumps(params, indent=2) + "\n"


def _scaling(params: dict[str, Any]) -> RopeScaling | None:
    """Return the scaling of RoPE in `rope_scaling`, or in `yarn` of Mistral's newer files."""
    rope, yarn = params.get("rope_scaling"), params.get("yarn")
    if rope and yarn:
        raise CheckpointError("both rope_scaling and yarn are given; one was expected")
    try:
        if yarn:
            return read_mistral_yarn(yarn)
        if rope is not None and not isinstance(rope, dict):
            raise CheckpointError(f"{shown(rope)} is not an object")
        return read_scaling(rope or {}, params.get("max_seq_len", _DEFAULT_LENGTH))
    except CheckpointError as error:
        raise CheckpointError(f"{'yarn' if yarn else 'rope_scaling'}: {error}") from None


def _from_llama(path: Path, params: dict[str, Any]) -> dict[str, Any]:
    """Return Llama's keys as Mistral's.

    Its hidden width is 2/3 of 4 dim, times a factor, rounded up (arXiv:2302.13971).
    """
    params = dict(params)
    multiple, factor = params.pop(_LLAMA_MARK), params.pop("ffn_dim_multiplier", None)
    if params.pop("use_scaled_rope", False) and not params.get("rope_scaling"):
        raise CheckpointError(
            f"{path}: use_scaled_rope is true, and the scale is not in the file; add {_LLAMA_3_SCALING} (Llama 3.1 and "
            "3.3; factor 32 for Llama 3.2)"
        )
    if missing := sorted({"dim", "n_heads", "n_layers", "norm_eps"} - params.keys()):
        raise CheckpointError(f"{path} lacks {', '.join(missing)}")
    try:
        for name, value in ((_LLAMA_MARK, multiple), ("dim", params["dim"]), ("n_heads", params["n_heads"])):
            check_whole(name, value)
        if factor is not None:
            check_positive("ffn_dim_multiplier", factor, _LARGEST_FACTOR)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from None
    hidden = int(8 * params["dim"] / 3)
    hidden = hidden if factor is None else int(factor * hidden)
    params.setdefault("hidden_dim", -(-hidden // multiple) * multiple)
    params.setdefault("head_dim", params["dim"] // params["n_heads"])
    if not params.get("rope_scaling"):
        params.setdefault("max_seq_len", _LLAMA_2_TOKENS)
    if params.get("n_kv_heads") is None:
        params["n_kv_heads"] = params["n_heads"]
    return params
