"""The rolling buffer: the keys and values of the last W tokens of every sequence.

Its memory never grows. A slot stores one sequence. In each layer it has a ring of rows, and a token's key replaces the
key that has just left the window; `places` has the rules. The scheduler decides which sequence gets which slot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from inference.model.config import ModelConfig
from inference.model.places import n_rows


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens at positions start, start + 1, … of the sequence in `slot`.

    With `by_torch`, torch computes them even where there is compiled code, because a request keeps the backend that it
    began with.
    """

    slot: int
    start: int
    ids: Sequence[int]
    by_torch: bool = False


class RingCache:
    """Keys and values of `n_slots` sequences of at most `max_len` tokens each, zeroed.

    `rings[layer]` is (2, n_slots, n_kv_heads, R, head_dim), keys before values. `lengths[slot]` counts the tokens of
    the sequence in a slot, including those that have left its ring.
    """

    def __init__(
        self,
        config: ModelConfig,
        *,
        n_slots: int,
        max_len: int,
        dtype: torch.dtype,
        device: torch.device | str = "cpu",
    ) -> None:
        if n_slots < 1 or max_len < 1:
            raise ValueError(f"n_slots is {n_slots} and max_len {max_len}; at least 1 of each was expected")
        self.n_slots = n_slots
        self.max_len = max_len
        self.lengths = [0] * n_slots
        shapes = [
            (2, n_slots, config.n_kv_heads, n_rows(config.window(layer), max_len), config.head_dim)
            for layer in range(config.n_layers)
        ]
        self.rings = [torch.zeros(shape, dtype=dtype, device=device) for shape in shapes]

    @property
    def n_bytes(self) -> int:
        return sum(ring.nbytes for ring in self.rings)

    @property
    def n_rewindable(self) -> int:
        """The greatest length that can be rewound to any shorter one: no ring has overwritten a row by then."""
        return min(ring.shape[3] for ring in self.rings)

    def reset(self, slot: int) -> None:
        """Zero every row of a slot, including rows beyond its length that a failed step may have written."""
        self.lengths[slot] = 0
        for ring in self.rings:
            ring[:, slot].zero_()

    def rewind(self, slot: int, n: int) -> None:
        """Keep the first `n` tokens of a slot, so that another text can continue from there; 0 empties it.

        The rows of the other tokens are zeroed, because a NaN in them would pass through any mask. Only those rows are,
        because a slot of a large model is half a gigabyte.

        Raises ValueError where a slot has fewer tokens, or where a ring has overwritten a key that position n sees. (A
        ring has W rows, one for each visible key. With R > W rows, up to R - W tokens could be taken back.)
        """
        n_held = self.lengths[slot]
        if not 0 <= n <= n_held:
            raise ValueError(f"slot {slot} has {n_held} tokens; it cannot be rewound to {n}")
        if 0 < n < n_held and n_held > self.n_rewindable:
            raise ValueError(
                f"slot {slot} has {n_held} tokens and its shortest ring {self.n_rewindable} rows: keys that {n} tokens "
                "see are overwritten; rewind it to 0"
            )
        self.lengths[slot] = n
        for ring in self.rings if n < n_held else ():
            ring[:, slot, :, n:n_held].zero_()

    def resize(self, kept: Sequence[int], n_slots: int) -> None:
        """Change to `n_slots` slots: first the old slots `kept`, bit for bit, then empty ones. All tensors are new.

        It works layer by layer, so that memory has at most one layer's keys and values twice.
        """
        lengths = [self.lengths[slot] for slot in kept]
        rows = torch.tensor(kept, dtype=torch.long, device=self.rings[0].device)
        for layer, old in enumerate(self.rings):
            self.rings[layer] = old.new_zeros((2, n_slots, *old.shape[2:]))
            self.rings[layer][:, : len(kept)] = old[:, rows]
        self.n_slots, self.lengths = n_slots, lengths + [0] * (n_slots - len(kept))


def bytes_per_slot(config: ModelConfig, *, max_len: int, dtype: torch.dtype) -> int:
    """Return the bytes of one slot in all layers, for choosing the number of slots."""
    rows = sum(n_rows(config.window(layer), max_len) for layer in range(config.n_layers))
    return 2 * rows * config.n_kv_heads * config.head_dim * dtype.itemsize


def largest_layer(config: ModelConfig, *, max_len: int) -> float:
    """Return the largest layer's share of a cache, which `resize` has in memory twice."""
    rows = [n_rows(config.window(layer), max_len) for layer in range(config.n_layers)]
    return max(rows) / sum(rows)
