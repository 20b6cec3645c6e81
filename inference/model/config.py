"""The shape of a model, validated.

It has no tensors, so the scheduler and the command line can ask for a window or a parameter count without importing
torch. `checkpoint.shape.params_json` and `checkpoint.shape.config_json` read it from the two kinds of checkpoint.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_LARGEST = {"vocab_size": 2**24, "max_seq_len": 2**30}
_LARGEST_WIDTH = 2**20  # of all other counts: products of larger ones might not fit into 64 bits
_LARGEST_WINDOW = 2**30
_LARGEST_THETA = 1e15
_LARGEST_SCALE = 1e6  # of the numbers of RoPE scaling
_SHOWN_CHARS = 60

Family = Literal["mistral", "llama"]  # they have the same blocks, and differ in defaults and chat templates


class CheckpointError(ValueError):
    """A model folder cannot be used. The message names what was found, what was expected, and where."""


@dataclass(frozen=True, slots=True)
class LinearScaling:
    """Position interpolation: every frequency of RoPE is divided by `factor` (arXiv:2306.15595, equation 4)."""

    factor: float

    def __post_init__(self) -> None:
        check_positive("factor", self.factor, _LARGEST_SCALE)


@dataclass(frozen=True, slots=True)
class Llama3Scaling:
    """Llama 3.1's scaling of RoPE (arXiv:2407.21783, section 3.4.2, and its code).

    Components that turn fewer than `low_freq_factor` times within `original_max_seq_len` tokens have their frequency
    divided by `factor`, those that turn more than `high_freq_factor` times keep it, and those between are interpolated.
    """

    factor: float
    low_freq_factor: float
    high_freq_factor: float
    original_max_seq_len: int

    def __post_init__(self) -> None:
        for name in ("factor", "low_freq_factor", "high_freq_factor"):
            check_positive(name, getattr(self, name), _LARGEST_SCALE)
        check_whole("original_max_position_embeddings", self.original_max_seq_len, _LARGEST["max_seq_len"])
        if self.high_freq_factor <= self.low_freq_factor:
            raise CheckpointError(
                f"high_freq_factor is {self.high_freq_factor} and low_freq_factor {self.low_freq_factor}; a larger "
                "high_freq_factor was expected"
            )


@dataclass(frozen=True, slots=True)
class YarnScaling:
    """YaRN (arXiv:2309.00071, section 3.2).

    Components that turn more than `beta_fast` times within `original_max_seq_len` tokens keep their frequency, those
    that turn fewer than `beta_slow` times have it divided by `factor`, and those between are interpolated by their
    number. `truncate` rounds the first and the last of these numbers. Queries and keys are multiplied by
    `attention_factor`.
    """

    factor: float
    original_max_seq_len: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_factor: float = 1.0
    truncate: bool = True

    def __post_init__(self) -> None:
        for name in ("factor", "beta_fast", "beta_slow", "attention_factor"):
            check_positive(name, getattr(self, name), _LARGEST_SCALE)
        check_whole("original_max_position_embeddings", self.original_max_seq_len, _LARGEST["max_seq_len"])
        if type(self.truncate) is not bool:
            raise CheckpointError(f"truncate is {shown(self.truncate)}; true or false was expected")


RopeScaling = LinearScaling | Llama3Scaling | YarnScaling


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The shape of a Mistral or Llama model; the fields are named as in params.json.

    `sliding_window` is W, the number of keys that a query sees, its own included: one number for all layers, a tuple
    that repeats over the layers (None in it: no window in those layers), or None for full causal attention.
    """

    dim: int
    n_layers: int
    head_dim: int
    hidden_dim: int
    n_heads: int
    n_kv_heads: int
    norm_eps: float
    vocab_size: int
    sliding_window: int | tuple[int | None, ...] | None = None
    rope_theta: float = 10000.0
    max_seq_len: int = 32768
    tied_embeddings: bool = False
    rope_scaling: RopeScaling | None = None

    def __post_init__(self) -> None:
        for name in ("dim", "n_layers", "head_dim", "hidden_dim", "n_heads", "n_kv_heads", "vocab_size", "max_seq_len"):
            check_whole(name, getattr(self, name), _LARGEST.get(name, _LARGEST_WIDTH))
        for name, largest in (("norm_eps", 1.0), ("rope_theta", _LARGEST_THETA)):
            check_positive(name, getattr(self, name), largest)
        if type(self.tied_embeddings) is not bool:
            raise CheckpointError(f"tied_embeddings is {shown(self.tied_embeddings)}; true or false was expected")
        if isinstance(self.rope_scaling, YarnScaling) and self.rope_theta <= 1:
            raise CheckpointError(f"rope_theta is {self.rope_theta}; a number above 1 was expected with YaRN")
        if self.n_heads * self.head_dim > _LARGEST_WIDTH:
            raise CheckpointError(
                f"n_heads is {self.n_heads} and head_dim {self.head_dim}; a product of at most {_LARGEST_WIDTH} was "
                "expected"
            )
        if self.n_heads % self.n_kv_heads:
            raise CheckpointError(
                f"n_heads is {self.n_heads} and n_kv_heads {self.n_kv_heads}; a multiple of n_kv_heads was expected"
            )
        if self.head_dim % 2:
            raise CheckpointError(f"head_dim is {self.head_dim}; an even number was expected, because RoPE turns pairs")
        windows = self.sliding_window if isinstance(self.sliding_window, tuple) else (self.sliding_window,)
        if not windows or any(w is not None and (type(w) is not int or not 1 <= w <= _LARGEST_WINDOW) for w in windows):
            raise CheckpointError(
                f"sliding_window is {shown(self.sliding_window)}; a whole number of at least 1 and at most "
                f"{_LARGEST_WINDOW}, a list of such, or null was expected"
            )
        if self.n_layers % len(windows):
            raise CheckpointError(
                f"sliding_window lists {len(windows)} layers; a divisor of n_layers {self.n_layers} was expected"
            )

    def window(self, layer: int) -> int | None:
        """Return W of one layer, or None where its attention is full and causal."""
        if isinstance(self.sliding_window, tuple):
            return self.sliding_window[layer % len(self.sliding_window)]
        return self.sliding_window

    @property
    def attention_factor(self) -> float:
        """The number by which RoPE multiplies queries and keys. Only YaRN has one."""
        return self.rope_scaling.attention_factor if isinstance(self.rope_scaling, YarnScaling) else 1.0

    @property
    def n_parameters(self) -> int:
        """The number of trainable weights; a tied head is counted once."""
        attention = 2 * self.dim * self.head_dim * (self.n_heads + self.n_kv_heads)
        layer = attention + 3 * self.dim * self.hidden_dim + 2 * self.dim
        embeddings = self.vocab_size * self.dim * (1 if self.tied_embeddings else 2)
        return self.n_layers * layer + embeddings + self.dim


