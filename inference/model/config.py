"""What a checkpoint's params.json says: the shape of a Mistral model, read strictly and validated.

It knows nothing of tensors, so that the scheduler and the command line can ask for a window or a parameter count
without importing torch. A key that this architecture does not have (experts, adapters, a vision encoder) is an error:
ignoring it would load a model that answers nonsense.
"""

import json
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

PARAMS_FILE = "params.json"


class CheckpointError(ValueError):
    """A model folder cannot be used: the message says what was found, what was expected and where."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Shape of a Mistral model; the field names are those of params.json.

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

    def to_params_json(self) -> str:
        """The text of a params.json that `from_params_json` reads back as the same configuration."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_params_json(cls, path: Path) -> "ModelConfig":
        """Read Mistral's params.json.

        Raises CheckpointError: missing file, text that is not JSON, a missing or unknown key, a value out of range.
        """
        try:
            params: Any = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise CheckpointError(f"no {path.name} in {path.parent}; it states the shape of the model") from error
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise CheckpointError(f"{path} cannot be read as JSON: {error}") from error
        if not isinstance(params, dict):
            raise CheckpointError(
                f"{path} holds a {type(params).__name__}; an object with keys such as dim was expected"
            )
        known = {field.name: field.default is MISSING for field in fields(cls)}
        if missing := sorted(name for name, is_required in known.items() if is_required and name not in params):
            raise CheckpointError(f"{path} lacks {', '.join(missing)}")
        if unknown := sorted(params.keys() - known.keys()):
            raise CheckpointError(
                f"{path} holds {', '.join(unknown)}, unknown to this architecture; known are {', '.join(known)}"
            )
        if isinstance(params.get("sliding_window"), list):
            params["sliding_window"] = tuple(params["sliding_window"])
        try:
            return cls(**params)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from None


def load_config(folder: Path) -> ModelConfig:
    """The configuration of a model folder; CheckpointError when there is none or it cannot be used."""
    if not folder.is_dir():
        raise CheckpointError(
            f"no folder {folder}; a folder with {PARAMS_FILE} and consolidated.safetensors was expected"
        )
    return ModelConfig.from_params_json(folder / PARAMS_FILE)
