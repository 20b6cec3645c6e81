"""Weights in eight bits.

They need a quarter of float32's memory, or half of bfloat16's, for a small loss. Each output has one scale, its largest
weight over 127, and its weights are rounded to the nearest multiple of it. Inputs are not quantized: a product is
computed over the whole numbers, which are exact in bfloat16 too, and scaled afterwards. Norms and the embedding are not
quantized.
"""

import torch
from torch import Tensor

from inference.model.operators.blocks import Blocks


def quantized(weight: Tensor) -> Blocks:
    """Return weight (n_out, n_in) in eight bits, in blocks."""
    weight = weight.float()
    scale = weight.abs().amax(dim=1).clamp(min=torch.finfo(torch.float32).tiny).div_(127)
    return Blocks((weight / scale[:, None]).round_().to(torch.int8), scale)
