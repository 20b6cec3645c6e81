"""The shape of a model: what every part of this project knows of it, validated.

It knows nothing of tensors, so that the scheduler and the command line can ask for a window or a parameter count
without importing torch. `params_json` and `config_json` read it from the two kinds of checkpoint.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Family = Literal["mistral", "llama"]  # whose blocks are the same; they differ in defaults and in how they are spoken to


class CheckpointError(ValueError):
    """A model folder cannot be used: the message says what was found, what was expected and where."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Shape of a Mistral or Llama model; the field names are those of params.json.

    `sliding_window` is W, the number of keys that a query sees, its own included: one number for all layers, a tuple
    that repeats over the layers (None in it: no window there), or None for full causal attention.
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

    def __post_init__(self) -> None:
        for name in ("dim", "n_layers", "head_dim", "hidden_dim", "n_heads", "n_kv_heads", "vocab_size", "max_seq_len"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise CheckpointError(f"{name} is {value!r}; a whole number of at least 1 was expected")
        for name in ("norm_eps", "rope_theta"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not 0 < value < float("inf"):
                raise CheckpointError(f"{name} is {value!r}; a positive number was expected")
        if type(self.tied_embeddings) is not bool:
            raise CheckpointError(f"tied_embeddings is {self.tied_embeddings!r}; true or false was expected")
        if self.n_heads % self.n_kv_heads:
            raise CheckpointError(
                f"n_heads is {self.n_heads} and n_kv_heads {self.n_kv_heads}; a multiple of n_kv_heads was expected"
            )
        if self.head_dim % 2:
            raise CheckpointError(f"head_dim is {self.head_dim}; an even number was expected, RoPE turns pairs")
        windows = self.sliding_window if isinstance(self.sliding_window, tuple) else (self.sliding_window,)
        if not windows or any(w is not None and (type(w) is not int or w < 1) for w in windows):
            raise CheckpointError(
                f"sliding_window is {self.sliding_window!r}; a whole number of at least 1, a list of such, or null was "
                "expected"
            )
        if self.n_layers % len(windows):
            raise CheckpointError(
                f"sliding_window lists {len(windows)} layers; a divisor of n_layers {self.n_layers} was expected"
            )

    def window(self, layer: int) -> int | None:
        """W of one layer; None where its attention is full and causal."""
        if isinstance(self.sliding_window, tuple):
            return self.sliding_window[layer % len(self.sliding_window)]
        return self.sliding_window

    @property
    def n_parameters(self) -> int:
        """Trainable numbers in the model; a tied head is counted once."""
        attention = 2 * self.dim * self.head_dim * (self.n_heads + self.n_kv_heads)
        layer = attention + 3 * self.dim * self.hidden_dim + 2 * self.dim
        embeddings = self.vocab_size * self.dim * (1 if self.tied_embeddings else 2)
        return self.n_layers * layer + embeddings + self.dim


def read_object(path: Path, purpose: str) -> dict[str, Any]:
    """The JSON object in a file of a model folder; CheckpointError where there is none. `purpose` is what it is for."""
    try:
        value: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"no {path.name} in {path.parent}; it {purpose}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} holds a {type(value).__name__}; a JSON object was expected")
    return value
