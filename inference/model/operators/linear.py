"""Matrix products for serving.

Their weights are laid out for the processor. oneDNN's blocked layout is up to 4 times as fast as a plain product for
few rows. It gives a row the same bits whatever rows are computed with it, if there are at least two (measured: 11
shapes, both dtypes, up to 700 rows). Its operators are private to torch, so only this module calls them. Where this
build or processor lacks them (a GPU, bfloat16 without AVX-512), the plain product is used.
"""

import ctypes
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import linear, pad

from inference.model.operators.int8 import Int8Weight

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
    """Return how many rows a product of `n_rows` should have, so that each has the same bits in any company.

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
    """y = x @ weight.T for x (N, n_in) and weight (n_out, n_in), quantized with `int8`: (N, n_out)."""

    def __init__(self, weight: Tensor, *, int8: bool = False) -> None:
        self.is_blocked = self._is_for_native = False
        self._weight: Tensor | Int8Weight
        if int8:
            self._weight = Int8Weight(weight)
        elif (blocked := _blocked(weight)) is None:
            self._weight = weight
        else:
            self._weight, self.is_blocked = blocked, True
            self._is_for_native = _lies_in_known_blocks(weight, blocked)

    def for_native(self) -> NativeWeight | None:
        """Return the weights for native/decode.c, or None if they are not in the layout that it reads."""
        weight = self._weight
        if isinstance(weight, Int8Weight):
            return NativeWeight(weight.weight, weight.weight.data_ptr(), weight.scale) if weight.is_blocked else None
        return NativeWeight(weight, torch.ops.mkldnn.data_ptr(weight), None) if self._is_for_native else None

    def __call__(self, x: Tensor) -> Tensor:
        if isinstance(self._weight, Int8Weight):
            return self._weight(x)
        return _blocked_product(x, self._weight) if self.is_blocked else linear(x, self._weight)


def _blocked(weight: Tensor) -> Tensor | None:
    """Return `weight` in oneDNN's layout, or None where a product with it does not work here."""
    if weight.device.type != "cpu":
        return None
    try:
        blocked: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS_HINT)
        _blocked_product(weight[:2], blocked)
    except (AttributeError, RuntimeError):
        return None
    return blocked


def _lies_in_known_blocks(weight: Tensor, blocked: Tensor) -> bool:
    """Whether `blocked` has the layout that native/decode.c reads.

    oneDNN chooses by processor, version, shape and number of threads (with AVX2 and two threads some shapes get blocks
    of 16), so every weight has to be checked. A weight (n_out, n_in) is stored as (n_out / 64, n_in, 64) in float32
    and as (n_out / 64, n_in / 2, 64, 2) in bfloat16, padded with zeros to 64 outputs and 16 or 32 inputs. The check
    compares the size and the first 64 outputs.
    """
    together = {torch.float32: 1, torch.bfloat16: 2}.get(weight.dtype)
    if together is None:
        return False
    (n_out, n_in), step = weight.shape, 16 * together
    n_padded = -(-n_in // step) * step
    first = pad(weight[:64], (0, n_padded - n_in, 0, max(0, 64 - n_out)))
    expected = first.view(64, n_padded // together, together).transpose(0, 1).flatten()
    try:
        n_bytes: int = torch.ops.mkldnn._nbytes(blocked)
        memory = (ctypes.c_char * expected.nbytes).from_address(torch.ops.mkldnn.data_ptr(blocked))
    except (AttributeError, RuntimeError):
        return False
    has_this_size = n_bytes == -(-n_out // 64) * expected.nbytes
    return has_this_size and torch.equal(torch.frombuffer(memory, dtype=weight.dtype).clone(), expected)


def _blocked_product(x: Tensor, weight: Tensor) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    return product
