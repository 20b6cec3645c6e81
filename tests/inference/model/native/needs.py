"""Marks for tests that need compiled code."""

import pytest
import torch

from inference.model.native.library import library
from inference.model.operators.linear import has_known_blocks

needs_compiler = pytest.mark.skipif(library() is None, reason="no C compiler here")
needs_blocks = pytest.mark.skipif(
    library() is None or not (has_known_blocks(torch.float32) and has_known_blocks(torch.bfloat16)),
    reason="no C compiler here, or a processor for which oneDNN lays weights out in another way",
)
