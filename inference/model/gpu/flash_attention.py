"""Flash attention on a GPU: for a step's single tokens it reads the rings where they lie, for a longer chunk it passes
over what the window hides.

Torch's public `scaled_dot_product_attention` needs a mask for rings that are filled to different lengths, and for a
chunk behind a window; with a mask and grouped heads its fast kernels fall away. The kernel below it takes lengths and a
window in place of a mask, and shares the keys of a single query out among a GPU's processors. (The public way to it,
`torch.nn.attention.varlen`, imports 800 modules.) No GPU has been at hand to measure any of that, and the kernel is
private to torch: so it is tried before it is used, and plain products are taken where it is missing or gives other
numbers.
"""

import logging
from functools import cache

import torch
from torch import Tensor

from inference.model.operators.attention import attend, attend_single
from inference.model.places import band

logger = logging.getLogger(__name__)

_TYPES = (torch.bfloat16, torch.float16)
_TOLERANCE = 0.03  # of the norm: bfloat16 rounds by 0.004, and the two ways round in different places


def attend_slots(q: Tensor, ring: Tensor, starts: Tensor, n_written: Tensor, n_keys: int) -> Tensor:
    """One scaled query for each of B slots: q (B, H, D) over a layer's ring (2, n_slots, H_kv, R, D) -> (B, H, D).

    `starts` are from `slot_starts`; `n_written` (B,) int32 rows of each ring are seen, which are `n_keys` at most.
    """
    _, n_slots, n_kv_heads, n_ring, head_dim = ring.shape
    # Key t of head h stands t + h R places after its slot's start: "tokens" and "heads" of this view overlap.
    shape = ((n_slots - 1) * n_kv_heads + 1) * n_ring, n_kv_heads, head_dim
    keys, values = (half.as_strided(shape, (head_dim, n_ring * head_dim, 1)) for half in ring)
    first_queries = torch.arange(len(q) + 1, dtype=torch.int32, device=q.device)
    return _flash(q, keys, values, first_queries, starts, 1, n_keys, n_used=n_written)


def slot_starts(slots: Tensor, n_kv_heads: int, n_ring: int) -> Tensor:
    """Where the rings of `slots` (B,) begin, for `attend_slots`: (B + 1,) int32, the last one being of no meaning."""
    starts = torch.zeros(len(slots) + 1, dtype=torch.int32, device=slots.device)
    starts[:-1] = slots * (n_kv_heads * n_ring)
    return starts


def attend_keys(q: Tensor, k: Tensor, v: Tensor, window: int | None) -> Tensor:
    """Scaled queries q (T, H, D) of the last T of S consecutive positions, over k and v (S, H_kv, D): (T, H, D)."""
    n_queries, n_keys = len(q), len(k)
    first_queries = torch.arange(0, n_queries + 1, n_queries, dtype=torch.int32, device=q.device)
    first_keys = torch.arange(0, n_keys + 1, n_keys, dtype=torch.int32, device=q.device)
    return _flash(q, k, v, first_queries, first_keys, n_queries, n_keys, is_causal=True, window=window)


@cache
def can_fuse(device: torch.device, dtype: torch.dtype, n_heads: int, n_kv_heads: int, head_dim: int) -> bool:
    """Whether this module's attention works for such heads: tried once, on small random rings and a short chunk."""
    if device.type != "cuda" or dtype not in _TYPES:
        return False
    return agrees(device, dtype, n_heads, n_kv_heads, head_dim)


def agrees(device: torch.device, dtype: torch.dtype, n_heads: int, n_kv_heads: int, head_dim: int) -> bool:
    """Whether flash attention gives what plain products give; if not, a warning says what came."""
    generator = torch.Generator(device).manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, head_dim, generator=generator, device=device).to(dtype)

    try:
        single = _error_of_slots(random(3, n_heads) * head_dim**-0.5, random(2, 5, n_kv_heads, 700))
        q, (k, v) = random(130, n_heads) * head_dim**-0.5, random(2, 300, n_kv_heads)
        errors = [single, *(_error_of_keys(q, k, v, window) for window in (None, 1, 100))]
    except (RuntimeError, TypeError) as failure:  # not in this build, or not for this processor or shape
        logger.warning("flash attention does not work here, plain products are taken: %s", failure)
        return False
    if not all(error <= _TOLERANCE for error in errors):  # NaN is refused too
        logger.warning("flash attention is wrong here by %s of the norm, plain products are taken", errors)
        return False
    return True


def _error_of_slots(q: Tensor, ring: Tensor) -> float:
    """For rows in slots out of order, with a ring that is full, one with a single key, and one partly filled."""
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
    """Attention of sequence i: queries first_queries[i] to first_queries[i + 1] - 1 of q (T, H, D), which are its last,
    over `n_used[i]` keys (None: up to first_keys[i + 1] - 1) from first_keys[i] on, of k and v (S, H_kv, D)."""
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
