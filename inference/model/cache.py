"""The rolling buffer: the keys and values of the last W tokens of every sequence, in memory that never grows.

A slot is the place of one sequence. In each layer it has a ring of R = min(W, max_len) rows; the key of position p
stands in row p mod R, already turned by its absolute position, so that the order of the rows does not matter. A token's
key takes the place of the one that has just left the window: one token alone may write first, a longer chunk has to
read the ring before its own keys go in (`BlockStep` does).

This module stores; which sequence gets which slot is the scheduler's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.model.config import ModelConfig
from inference.model.places import n_rows


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens at positions start, start + 1, … of the sequence that lives in `slot`. With `by_torch` no compiled code
    takes part, even where it is at hand: a request keeps to what it began with."""

    slot: int
    start: int
    ids: Sequence[int]
    by_torch: bool = False


class RingCache:
    """Keys and values of `n_slots` sequences of at most `max_len` tokens each, zeroed.

    `rings[layer]` is (2, n_slots, n_kv_heads, R, head_dim), keys before values; `lengths[slot]` is the number of tokens
    of the sequence in a slot, those that have left its ring included.
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
    def keys(self) -> list[Tensor]:
        """Those of each layer: (n_slots, n_kv_heads, R, head_dim)."""
        return [ring[0] for ring in self.rings]

    @property
    def values(self) -> list[Tensor]:
        """Those of each layer: (n_slots, n_kv_heads, R, head_dim)."""
        return [ring[1] for ring in self.rings]

    @property
    def n_bytes(self) -> int:
        return sum(ring.nbytes for ring in self.rings)

    @property
    def n_rewindable(self) -> int:
        """The length up to which a slot can be rewound to any shorter one: none of its rings has come round."""
        return min(ring.shape[3] for ring in self.rings)

    def reset(self, slot: int) -> None:
        """Empty a slot, every row of it, also those that a broken step may have written beyond its length."""
        self.lengths[slot] = 0
        for ring in self.rings:
            ring[:, slot].zero_()

    def rewind(self, slot: int, n: int) -> None:
        """Keep the first `n` tokens of a slot, so that another text can go on from there; 0 empties it.

        The rows of the others are zeroed: a NaN left behind would reach through any mask. No more than those, for a
        slot of a large model is half a gigabyte.

        ValueError where a slot holds fewer, or where a ring has come round: the token that stood in the window of
        position n has then given its place to a later one. (A ring has W rows, one for each visible key; with R rows,
        up to R - W tokens could be taken back.)
        """
        n_held = self.lengths[slot]
        if not 0 <= n <= n_held:
            raise ValueError(f"slot {slot} holds {n_held} tokens; it cannot be rewound to {n}")
        if 0 < n < n_held and n_held > self.n_rewindable:
            raise ValueError(
                f"slot {slot} holds {n_held} tokens and its shortest ring {self.n_rewindable}: what {n} tokens see is "
                "no longer there; rewind it to 0"
            )
        self.lengths[slot] = n
        for ring in self.rings if n < n_held else ():
            ring[:, slot, :, n:n_held].zero_()

    def resize(self, kept: Sequence[int], n_slots: int) -> None:
        """Have `n_slots`: the first are the old slots `kept`, bit for bit, the others empty. All tensors are new ones.

        Layer by layer, so that no more than one layer's keys and values are there twice.
        """
        lengths = [self.lengths[slot] for slot in kept]
        rows = torch.tensor(kept, dtype=torch.long, device=self.rings[0].device)
        for layer, old in enumerate(self.rings):
            self.rings[layer] = old.new_zeros((2, n_slots, *old.shape[2:]))
            self.rings[layer][:, : len(kept)] = old[:, rows]
        self.n_slots, self.lengths = n_slots, lengths + [0] * (n_slots - len(kept))


def bytes_per_slot(config: ModelConfig, *, max_len: int, dtype: torch.dtype) -> int:
    """Memory that one slot takes in all layers, for choosing the number of slots."""
    rows = sum(n_rows(config.window(layer), max_len) for layer in range(config.n_layers))
    return 2 * rows * config.n_kv_heads * config.head_dim * dtype.itemsize


def largest_layer(config: ModelConfig, *, max_len: int) -> float:
    """The part of a cache that its largest layer takes: so much is there twice during `resize`."""
    rows = [n_rows(config.window(layer), max_len) for layer in range(config.n_layers)]
    return max(rows) / sum(rows)
