"""The gate of the feed-forward network (SwiGLU): x + product(silu(gate) * up)."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import silu

_LARGEST = 1024.0  # of a scaled row: far from the end of float16, as a product with it must be too


def add_gated(x: Tensor, gate: Tensor, up: Tensor, product: Callable[[Tensor], Tensor]) -> None:
    """Add product(silu(gate) * up) to the residual stream x (N, dim; float32), given gate and up (N, hidden_dim).

    In float16, gate and up are small enough, because their input is normalized, but a few of their products may exceed
    65,504 (a model's "massive activations"); an infinite one would make the row NaN. So there they are computed in
    float32, and a row with large ones is scaled down before its product with the weights and up again after it.
    """
    if gate.dtype is not torch.float16:
        x += product(silu(gate).mul_(up))
        return
    hidden = silu(gate.float()).mul_(up)
    scale = hidden.abs().amax(dim=-1, keepdim=True).div_(_LARGEST).clamp_(min=1.0)
    x += product(hidden.div_(scale).to(torch.float16)).float().mul_(scale)
