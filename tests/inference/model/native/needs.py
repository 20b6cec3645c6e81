"""Marks for tests that need compiled code."""

from functools import cache

import pytest
import torch

from inference.model.native.library import library
from inference.model.operators.linear import _blocked, _lies_in_known_blocks


@cache
def has_known_blocks(dtype: torch.dtype) -> bool:
    """Whether oneDNN lays out one small weight of this type as decode.c reads it."""
    weight = (torch.arange(72 * 40).view(72, 40) % 251).to(dtype)
    blocked = _blocked(weight)
    return blocked is not None and _lies_in_known_blocks(weight, blocked)


needs_compiler = pytest.mark.skipif(library() is None, reason="no C compiler here")
needs_blocks = pytest.mark.skipif(
    library() is None or not (has_known_blocks(torch.float32) and has_known_blocks(torch.bfloat16)),
    reason="no C compiler here, or a processor for which oneDNN has another layout",
)
