"""Rotary position embedding, interleaved: components 2i and 2i+1 of a head are turned by position * theta^(-2i/D).

This is the pairing of Mistral's own files (su2104.09864, equation 34). Hugging Face checkpoints pair component i with
i + D/2 instead: their q and k rows have to be permuted before they come here.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Rotation:
    """cos and signed sin for T positions, each (T, 1, D) float32: every pair's angle stands twice, sin as (-s, s)."""

    cos: Tensor
    sin: Tensor


def rotation(positions: Tensor, head_dim: int, theta: float) -> Rotation:
    """The rotation at absolute `positions` (T,), computed in float32 as the published models were trained."""
    exponents = torch.arange(0, head_dim, 2, device=positions.device, dtype=torch.float32) / head_dim
    angles = (positions.to(torch.float32)[:, None] * theta**-exponents).repeat_interleave(2, dim=-1)[:, None]
    signs = torch.tensor((-1.0, 1.0), device=positions.device).repeat(head_dim // 2)
    return Rotation(angles.cos(), angles.sin() * signs)


def rotate(x: Tensor, turn: Rotation) -> Tensor:
    """x (..., T, H, D) turned at its T positions, in float32, returned in x's dtype."""
    swapped = x.reshape(*x.shape[:-1], -1, 2).flip(-1).flatten(-2)
    return torch.addcmul(x * turn.cos, swapped, turn.sin).to(x.dtype)
