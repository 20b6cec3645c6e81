"""The layout of `blocks`, one weight at a time."""

import torch
from torch import Tensor


def numbered(n_out: int, n_in: int) -> Tensor:
    """A weight whose neighbouring numbers differ, all of them exact in bfloat16 and in eight bits."""
    return (torch.arange(n_out * n_in) % 127).view(n_out, n_in).float()


def from_blocks(blocks: Tensor, n_out: int, n_in: int) -> Tensor:
    """The weight (n_out, n_in), looked up by the formula: output o is in block o // 64, input i in group i // t."""
    together = blocks.shape[3] if blocks.dim() == 4 else 1
    whole = blocks.view(*blocks.shape[:3], together)
    outputs, inputs = torch.arange(n_out)[:, None], torch.arange(n_in)[None]
    return whole[outputs // 64, inputs // together, outputs % 64, inputs % together]
