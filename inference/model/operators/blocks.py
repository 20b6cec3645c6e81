"""Weights in blocks of 64 outputs, the layout that compiled code reads.

A weight (n_out, n_in) is stored as (n_out / 64, n_in, 64) in float32 and int8, and as (n_out / 64, n_in / 2, 64, 2) in
bfloat16, whose multiplication takes two inputs at a time. It is padded with zeros to 64 outputs, and to 16 inputs, or
32 in bfloat16. oneDNN with AVX-512 has the same layout.

Compiled code reads the blocks directly. Here torch multiplies by them, where there is no compiler or for a request that
began before the code was compiled: it widens a part of the weights at a time, which saves memory, not time. Its own
operator for int8, _weight_int8pack_mm, writes beyond its arrays for 72 inputs (torch 2.13).
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from inference.model.operators.large_pages import use_large_pages

BLOCK = 64  # outputs that are stored together
_WIDENED_AT_A_TIME = 1 << 24  # weights
_HIGH_HALF = -65536  # of 32 bits


def n_together(dtype: torch.dtype) -> int:
    """Return how many inputs of an output are stored side by side."""
    return 2 if dtype == torch.bfloat16 else 1


def in_blocks(weight: Tensor) -> Tensor:
    """Return a copy of weight (n_out, n_in; float32, bfloat16 or int8) in blocks."""
    (n_out, n_in), together = weight.shape, n_together(weight.dtype)
    n_padded = -(-n_in // (16 * together)) * 16 * together
    blocks = weight.new_empty(-(-n_out // BLOCK), n_padded // together, BLOCK, together)
    use_large_pages(blocks.data_ptr(), blocks.nbytes)
    if n_out % BLOCK:
        blocks[-1] = 0
    for block, rows in zip(blocks, weight.split(BLOCK), strict=True):  # type: ignore[no-untyped-call]
        rows = pad(rows, (0, n_padded - n_in)) if n_padded > n_in else rows.contiguous()
        if together == 2:  # a pair is moved as one number
            rows = rows.clone() if rows.storage_offset() % 2 else rows
            block.view(torch.int32)[:, : len(rows), 0] = rows.view(torch.int32).T
        else:
            block[:, : len(rows), 0] = rows.T
    return blocks if together == 2 else blocks.squeeze(-1)


class Blocks:
    """A weight matrix (n_out, n_in) in blocks. With `scale` (n_out,), the weights are int8 and multiples of it."""

    def __init__(self, weight: Tensor, scale: Tensor | None = None) -> None:
        self.n_out, self.n_in = weight.shape
        self.weight, self.scale = in_blocks(weight), scale

    def multiply(self, x: Tensor) -> Tensor:
        """Return x (N, n_in) times the weights, by torch's operators: (N, n_out), in the dtype of x."""
        together = n_together(self.weight.dtype)
        x = pad(x, (0, self.weight.shape[1] * together - self.n_in))
        n_blocks = max(1, _WIDENED_AT_A_TIME // self.weight[0].numel())
        parts = [_product(x, part) for part in self.weight.split(n_blocks)]  # type: ignore[no-untyped-call]
        out = torch.cat([part.transpose(0, 1).flatten(1) for part in parts], dim=-1)[:, : self.n_out]
        return (out if self.scale is None else out.mul(self.scale)).to(x.dtype)


def _product(x: Tensor, blocks: Tensor) -> Tensor:
    """Return x (N, n_in) times some blocks: (blocks, N, 64). Restoring the order of the weights would take three times
    as long for few rows."""
    if blocks.dtype == torch.int8:
        return torch.matmul(x, blocks.to(x.dtype))
    if blocks.dtype == torch.float32:
        return torch.matmul(x, blocks)
    pairs, x = blocks.view(torch.int32).squeeze(-1), x.float()
    out = torch.matmul(x[:, 0::2], (pairs << 16).view(torch.float32))
    return out.add_(torch.matmul(x[:, 1::2], (pairs & _HIGH_HALF).view(torch.float32)))
