"""Rotary position embedding of interleaved pairs.

Components 2i and 2i+1 of a head are turned by position * theta^(-2i/D). This is the pairing of Mistral's own files
(arXiv:2104.09864, equation 34). Hugging Face checkpoints pair component i with i + D/2 instead, so their q and k rows
are permuted when they are loaded. A pair is one complex number and its turn another, so turning is one product.

Models for long contexts change the frequencies: `config` defines each kind of scaling.
"""

from math import ceil, floor, log, pi

import torch
from torch import Tensor

from inference.model.config import LinearScaling, Llama3Scaling, ModelConfig, YarnScaling


def frequencies(config: ModelConfig) -> Tensor:
    """Return the angle by which each pair turns from one position to the next: (D/2,) float32, on the CPU.

    They are computed in float32 and in the order of transformers and of Mistral's code, as the published models were
    trained: at position 100,000 a difference in the last bit of a frequency turns a pair by 0.6 degrees.
    """
    periods = config.rope_theta ** (torch.arange(0, config.head_dim, 2).float() / config.head_dim)
    plain, scaling = 1.0 / periods, config.rope_scaling
    match scaling:
        case None:
            return plain
        case LinearScaling():
            return plain / scaling.factor
        case Llama3Scaling():
            turns = scaling.original_max_seq_len / (2 * pi / plain)
            width = scaling.high_freq_factor - scaling.low_freq_factor
            kept = ((turns - scaling.low_freq_factor) / width).clamp(0, 1)
            return (1 - kept) * plain / scaling.factor + kept * plain
        case YarnScaling():
            low, high = _ramp(config, scaling)
            kept = 1 - ((torch.arange(config.head_dim // 2).float() - low) / (high - low or 0.001)).clamp(0, 1)
            return 1.0 / (scaling.factor * periods) * (1 - kept) + plain * kept


def _ramp(config: ModelConfig, scaling: YarnScaling) -> tuple[float, float]:
    """Return the last pair, as a fraction, that keeps its frequency, and the first that has all of it divided."""

    def pair(turns: float) -> float:
        wavelength = scaling.original_max_seq_len / (turns * 2 * pi)
        return config.head_dim * log(wavelength) / (2 * log(config.rope_theta))

    low, high = pair(scaling.beta_fast), pair(scaling.beta_slow)
    if scaling.truncate:
        low, high = floor(low), ceil(high)
    return max(low, 0), min(high, config.head_dim - 1)


def rotation(positions: Tensor, frequencies: Tensor, attention_factor: float = 1.0) -> Tensor:
    """Return attention_factor * e^(i angle) for each pair at absolute `positions` (T,): (T, 1, D/2) complex64.

    The angles are computed in float32, as the published models were trained.
    """
    angles = (positions.to(torch.float32)[:, None] * frequencies)[:, None]
    return torch.polar(torch.full_like(angles, attention_factor), angles)


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
