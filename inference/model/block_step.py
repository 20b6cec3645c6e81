"""One transformer block of a step, computed with torch's operators.

A step of one token spends as much time on calling operators (about 2 us each, 10 us and more for a product) as on a
small model's arithmetic. So this is plain code over a block's products, with as few operators as possible: one product
for [q ‖ k ‖ v], one complex product that turns all heads, one write to the ring, additions in place. The residual
stream is float32 for every dtype.

Letters: N rows of the step, H query heads, H_kv key heads, D head_dim, R rows of a ring.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import pad

from inference.model.config import ModelConfig
from inference.model.gpu.flash_attention import attend_keys, can_fuse
from inference.model.gpu.plain_attention import attend_in_pieces
from inference.model.gpu.slot_queries import attend_queries
from inference.model.native.chunk_attention import attend_chunk, can_attend
from inference.model.operators.attention import attend, attend_single
from inference.model.operators.gate import add_gated
from inference.model.operators.rope import rotate
from inference.model.packed import PackedBlock
from inference.model.plan import Prefill, WindowPlan


def add_block(x: Tensor, block: PackedBlock, config: ModelConfig, turn: Tensor, plan: WindowPlan, ring: Tensor) -> None:
    """Add the block's output to x (N, dim; float32), and store the new keys and values in its ring.

    `turn` is `rope.head_rotation` for the plan's rows. x may have more rows than the plan: rows of zeros at the end,
    which stay zero.
    """
    x += _attention(normalized(x, block.attention_norm, config.norm_eps), block, config, turn, plan, ring)
    both = block.feed_forward_in(normalized(x, block.ffn_norm, config.norm_eps))
    gate, up = both.chunk(2, dim=-1)
    add_gated(x, gate, up, block.feed_forward_out)


def _attention(
    x: Tensor, block: PackedBlock, config: ModelConfig, turn: Tensor, plan: WindowPlan, ring: Tensor
) -> Tensor:
    n_heads, head_dim = config.n_heads, config.head_dim
    heads = block.attention_in(x)
    heads = rotate(heads[: plan.n_rows].view(plan.n_rows, -1, head_dim), turn)
    from_chunks = [
        _prefill(heads, chunk, ring, n_heads, is_native=plan.is_native) for chunk in plan.prefills
    ]  # before their rows are reused
    new = heads[:, n_heads:] if plan.kept is None else heads[plan.kept, n_heads:]
    ring.view(-1, head_dim).index_copy_(0, plan.targets, new.reshape(-1, head_dim))
    from_runs = []
    for run in plan.runs:
        keys, values = ring[:, run.slots, :, : run.n_keys].flatten(1, 2)
        q = heads[run.rows, :n_heads].reshape(keys.shape[0], -1, head_dim)
        from_runs.append(attend_single(q, keys, values, run.bias).view(-1, n_heads * head_dim))
    if plan.queries is not None:
        q = heads[: len(plan.queries.slots), :n_heads]
        from_runs.append(attend_queries(q, plan.queries, ring))
    parts = from_runs + from_chunks
    mixed = parts[0] if len(parts) == 1 else torch.cat(parts)
    return block.attention_out(padded(mixed, x.shape[0]))


def _prefill(heads: Tensor, chunk: Prefill, ring: Tensor, n_heads: int, *, is_native: bool) -> Tensor:
    if is_native and can_attend(heads):
        return attend_chunk(heads[chunk.rows], chunk, ring[0, chunk.slot], ring[1, chunk.slot], n_heads)
    n_kv_heads = (heads.shape[1] - n_heads) // 2
    if can_fuse(heads.device, heads.dtype, n_heads, n_kv_heads, heads.shape[2]):
        return _prefill_on_gpu(heads[chunk.rows], chunk, ring[:, chunk.slot], n_heads, attend_keys)
    if heads.is_cuda:
        return _prefill_on_gpu(heads[chunk.rows], chunk, ring[:, chunk.slot], n_heads, attend_in_pieces)
    q, k, v = heads[chunk.rows].transpose(0, 1).split_with_sizes([n_heads, n_kv_heads, n_kv_heads])
    if chunk.n_past:
        past = ring[:, chunk.slot].index_select(2, chunk.past)
        k, v = torch.cat([past[0], k], dim=1), torch.cat([past[1], v], dim=1)
    return attend(q[None], k[None], v[None], chunk.visible, scale=1.0)[0].transpose(0, 1).flatten(1)


def _prefill_on_gpu(
    heads: Tensor,
    chunk: Prefill,
    ring: Tensor,
    n_heads: int,
    attend_by_length: Callable[[Tensor, Tensor, Tensor, int | None], Tensor],
) -> Tensor:
    n_kv_heads = ring.shape[1]
    q, k, v = heads.split_with_sizes([n_heads, n_kv_heads, n_kv_heads], dim=1)
    if chunk.n_past:
        past = ring.index_select(2, chunk.past).transpose(1, 2)
        k, v = torch.cat([past[0], k]), torch.cat([past[1], v])
    return attend_by_length(q, k, v, chunk.window).flatten(1)


def normalized(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """Return the RMSNorm of x (N, dim; float32) in the dtype of `weight`. Torch's own needs twice as many operators."""
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    scale = torch.addcmul(_scalar(eps, x.device), length, length, value=1 / x.shape[-1]).rsqrt_()
    return torch.mul(x, scale).mul_(weight).to(weight.dtype)


@cache
def _scalar(value: float, device: torch.device) -> Tensor:
    """Return a number as a tensor, for an operator that takes only tensors."""
    return torch.tensor(value, device=device)


def padded(x: Tensor, n_rows: int) -> Tensor:
    """Return x (N, dim) with rows of zeros added up to `n_rows`."""
    return x if x.shape[0] >= n_rows else pad(x, (0, 0, 0, n_rows - x.shape[0]))
