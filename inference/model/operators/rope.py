"""Rotary position embedding of interleaved pairs.

Components 2i and 2i+1 of a head are turned by position * theta^(-2i/D). This is the pairing of Mistral's own files
(arXiv:2104.09864, equation 34). Hugging Face checkpoints pair component i with i + D/2 instead, so their q and k rows
are permuted when they are loaded. A pair is one complex number and its turn another, so turning is one product.
"""

import torch
from torch import Tensor


def rotation(positions: Tensor, head_dim: int, theta: float) -> Tensor:
    """Return e^(i angle) for each pair at absolute `positions` (T,): (T, 1, D/2) complex64.

    The angles are computed in float32, as the published models were trained.
    """
    exponents = torch.arange(0, head_dim, 2, device=positions.device, dtype=torch.float32) / head_dim
    angles = (positions.to(torch.float32)[:, None] * theta**-exponents)[:, None]
    return torch.polar(torch.ones_like(angles), angles)


def head_rotation(turn: Tensor, n_heads: int, n_kv_heads: int) -> Tensor:
    """Return the factor of each head of [q ‖ k ‖ v], from `rotation`: (T, H + 2 H_kv, D/2).

    It also scales queries by D^-0.5, so that attention need not, and leaves values as they are (times 1): one product
    for all heads is cheaper than several.
    """
    n_tokens, _, n_pairs = turn.shape
    queries = (turn * (2 * n_pairs) ** -0.5).expand(-1, n_heads, -1)
    keys = turn.expand(-1, n_kv_heads, -1)
    return torch.cat([queries, keys, turn.new_ones(()).expand(n_tokens, n_kv_heads, n_pairs)], dim=1)


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Turn x (..., T, H, D) at its T positions, in float32 at least; return it in x's dtype."""
    wide = x.float() if x.dtype.itemsize < 4 else x
    pairs = torch.view_as_complex(wide.reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turn).flatten(-2).to(x.dtype)
