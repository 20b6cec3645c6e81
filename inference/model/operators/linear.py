"""Matrix products for serving: several weights of the checkpoint as one product, laid out for the processor.

oneDNN's blocked layout is up to 4 times as fast as a plain product for few rows, and gives a row the same bits whatever
stands beside it, as long as there are at least two (measured: 11 shapes, both dtypes, up to 700 rows). Its operators
are private to torch, so they are asked for here alone; where this build or processor lacks them (a GPU, bfloat16
without AVX512), the plain product is taken.
"""

import ctypes
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad

from inference.model.operators.int8 import Int8Weight

MIN_ROWS = 6
"""Rows that a product should have; fewer are to be filled up with zeros, for the sake of bits and of speed.

A single row takes another way through the library, with other last bits. And the blocked kernel reads weights at the
rate of the memory only when it has 5 or 6 rows at a time: of 35 GB/s (11264 x 2048, bfloat16, Zen 4, two threads) 1 row
takes 25.6, 2 rows 23.0, 4 rows 31.7, 6 rows 33.4, 8 rows 27.1.
"""
_MULTIPLE = 4
"""A plain float32 product goes by four rows at a time and takes what is left over another way, with other last bits; on
several threads something is left over in the middle too (measured with 1, 2, 3, 4 and 8 threads, six shapes: a multiple
of four never differs)."""
_COARSE = 16
_ROWS_HINT = 16  # the layout is chosen for about so many rows; it stays right for any number


def n_filled(n_rows: int) -> int:
    """How many rows a product of `n_rows` should have, so that each has the same bits in any company.

    From 16 on by 16: oneDNN makes and keeps code for every number of rows that it meets (100 MB for all up to 200).
    """
    multiple = _MULTIPLE if n_rows < _COARSE else _COARSE
    return max(MIN_ROWS, -(-n_rows // multiple) * multiple)


@dataclass(frozen=True, slots=True)
class NativeWeight:
    """Weights in blocks: their memory's owner, its address, and the scale of each output where they are int8."""

    owner: Tensor
    address: int
    scale: Tensor | None


class Product:
    """y = x @ cat(weights).T for x (N, n_in) and modules whose weights are (n_out_i, n_in): (N, sum of n_out_i).

    Until `pack` it follows the modules' weights as they are. It is no module itself, so that a state dict holds every
    weight once, under the checkpoint's name.
    """

    def __init__(self, *modules: nn.Linear | nn.Embedding) -> None:
        self._modules = modules
        self._packed: Tensor | Int8Weight | None = None
        self.is_blocked = False
        self._is_for_native = False

    def pack(self, *, int8: bool = False) -> None:
        """Lay the weights out once, with `int8` quantized, and drop them from linear modules (an embedding keeps its
        own: it is looked up)."""
        weights = [module.weight.detach() for module in self._modules]
        plain = weights[0] if len(weights) == 1 else torch.cat(weights)
        del weights
        for module in self._modules:  # first of all: three copies of a large weight at once would be too many
            if isinstance(module, nn.Linear):
                module.register_parameter("weight", None)
        if int8:
            self._packed = Int8Weight(plain)
        else:
            blocked = _blocked(plain)
            self._packed, self.is_blocked = (plain, False) if blocked is None else (blocked, True)
            self._is_for_native = blocked is not None and _lies_in_known_blocks(plain, blocked)

    def for_native(self) -> NativeWeight | None:
        """The weights for native/decode.c, or None if they do not lie as it reads them."""
        packed = self._packed
        if isinstance(packed, Int8Weight):
            return NativeWeight(packed.weight, packed.weight.data_ptr(), packed.scale) if packed.is_blocked else None
        if packed is None or not self._is_for_native:
            return None
        return NativeWeight(packed, torch.ops.mkldnn.data_ptr(packed), None)

    def __call__(self, x: Tensor) -> Tensor:
        if self._packed is None:
            parts = [linear(x, module.weight) for module in self._modules]
            return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)
        if isinstance(self._packed, Int8Weight):
            return self._packed(x)
        return _blocked_product(x, self._packed) if self.is_blocked else linear(x, self._packed)


def _blocked(weight: Tensor) -> Tensor | None:
    """`weight` in oneDNN's layout, or None where a product with it does not work here."""
    if weight.device.type != "cpu":
        return None
    try:
        blocked: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS_HINT)
        _blocked_product(weight[:2], blocked)
    except (AttributeError, RuntimeError):
        return None
    return blocked


@cache
def has_known_blocks(dtype: torch.dtype) -> bool:
    """Whether oneDNN's layout of this type is, for one small weight, the one that native/decode.c reads."""
    weight = (torch.arange(72 * 40).view(72, 40) % 251).to(dtype)
    blocked = _blocked(weight)
    return blocked is not None and _lies_in_known_blocks(weight, blocked)


def _lies_in_known_blocks(weight: Tensor, blocked: Tensor) -> bool:
    """Whether `blocked` has the layout that native/decode.c reads. oneDNN chooses by processor, version, shape and
    number of threads (with AVX2 and two threads some shapes lie in blocks of 16), so every weight has to be asked.

    (n_out, n_in) lies as (n_out / 64, n_in, 64) in float32 and as (n_out / 64, n_in / 2, 64, 2) in bfloat16, padded
    with zeros to 64 outputs and 16 or 32 inputs. The size and the first 64 outputs are looked at.
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
    is_of_this_size = n_bytes == -(-n_out // 64) * expected.nbytes
    return is_of_this_size and torch.equal(torch.frombuffer(memory, dtype=weight.dtype).clone(), expected)


def _blocked_product(x: Tensor, weight: Tensor) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    return product
