"""Flash attention over the rolling buffer, on a GPU.

Single tokens read their rings in place, and a longer chunk skips the keys that the window hides. Torch's public
`scaled_dot_product_attention` needs a mask for rings of different lengths, and for a chunk behind a window. With a mask
and grouped heads it cannot use its fast kernels. The kernel below it takes lengths and a window instead of a mask, and
divides the keys of a single query among a GPU's processors. (The public interface to it, `torch.nn.attention.varlen`,
imports 800 modules.) The kernel is private to torch, so it is tried before it is used, and plain products are used
where it is missing or returns other numbers. None of this has been measured on a GPU.
"""

import logging
from functools import cache

import torch
from torch import Tensor

from inference.model.gpu.cards import has_bfloat16
from inference.model.operators.attention import attend, attend_single
from inference.model.places import band

logger = logging.getLogger(__name__)

_TYPES = (torch.bfloat16, torch.float16)
_TOLERANCE = 0.03  # of the norm: bfloat16 rounds by 0.004, and the two methods round in different places


def attend_slots(q: Tensor, ring: Tensor, starts: Tensor, n_written: Tensor, n_keys: int) -> Tensor:
    """Attend with one scaled query for each of B slots: q (B, H, D) over a layer's ring (2, n_slots, H_kv, R, D).

    Returns (B, H, D). `starts` is from `slot_starts`. A query sees the first `n_written` (B,) int32 rows of its ring,
    at most `n_keys`.
    """
    _, n_slots, n_kv_heads, n_ring, head_dim = ring.shape
    # Key t of head h is t + h R places after its slot's start, so "tokens" and "heads" of this view overlap.
    shape = ((n_slots - 1) * n_kv_heads + 1) * n_ring, n_kv_heads, head_dim
    keys, values = (half.as_strided(shape, (head_dim, n_ring * head_dim, 1)) for half in ring)
    first_queries = torch.arange(len(q) + 1, dtype=torch.int32, device=q.device)
    return _flash(q, keys, values, first_queries, starts, 1, n_keys, n_used=n_written)


def slot_starts(slots: Tensor, n_kv_heads: int, n_ring: int) -> Tensor:
    """Return where the rings of `slots` (B,) begin, for `attend_slots`: (B + 1,) int32, whose last number is unused."""
    starts = torch.zeros(len(slots) + 1, dtype=torch.int32, device=slots.device)
    starts[:-1] = slots * (n_kv_heads * n_ring)
    return starts


def attend_keys(q: Tensor, k: Tensor, v: Tensor, window: int | None) -> Tensor:
    """Attend with scaled queries q (T, H, D), the last T of S consecutive positions, over k and v (S, H_kv, D).

    Returns (T, H, D).
    """
    n_queries, n_keys = len(q), len(k)
    first_queries = torch.arange(0, n_queries + 1, n_queries, dtype=torch.int32, device=q.device)
    first_keys = torch.arange(0, n_keys + 1, n_keys, dtype=torch.int32, device=q.device)
    return _flash(q, k, v, first_queries, first_keys, n_queries, n_keys, is_causal=True, window=window)


@cache
def can_fuse(device: torch.device, dtype: torch.dtype, n_heads: int, n_kv_heads: int, head_dim: int) -> bool:
    """Whether this module's attention works for such heads. It is tried once, on small random rings and a chunk."""
    if device.type != "cuda" or dtype not in _TYPES or not has_bfloat16(device):
        return False
    return agrees(device, dtype, n_heads, n_kv_heads, head_dim)


def agrees(device: torch.device, dtype: torch.dtype, n_heads: int, n_kv_heads: int, head_dim: int) -> bool:
    """Whether flash attention returns what plain products return; if not, log a warning with the error."""
    generator = torch.Generator(device).manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, head_dim, generator=generator, device=device).to(dtype)

    try:
        single = _error_of_slots(random(3, n_heads) * head_dim**-0.5, random(2, 5, n_kv_heads, 700))
        q, (k, v) = random(130, n_heads) * head_dim**-0.5, random(2, 300, n_kv_heads)
        errors = [single, *(_error_of_keys(q, k, v, window) for window in (None, 1, 100))]
    except (RuntimeError, TypeError) as failure:  # not in this build, or not for this processor or shape
        logger.warning("flash attention does not work here; plain products are used: %s", failure)
        return False
    if not all(error <= _TOLERANCE for error in errors):  # false for NaN too
        logger.warning("flash attention is wrong here by %s of the norm; plain products are used", errors)
        return False
    return True


def _error_of_slots(q: Tensor, ring: Tensor) -> float:
    """Return the error for slots out of order: a full ring, a ring with one key, and a partly filled one."""
    _, _, n_kv_heads, n_ring, head_dim = ring.shape
    slots, n_written = [4, 0, 3], [n_ring, 1, n_ring // 2 - 17]
    starts = slot_starts(torch.tensor(slots, device=q.device), n_kv_heads, n_ring)
    found = attend_slots(q, ring, starts, torch.tensor(n_written, dtype=torch.int32, device=q.device), n_ring)
    expected = [
        attend_single(row.view(n_kv_heads, -1, head_dim), ring[0, slot, :, :n], ring[1, slot, :, :n], None).flatten(
            0, 1
        )
        for row, slot, n in zip(q, slots, n_written, strict=True)
    ]
    return _error(found, torch.stack(expected))


def _error_of_keys(q: Tensor, k: Tensor, v: Tensor, window: int | None) -> float:
    visible = band(len(q), len(k), window, q.device)
    by_head = [heads.transpose(0, 1)[None] for heads in (q, k, v)]
    expected = attend(by_head[0], by_head[1], by_head[2], visible, scale=1.0)
    return _error(attend_keys(q, k, v, window), expected[0].transpose(0, 1))


def _error(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).float().norm() / expected.float().norm())


def _flash(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    first_queries: Tensor,
    first_keys: Tensor,
    max_queries: int,
    max_keys: int,
    *,
    is_causal: bool = False,
    window: int | None = None,
    n_used: Tensor | None = None,
) -> Tensor:
    """Call torch's kernel.

    Sequence i has queries first_queries[i] to first_queries[i + 1] - 1 of q (T, H, D), at its last positions. Its keys
    start at first_keys[i] in k and v (S, H_kv, D), and are `n_used[i]` (None: up to first_keys[i + 1] - 1).
    """
    out: Tensor = torch.ops.aten._flash_attention_forward(
        q,
        k,
        v,
        first_queries,
        first_keys,
        max_queries,
        max_keys,
        0.0,  # no dropout
        is_causal and window is None,
        False,  # no mask for debugging
        scale=1.0,
        window_size_left=-1 if window is None else window - 1,
        window_size_right=0 if is_causal else -1,
        seqused_k=n_used,
    )[0]
    return out
