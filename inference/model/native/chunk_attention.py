"""Attention of a longer chunk in compiled code.

It reads the ring in place, and no key outside the window.
"""

import ctypes
from ctypes import Structure, byref, c_int64, c_void_p
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

from inference.model.native.library import library

_TYPES = {torch.float32: 0, torch.bfloat16: 1}
_BLOCK = 64  # BLOCK and KEYS in numbers.h


class _Chunk(Structure):
    _fields_ = (
        *((name, c_int64) for name in ("type", "n_rows", "n_past", "start", "window", "n_heads", "n_kv_heads")),
        *((name, c_int64) for name in ("head_dim", "n_ring", "n_threads", "n_scratch")),
        *((name, c_void_p) for name in ("heads", "keys", "values", "out", "blocks", "scratch")),
    )


class Piece(Protocol):
    """The fields of `plan.Prefill` that are needed here; `window` None: no window."""

    @property
    def n_past(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def window(self) -> int | None: ...


def can_attend(heads: Tensor) -> bool:
    """Whether `attend_chunk` can be used for such heads."""
    return heads.device.type == "cpu" and heads.dtype in _TYPES and library() is not None


def attend_chunk(heads: Tensor, chunk: Piece, keys: Tensor, values: Tensor, n_heads: int) -> Tensor:
    """Attend with heads (T, H + 2 H_kv, D) = [q ‖ k ‖ v], turned and scaled: (T, H * D).

    They see the rings of their slot (H_kv, R, D), as they were before the chunk, and themselves.
    """
    n_rows, _, head_dim = heads.shape
    n_kv_heads, n_ring, _ = keys.shape
    n_keys, n_threads = chunk.n_past + n_rows, torch.get_num_threads()
    n_padded = -(-n_keys // _BLOCK) * _BLOCK
    n_scratch = 6 * (n_padded + _BLOCK)
    n_blocks = n_kv_heads * 2 * n_padded * -(-head_dim // _BLOCK) * _BLOCK
    room = torch.empty(n_blocks + n_threads * n_scratch)
    heads, out = heads.contiguous(), heads.new_empty(n_rows, n_heads * head_dim)
    _function()(
        byref(
            _Chunk(
                _TYPES[heads.dtype],
                n_rows,
                chunk.n_past,
                chunk.start,
                n_keys + 1 if chunk.window is None else chunk.window,
                n_heads,
                n_kv_heads,
                head_dim,
                n_ring,
                n_threads,
                n_scratch,
                heads.data_ptr(),
                keys.data_ptr(),
                values.data_ptr(),
                out.data_ptr(),
                room.data_ptr(),
                room.data_ptr() + 4 * n_blocks,
            )
        )
    )
    return out


@cache
def _function() -> "ctypes._NamedFuncPointer":
    its_library = library()
    assert its_library is not None
    function = its_library.attend_chunk
    function.restype = None
    return function
