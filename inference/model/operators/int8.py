"""Weights in eight bits.

They need a quarter of float32's memory, or half of bfloat16's, for a small loss. Each output has one scale, its largest
weight over 127, and its weights are rounded to the nearest multiple of it. Inputs are not quantized: a product is
computed over the whole numbers, which are exact in bfloat16 too, and scaled afterwards. Norms and the embedding are not
quantized.

Compiled code reads the eight bits directly. Torch (for prefill, and where there is no compiler) widens a part of the
weights at a time. That saves memory, not time; its own operator, _weight_int8pack_mm, writes beyond its arrays for 72
inputs (torch 2.13).
"""

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

BLOCK = 64  # outputs that are stored together in native/decode.c
_INPUTS = 16  # native/decode.c pads inputs to a multiple of this
_WIDENED_AT_A_TIME = 1 << 24  # weights


class Int8Weight:
    """A quantized weight matrix (n_out, n_in). Call it to multiply: x (N, n_in) -> (N, n_out).

    On a CPU the weights have the layout of native/decode.c, whether that is compiled or not: (n_out / 64, n_in, 64),
    padded with zeros.
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
        """Return x times widened weights. Blocks are multiplied as they are stored: restoring the order of the weights
        would take three times as long for few rows."""
        return torch.matmul(x, part).transpose(0, 1).flatten(1) if self.is_blocked else linear(x, part)
