"""Matrix products for serving.

On a CPU their weights lie in blocks (`blocks`), which compiled code reads. With AVX-512 oneDNN has the same layout, so
its own tensor is kept, and it computes what the compiled code does not. Its product is up to 4 times as fast as a plain
one for few rows. It gives a row the same bits whatever rows are computed with it, if there are at least two (measured:
11 shapes, both dtypes, up to 700 rows). Its operators are private to torch, so only this module calls them.
"""

import ctypes
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import linear

from inference.model.operators.blocks import BLOCK, Blocks, in_blocks
from inference.model.operators.int8 import quantized
from inference.model.operators.large_pages import use_large_pages

MIN_ROWS = 6
"""Rows that a product should have. Fewer are padded with zeros, for the same bits and for speed.

A single row takes another path through the library, with other last bits. And the blocked kernel reads weights at the
rate of the memory only with 5 or 6 rows at a time: of 35 GB/s (11264 x 2048, bfloat16, Zen 4, two threads) 1 row gets
25.6, 2 rows 23.0, 4 rows 31.7, 6 rows 33.4, 8 rows 27.1.
"""
_MULTIPLE = 4
"""A plain float32 product computes four rows at a time, and the remaining ones by another path, with other last bits.
On several threads there are remaining rows in the middle too (measured with 1, 2, 3, 4 and 8 threads, six shapes: a
multiple of four never differs)."""
_COARSE = 16
_ROWS_HINT = 16  # the layout is chosen for about this many rows; it stays correct for any number


def n_filled(n_rows: int) -> int:
    """Return how many rows a product of `n_rows` should have, so that each has the same bits beside any others.

    From 16 on by 16: oneDNN makes and keeps code for every number of rows that it meets (100 MB for all up to 200).
    """
    multiple = _MULTIPLE if n_rows < _COARSE else _COARSE
    return max(MIN_ROWS, -(-n_rows // multiple) * multiple)


@dataclass(frozen=True, slots=True)
class NativeWeight:
    """Weights in blocks: the tensor that owns their memory, its address, and each output's scale if they are int8."""

    owner: Tensor
    address: int
    scale: Tensor | None


class Product:
    """y = x @ weight.T for x (N, n_in) and weight (n_out, n_in), quantized with `int8`: (N, n_out).

    Raises ValueError for `int8` on a GPU.
    """

    def __init__(self, weight: Tensor, *, int8: bool = False) -> None:
        self._weight: Tensor | Blocks
        self._is_onednns = False
        if not _is_for_blocks(weight):
            if int8:
                raise ValueError(f"int8 on {weight.device.type}: weights in eight bits are for a CPU; use bfloat16")
            self._weight = weight
        elif int8:
            self._weight = quantized(weight)
        elif (packed := _packed(weight)) is not None:
            self._weight, self._is_onednns = packed, True
        else:
            self._weight = Blocks(weight)

    def for_native(self) -> NativeWeight | None:
        """Return the weights for compiled code, or None if they are not in blocks."""
        weight = self._weight
        if isinstance(weight, Blocks):
            return NativeWeight(weight.weight, weight.weight.data_ptr(), weight.scale)
        return NativeWeight(weight, torch.ops.mkldnn.data_ptr(weight), None) if self._is_onednns else None

    def __call__(self, x: Tensor) -> Tensor:
        if isinstance(self._weight, Blocks):
            return self._weight.multiply(x)
        return _packed_product(x, self._weight) if self._is_onednns else linear(x, self._weight)


def _is_for_blocks(weight: Tensor) -> bool:
    return weight.device.type == "cpu" and weight.dtype in (torch.float32, torch.bfloat16)


def _packed(weight: Tensor) -> Tensor | None:
    """Return `weight` as oneDNN's tensor, or None where that is not in blocks or oneDNN is slower than our code."""
    if not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
        return None
    if weight.dtype == torch.bfloat16 and not torch.cpu._is_avx512_bf16_supported():
        return None
    try:
        packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS_HINT)
        _packed_product(weight[:2], packed)
    except (AttributeError, RuntimeError):
        return None
    if not _lies_in_blocks(weight, packed):
        return None
    use_large_pages(torch.ops.mkldnn.data_ptr(packed), torch.ops.mkldnn._nbytes(packed))
    return packed


def _lies_in_blocks(weight: Tensor, packed: Tensor) -> bool:
    """Whether oneDNN's tensor has the layout of `blocks`.

    oneDNN chooses by processor, version, shape and number of threads, so every weight has to be checked: the size, and
    the first 64 outputs.
    """
    expected = in_blocks(weight[:BLOCK]).flatten()
    try:
        n_bytes: int = torch.ops.mkldnn._nbytes(packed)
        memory = (ctypes.c_char * expected.nbytes).from_address(torch.ops.mkldnn.data_ptr(packed))
    except (AttributeError, RuntimeError):
        return False
    has_this_size = n_bytes == -(-weight.shape[0] // BLOCK) * expected.nbytes
    return has_this_size and torch.equal(torch.frombuffer(memory, dtype=weight.dtype).clone(), expected)


def _packed_product(x: Tensor, weight: Tensor) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    return product
