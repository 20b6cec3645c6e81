"""Where a key is stored in the rolling buffer, and which keys a query sees.

In a layer with window W, each slot has a ring of R = min(W, max_len) rows (R = max_len without a window).

1. The key and the value of position p are stored in row p mod R. Keys are turned by their absolute positions before
   that, so the order of the rows does not matter.
2. Query q sees key k when 0 <= q - k < W: W keys, its own included, as in Mistral's own code, transformers and vLLM
   (the paper's wording reads as W + 1).
3. A single token is stored before its query is computed. The query then sees every row that has been written, which
   are the first min(p + 1, R).
4. A longer chunk is computed before it is stored, because its keys may overwrite keys that it sees. It sees itself and
   the min(start, W - 1) positions before it (min(start, R) without a window). Its last R tokens are stored.

The C code follows the same rules, and its tests compare it with this module. Letters: B single tokens or N tokens of a
step, H_kv key heads, D head_dim.
"""

import torch
from torch import Tensor


def n_rows(window: int | None, max_len: int) -> int:
    """Return R."""
    return max_len if window is None else min(window, max_len)


def targets(slots: Tensor, positions: Tensor, ring: Tensor) -> Tensor:
    """Return where the keys, then the values, of tokens go in one layer's ring (rule 1): (N, 2 H_kv).

    `slots` and `positions` are (N,). Places count rows of D numbers in `ring` (2, n_slots, H_kv, R, D): the values of
    all slots follow the keys of all slots.
    """
    _, n_slots, n_kv_heads, n_ring, _ = ring.shape
    first = slots * (n_kv_heads * n_ring) + positions % n_ring
    heads = torch.arange(2 * n_kv_heads, device=ring.device)
    heads[n_kv_heads:] += (n_slots - 1) * n_kv_heads
    return first[:, None] + heads * n_ring


def n_written(positions: Tensor, n_ring: int) -> Tensor:
    """Return how many rows single tokens at `positions` (B,) see: (B,) (rule 3)."""
    return (positions + 1).clamp(max=n_ring)


def hidden_rows(positions: Tensor, n_keys: int, ring: Tensor) -> Tensor:
    """Return the bias for the first n_keys <= R rows that hides those not yet written (rule 3): (B * H_kv, 1, n_keys).

    It is 0 for a row that single tokens at `positions` (B,) see, else -inf, in the ring's dtype.
    """
    last = positions.repeat_interleave(ring.shape[2])
    hidden = torch.arange(n_keys, device=ring.device) > last[:, None, None]
    return torch.zeros(hidden.shape, dtype=ring.dtype, device=ring.device).masked_fill_(hidden, float("-inf"))


def n_past(start: int, window: int | None, n_ring: int) -> int:
    """Return how many positions before its start a chunk sees (rule 4)."""
    return min(start, n_ring if window is None else window - 1)


def past_rows(start: int, n_past: int, n_ring: int, device: torch.device) -> Tensor:
    """Return the rows of the `n_past` positions before `start`, in order of position."""
    return torch.arange(start - n_past, start, device=device) % n_ring


def band(n_queries: int, n_keys: int, window: int | None, device: torch.device) -> Tensor | None:
    """Return which keys the last `n_queries` of `n_keys` consecutive positions see (rule 2): (n_queries, n_keys) bool.

    None means plain causal attention of the whole sequence, for which faster code exists.
    """
    if n_queries == n_keys and (window is None or window >= n_keys):
        return None
    ahead = torch.arange(n_keys - n_queries, n_keys, device=device)[:, None] - torch.arange(n_keys, device=device)
    visible = ahead >= 0
    return visible if window is None else visible & (ahead < window)
