"""One query for each of many slots, in any order and with rings of any length, in one call.

Slots and positions are tensors, so nothing waits for the GPU, and a CUDA graph can record it. On a CPU `plan.Run` is
faster.

Letters: B slots, H query heads, H_kv key heads, D head_dim, R rows of a ring.
"""

from dataclasses import dataclass

from torch import Tensor

from inference.model.gpu.flash_attention import attend_slots, slot_starts
from inference.model.operators.attention import attend_single
from inference.model.places import hidden_rows, n_written


@dataclass(frozen=True, slots=True)
class SlotQueries:
    """A query sees the first `n_written` (B,) rows of its slot's ring, at most `n_keys`.

    `starts` is for `attend_slots`, and `bias` (B * H_kv, 1, n_keys) for plain products.
    """

    slots: Tensor
    n_keys: int
    n_written: Tensor
    starts: Tensor | None
    bias: Tensor | None


def slot_queries(slots: Tensor, positions: Tensor, ring: Tensor, n_keys: int, *, is_fused: bool) -> SlotQueries:
    """Lay out queries at `positions` (B,) of `slots` (B,) for the layers with such a ring (2, n_slots, H_kv, R, D).

    No slot may have more than `n_keys` rows written. With `is_fused` attention is `attend_slots`. Without, each row's
    ring is copied and multiplied: that is correct anywhere, but moves three times the bytes.
    """
    _, _, n_kv_heads, n_ring, _ = ring.shape
    n_keys = min(n_keys, n_ring)
    starts = slot_starts(slots, n_kv_heads, n_ring) if is_fused else None
    bias = None if is_fused else hidden_rows(positions, n_keys, ring)
    return SlotQueries(slots, n_keys, n_written(positions, n_ring).int(), starts, bias)


def attend_queries(q: Tensor, queries: SlotQueries, ring: Tensor) -> Tensor:
    """Attend with q (B, H, D), scaled, over what each query sees: (B, H * D)."""
    if queries.starts is not None:
        found = attend_slots(q, ring, queries.starts, queries.n_written, queries.n_keys)
    else:
        keys, values = ring[:, :, :, : queries.n_keys].index_select(1, queries.slots).flatten(1, 2)
        found = attend_single(q.reshape(len(keys), -1, q.shape[2]), keys, values, queries.bias)
    return found.reshape(len(q), -1)
