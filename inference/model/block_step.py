"""How one block takes in a step: the way of served tokens through a block's weights.

A step of one token costs as much for calling operators (about 2 us each, 10 us and more for a product) as for a small
model's arithmetic. So this is plain code over the block's products, without modules, and with as few operators as
possible: one product for [q ‖ k ‖ v], one complex product that turns them all, one write to the ring, additions in
place. The residual stream is float32 for every dtype.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, silu

from inference.model.gpu.flash_attention import attend_keys, can_fuse
from inference.model.native.chunk_attention import attend_chunk, can_attend
from inference.model.operators.attention import attend, attend_single
from inference.model.operators.linear import Product
from inference.model.operators.rope import rotate
from inference.model.plan import Prefill, WindowPlan


@dataclass(frozen=True, slots=True)
class BlockStep:
    """The products of one block, `attention_in` giving [q ‖ k ‖ v] and `feed_forward_in` [gate ‖ up]."""

    n_heads: int
    head_dim: int
    attention_norm: nn.RMSNorm
    attention_in: Product
    attention_out: Product
    ffn_norm: nn.RMSNorm
    feed_forward_in: Product
    feed_forward_out: Product

    @property
    def products(self) -> tuple[Product, ...]:
        return self.attention_in, self.attention_out, self.feed_forward_in, self.feed_forward_out

    def __call__(self, x: Tensor, turn: Tensor, plan: WindowPlan, ring: Tensor) -> None:
        """Add to x (N, dim; float32) what this block makes of it, and take the new keys and values into its ring.

        `turn` is `rope.head_rotation` of the plan's rows; x may have more: all-zero ones at the end, which stay zero.
        """
        x += self._attend(normalized(x, self.attention_norm), turn, plan, ring)
        gate, up = self.feed_forward_in(normalized(x, self.ffn_norm)).chunk(2, dim=-1)
        x += self.feed_forward_out(silu(gate).mul_(up))

    def _attend(self, x: Tensor, turn: Tensor, plan: WindowPlan, ring: Tensor) -> Tensor:
        n = plan.n_rows
        heads = rotate(self.attention_in(x)[:n].view(n, -1, self.head_dim), turn)
        from_chunks = [self._prefill(heads, chunk, ring) for chunk in plan.prefills]  # before their rows are reused
        new = heads[:, self.n_heads :] if plan.kept is None else heads[plan.kept, self.n_heads :]
        ring.view(-1, self.head_dim).index_copy_(0, plan.targets, new.reshape(-1, self.head_dim))
        from_runs = []
        for run in plan.runs:
            keys, values = ring[:, run.slots, :, : run.n_keys].flatten(1, 2)
            q = heads[run.rows, : self.n_heads].reshape(keys.shape[0], -1, self.head_dim)
            from_runs.append(attend_single(q, keys, values, run.bias).view(-1, self.n_heads * self.head_dim))
        parts = from_runs + from_chunks
        mixed = parts[0] if len(parts) == 1 else torch.cat(parts)
        return self.attention_out(filled_up(mixed, x.shape[0]))

    def _prefill(self, heads: Tensor, chunk: Prefill, ring: Tensor) -> Tensor:
        n_heads = self.n_heads
        if chunk.is_native and can_attend(heads):
            return attend_chunk(heads[chunk.rows], chunk, ring[0, chunk.slot], ring[1, chunk.slot], n_heads)
        n_kv_heads = (heads.shape[1] - n_heads) // 2
        if can_fuse(heads.device, heads.dtype, n_heads, n_kv_heads, self.head_dim):
            return self._prefill_fused(heads[chunk.rows], chunk, ring[:, chunk.slot])
        q, k, v = heads[chunk.rows].transpose(0, 1).split_with_sizes([n_heads, n_kv_heads, n_kv_heads])
        if chunk.n_past:
            past = ring[:, chunk.slot].index_select(2, chunk.past)
            k, v = torch.cat([past[0], k], dim=1), torch.cat([past[1], v], dim=1)
        return attend(q[None], k[None], v[None], chunk.visible, scale=1.0)[0].transpose(0, 1).flatten(1)

    def _prefill_fused(self, heads: Tensor, chunk: Prefill, ring: Tensor) -> Tensor:
        n_kv_heads = ring.shape[1]
        q, k, v = heads.split_with_sizes([self.n_heads, n_kv_heads, n_kv_heads], dim=1)
        if chunk.n_past:
            past = ring.index_select(2, chunk.past).transpose(1, 2)
            k, v = torch.cat([past[0], k]), torch.cat([past[1], v])
        return attend_keys(q, k, v, chunk.window).flatten(1)


def normalized(x: Tensor, norm: nn.RMSNorm) -> Tensor:
    """What `norm` makes of x (N, dim; float32), in its weight's dtype. Torch's own takes twice as many operators."""
    assert norm.eps is not None
    weight: Tensor = norm.weight
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    scale = torch.addcmul(_scalar(norm.eps, x.device), length, length, value=1 / x.shape[-1]).rsqrt_()
    return torch.mul(x, scale).mul_(weight).to(weight.dtype)


@cache
def _scalar(value: float, device: torch.device) -> Tensor:
    """A number that an operator takes for a tensor only."""
    return torch.tensor(value, device=device)


def filled_up(x: Tensor, n_rows: int) -> Tensor:
    """x (N, dim) with rows of zeros after it, up to `n_rows`."""
    return x if x.shape[0] >= n_rows else pad(x, (0, 0, 0, n_rows - x.shape[0]))