def check_whole(name: str, value: Any, largest: int = _LARGEST_WIDTH) -> None:
    """Raise CheckpointError unless `value`, which may be anything, is a whole number from 1 to `largest`."""
    if type(value) is not int or value < 1:
        raise CheckpointError(f"{name} is {shown(value)}; a whole number of at least 1 was expected")
    if value > largest:
        raise CheckpointError(f"{name} is {shown(value)}; at most {largest} was expected")


def check_positive(name: str, value: Any, largest: float) -> None:
    """Raise CheckpointError unless `value` is a number above 0 and at most `largest`."""
    if type(value) not in (int, float) or not value > 0:
        raise CheckpointError(f"{name} is {shown(value)}; a positive number was expected")
    if value > largest:
        raise CheckpointError(f"{name} is {shown(value)}; at most {largest:g} was expected")


def shown(value: Any) -> str:
    """Return a value as it is shown in an error of one line, shortened where it is long."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply, or a number with thousands of digits
        return f"a {type(value).__name__} that is too large to show"
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}... ({len(text)} characters)"


def shown_name(name: str) -> str:
    """Return a key as it is shown in an error: unchanged where it is short and printable."""
    return name if name.isprintable() and len(name) <= _SHOWN_CHARS else shown(name)


def reason(error: BaseException, path: Path) -> str:
    """Return the first line of an error about a file without the file's path, which the message around it gives."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    line = str(error).partition("\n")[0]
    return line.replace(f"'{path}'", "it").replace(f'"{path}"', "it").replace(str(path), "it") or type(error).__name__


def read_object(path: Path, purpose: str) -> dict[str, Any]:
    """Return the JSON object in a file, or raise CheckpointError. `purpose` says what the file is for."""
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"no {path.name} in {path.parent}; it {purpose}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON: {reason(error, path)}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} contains a {type(value).__name__}; a JSON object was expected")
    return value
