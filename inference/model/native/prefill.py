"""Compute the longer chunks of a step by calling prefill.c with a model's packed weights.

One call for all layers: torch's operators would write activations to memory and read them again some ten times a layer,
and oneDNN has no bfloat16 and no int8 product that is worth it without AVX-512. Activations are float32.
"""

from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_int64, c_void_p

import torch
from torch import Tensor

from inference.model.cache import Chunk, RingCache
from inference.model.native.decoder import Decoder, can_decode
from inference.model.operators.rope import frequencies, rotation
from inference.model.packed import PackedWeights


class _Chunk(Structure):
    _fields_ = tuple((name, c_int64) for name in ("slot", "start", "first_row", "n_rows"))


class _Prefill(Structure):
    _fields_ = (
        *((name, c_int64) for name in ("n_rows", "n_chunks", "n_out", "n_slots", "n_threads", "n_scratch")),
        *((name, POINTER(c_int64)) for name in ("ids", "out_rows")),
        ("chunks", POINTER(_Chunk)),
        ("turns", c_void_p),
        ("rings", POINTER(c_void_p)),
        *((name, POINTER(c_int64)) for name in ("n_ring", "windows")),
        *((name, c_void_p) for name in ("logits", "shared", "scratch")),
    )


def can_prefill(weights: PackedWeights) -> bool:
    """Whether the weights are in blocks, and prefill.c multiplies by them at least as fast as oneDNN.

    It does for all but bfloat16 with AVX512-BF16, whose instructions take two inputs at a time (CPU time of 512 tokens,
    160M, Zen 4, prefill.c and oneDNN: float32 1.20 and 1.23 s, int8 1.20 and 1.54 s, bfloat16 1.20 and 0.68 s).
    """
    weight = weights.head.for_native()
    is_onednns_bfloat16 = weight is not None and weight.owner.is_mkldnn and weight.owner.dtype == torch.bfloat16
    return can_decode(weights) and not is_onednns_bfloat16


class Prefiller:
    """`step` for chunks of any length."""

    def __init__(self, decoder: Decoder) -> None:
        """`decoder` is that of the same model. It keeps the weights."""
        library = decoder.library
        self._config, self._decoder, self._frequencies = decoder.config, decoder, frequencies(decoder.config)
        self._prefill = library.prefill
        self._room_size, self._scratch_size = library.prefill_room, library.prefill_scratch
        self._prefill.restype, self._room_size.restype, self._scratch_size.restype = None, c_int64, c_int64
        self._room = torch.empty(0)

    def step(self, chunks: Sequence[Chunk], cache: RingCache, *, every_token: bool = False) -> Tensor:
        """Return float32 logits after each chunk's last token, or `every_token`; store all keys and values.

        See `ServedModel.step`.
        """
        config, layers = self._config, self._config.n_layers
        described, n_rows = (_Chunk * len(chunks))(), 0
        for chunk, its in zip(chunks, described, strict=True):
            its.slot, its.start, its.first_row, its.n_rows = chunk.slot, chunk.start, n_rows, len(chunk.ids)
            n_rows += len(chunk.ids)
        rows = range(n_rows) if every_token else [its.first_row + its.n_rows - 1 for its in described]
        positions = torch.tensor([chunk.start + k for chunk in chunks for k in range(len(chunk.ids))])
        turns = rotation(positions, self._frequencies, config.attention_factor)
        logits = torch.empty(len(rows), config.vocab_size)
        step = _Prefill(
            n_rows,
            len(chunks),
            len(rows),
            cache.n_slots,
            torch.get_num_threads(),
            0,
            (c_int64 * n_rows)(*(token for chunk in chunks for token in chunk.ids)),
            (c_int64 * len(rows))(*rows),
            described,
            turns.data_ptr(),
            (c_void_p * layers)(*(ring.data_ptr() for ring in cache.rings)),
            (c_int64 * layers)(*(ring.shape[3] for ring in cache.rings)),
            (c_int64 * layers)(*(config.window(layer) or 0 for layer in range(layers))),
            logits.data_ptr(),
        )
        model = byref(self._decoder.model)
        step.n_scratch = self._scratch_size(model, byref(step))
        n_shared = self._room_size(model, byref(step))
        if self._room.numel() < (n := n_shared + step.n_threads * step.n_scratch):
            self._room = torch.empty(n)
        step.shared = self._room.data_ptr()
        step.scratch = step.shared + 4 * n_shared
        self._prefill(model, byref(step))
        return logits
