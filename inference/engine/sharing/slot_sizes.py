"""How long conversations may be, and how many fit. Shapes and bytes in, numbers out.

A slot has the rows of one conversation. A window bounds them, whatever `max_len` is. Without a window a slot has
`max_len` rows: at 32k tokens 4 GiB for Mistral 7B, so a GPU of 24 GB would have two slots, however short its
conversations are. So there the default `max_len` is the largest that leaves room for 16 conversations. On a CPU it is
the model's own where such a conversation fits; for Llama 3.x, which allows 131,072 tokens (4 to 16 GiB), it often does
not, and the default is the largest that leaves room for two.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from inference.engine.sharing.memory import GIB, count_slots, too_large
from inference.model.cache import bytes_per_slot, largest_layer
from inference.model.config import ModelConfig

CONVERSATIONS = 16
_CPU_CONVERSATIONS = 2
SHORTEST = 2048  # tokens; a shorter default would refuse ordinary prompts


@dataclass(frozen=True, slots=True)
class Sized:
    """A model to divide memory for. `max_len` None: the default. `row_bytes`: a slot's share of the memory of a step,
    beside its cache; `n_copies`: how many copies of one layer's keys and values a step makes."""

    config: ModelConfig
    dtype: torch.dtype
    max_len: int | None = None
    row_bytes: int = 0
    n_copies: int = 0

    def slot_bytes(self, max_len: int) -> int:
        cache_bytes = bytes_per_slot(self.config, max_len=max_len, dtype=self.dtype)
        copied = self.n_copies * largest_layer(self.config, max_len=max_len) if self.n_copies else 0.0
        return round(cache_bytes * (1 + copied)) + self.row_bytes

    @property
    def is_windowed(self) -> bool:
        """Whether a window that is shorter than the longest conversation bounds the rows of every layer."""
        windows = [self.config.window(layer) for layer in range(self.config.n_layers)]
        return all(window is not None and window < self.config.max_seq_len for window in windows)


@dataclass(frozen=True, slots=True)
class SlotSizes:
    """The greatest length of each model that fits, and the slots of each. `failures`: why the others do not fit."""

    max_len: Mapping[str, int]
    n_slots: int
    failures: Mapping[str, ValueError]


def divide_memory(
    models: Mapping[str, Sized],
    cache_bytes: int,
    *,
    is_on_gpu: bool,
    max_slots: int,
    n_slots: int | None = None,
) -> SlotSizes:
    """Divide `cache_bytes` into the same number of slots for each model: at most `n_slots` where given, else
    `max_slots`.

    On a CPU, where slots move between models, room for a copy of one layer stays free. Raises ValueError when no slot
    fits.
    """
    lengths = {
        name: model.config.max_seq_len if model.max_len is None else model.max_len for name, model in models.items()
    }
    if is_on_gpu or sum(model.slot_bytes(lengths[name]) for name, model in models.items()) > cache_bytes:
        n_conversations = CONVERSATIONS if is_on_gpu else _CPU_CONVERSATIONS
        lengths |= default_lengths(
            models, cache_bytes, n_conversations=min(n_slots or n_conversations, n_conversations)
        )
    slot_bytes = {name: model.slot_bytes(lengths[name]) for name, model in models.items()}
    failures = {
        name: ValueError(
            f"one conversation of {lengths[name]:,} tokens needs {slot_bytes[name] / GIB:.2f} GiB beside those of "
            f"the other models, and all caches may use {cache_bytes / GIB:.2f} GiB; raise --cache-gb or lower --max-len"
        )
        for name in too_large(slot_bytes, cache_bytes)
    }
    fitting = {name: n_bytes for name, n_bytes in slot_bytes.items() if name not in failures}
    layers = (largest_layer(models[name].config, max_len=lengths[name]) for name in fitting)
    copied = 0.0 if is_on_gpu else max(layers)
    most = count_slots(list(fitting.values()), cache_bytes, max_slots=max_slots, copied=copied)
    return SlotSizes({name: lengths[name] for name in fitting}, min(most, n_slots or most), failures)


def default_lengths(
    models: Mapping[str, Sized], cache_bytes: int, *, n_conversations: int = CONVERSATIONS
) -> dict[str, int]:
    """Return the default `max_len` of each model that has none given and layers without a window, by name.

    It is the largest with which `n_conversations` of every model fit into `cache_bytes`, at least 2,048
    and at most the model's own `max_seq_len`. Such models share equally what the others leave.
    """
    unbounded = {name: model for name, model in models.items() if model.max_len is None and not model.is_windowed}
    others = [model for name, model in models.items() if name not in unbounded]
    taken = sum(model.slot_bytes(model.max_len or model.config.max_seq_len) for model in others)
    each = (cache_bytes // n_conversations - taken) / max(1, len(unbounded))
    return {name: _longest(model, each) for name, model in unbounded.items()}


def _longest(model: Sized, n_bytes: float) -> int:
    """Return the greatest length whose slot has at most `n_bytes`, within the bounds of `default_lengths`."""
    most = model.config.max_seq_len
    fits, high = min(SHORTEST, most), most  # the shortest is taken even where it does not fit
    while fits < high:
        middle = (fits + high + 1) // 2
        fits, high = (middle, high) if model.slot_bytes(middle) <= n_bytes else (fits, middle - 1)
    return fits
