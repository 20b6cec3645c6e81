"""Weights in eight bits: a quarter of float32's memory, half of bfloat16's, for a small loss.

Each output has one scale, its largest weight over 127, and weights are rounded to the nearest multiple of it. Inputs
stay as they are: a product is taken over the whole numbers, exact in bfloat16 too, and scaled afterwards. Norms and the
table of embeddings are not quantized.

Compiled code reads the eight bits themselves. Torch, for pre-fill and where nothing compiles, widens a part of the
weights at a time: that saves memory, not time (its own operator, _weight_int8pack_mm, writes beyond its arrays for 72
inputs, torch 2.13).
"""

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

BLOCK = 64  # outputs that lie together in native/decode.c
_INPUTS = 16  # inputs are padded to a multiple of this there
_WIDENED_AT_A_TIME = 1 << 24  # weights


class Int8Weight:
    """A weight matrix (n_out, n_in), quantized; calling it multiplies: x (N, n_in) -> (N, n_out).

    On a CPU the weights lie as native/decode.c reads them, be it compiled or not: (n_out / 64, n_in, 64), padded with
    zeros.
    """

    def __init__(self, weight: Tensor) -> None:
        self.n_out, self.n_in = weight.shape
        weight = weight.float()
        self.scale = weight.abs().amax(dim=1).clamp(min=torch.finfo(torch.float32).tiny).div_(127)
        whole = (weight / self.scale[:, None]).round_().to(torch.int8)
        self.is_blocked = weight.device.type == "cpu"
        if self.is_blocked:
            whole = pad(whole, (0, -self.n_in % _INPUTS, 0, -self.n_out % BLOCK))
            whole = whole.view(-1, BLOCK, whole.shape[1]).transpose(1, 2).contiguous()
        self.weight = whole

    def __call__(self, x: Tensor) -> Tensor:
        n_together = max(1, _WIDENED_AT_A_TIME // self.weight[0].numel())
        if self.is_blocked:
            x = pad(x, (0, self.weight.shape[1] - self.n_in))
        parts = [self._product(x, part.to(x.dtype)) for part in self.weight.split(n_together)]  # type: ignore[no-untyped-call]
        return torch.cat(parts, dim=-1)[:, : self.n_out].mul(self.scale).to(x.dtype)

    def _product(self, x: Tensor, part: Tensor) -> Tensor:
        """x times widened weights. In blocks they are multiplied as they lie: to turn them back would take three times
        as long for few rows."""
        return torch.matmul(x, part).transpose(0, 1).flatten(1) if self.is_blocked else linear(x, part)
