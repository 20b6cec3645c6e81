"""Measure the device's own rates for memory and for matrix products.

The other figures are shares of these rates.
"""

from dataclasses import dataclass

import torch

from bench.gpu.place import Place


@dataclass(frozen=True, slots=True)
class Ceilings:
    """A copied byte counts twice, for its read and its write; a multiply-add counts as 2 operations."""

    copy_bytes_s: float
    matrix_flop_s: float


def measure(place: Place) -> Ceilings:
    return Ceilings(_copy_rate(place), _matrix_rate(place))


def _copy_rate(place: Place) -> float:
    source = torch.ones(place.scale.copied // 2, dtype=torch.bfloat16, device=place.device)
    target = torch.empty_like(source)
    return 2 * place.scale.copied / place.fastest_s(lambda: target.copy_(source))


def _matrix_rate(place: Place) -> float:
    n, dtype = place.scale.matrix, place.scale.dtype
    a, b = (torch.randn(n, n, device=place.device, dtype=dtype) for _ in range(2))
    return 2 * n**3 / place.fastest_s(lambda: a @ b)
