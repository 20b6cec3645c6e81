"""Decode single tokens by calling decode.c with a model's packed weights."""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_float, c_int64, c_void_p

import torch
from torch import Tensor

from inference.model.cache import Chunk, RingCache
from inference.model.operators.linear import Product
from inference.model.operators.rope import frequencies
from inference.model.packed import PackedBlock, PackedWeights

_TYPES = {torch.float32: 0, torch.bfloat16: 1}
_INT8 = 2
_KEYS = 64  # KEYS in numbers.h


class _Product(Structure):
    _fields_ = (("weight", c_void_p), ("scale", c_void_p), ("n_out", c_int64), ("n_in", c_int64))


class _Layer(Structure):
    _fields_ = (
        ("attention_in", _Product),
        ("attention_out", _Product),
        ("feed_forward_in", _Product),
        ("feed_forward_out", _Product),
        ("attention_norm", c_void_p),
        ("ffn_norm", c_void_p),
    )


class _Model(Structure):
    _fields_ = (
        *((name, c_int64) for name in ("weight_type", "cache_type", "n_layers", "dim", "hidden_dim")),
        *((name, c_int64) for name in ("n_heads", "n_kv_heads", "head_dim")),
        *((name, c_float) for name in ("norm_eps", "attention_factor")),
        *((name, c_void_p) for name in ("frequencies", "embeddings", "norm")),
        ("head", _Product),
        ("layers", POINTER(_Layer)),
    )


class _Step(Structure):
    _fields_ = (
        *((name, c_int64) for name in ("n_rows", "n_slots", "n_threads", "n_scratch")),
        *((name, POINTER(c_int64)) for name in ("ids", "slots", "positions")),
        ("rings", POINTER(c_void_p)),
        ("n_ring", POINTER(c_int64)),
        *((name, c_void_p) for name in ("logits", "shared", "scratch")),
    )


class Decoder:
    """`step` for single tokens. It keeps every tensor alive that the library reads."""

    def __init__(self, weights: PackedWeights, library: ctypes.CDLL) -> None:
        """`weights` are accepted by `can_decode`."""
        config, embeddings = weights.config, weights.embeddings
        self.config, self.library = config, library
        self._decode, self._kept = library.decode, list[Tensor]()
        self._decode.restype, self._is_int8 = None, False
        self._layers = (_Layer * config.n_layers)(*(self._layer(block) for block in weights.blocks))
        head = self._product(weights.head, config.vocab_size, config.dim)
        self.model = _Model(
            _INT8 if self._is_int8 else _TYPES[embeddings.dtype],
            _TYPES[embeddings.dtype],
            config.n_layers,
            config.dim,
            config.hidden_dim,
            config.n_heads,
            config.n_kv_heads,
            config.head_dim,
            config.norm_eps,
            config.attention_factor,
            self._address(frequencies(config)),
            self._address(embeddings),
            self._address(weights.norm.float()),
            head,
            self._layers,
        )
        self._shared = self._scratch = torch.empty(0)

    def step(self, chunks: Sequence[Chunk], cache: RingCache) -> Tensor:
        """Return float32 logits (number of chunks, V) after chunks of one token each; store their keys and values."""
        config, n, n_threads = self.config, len(chunks), torch.get_num_threads()
        logits = torch.empty(n, config.vocab_size)
        n_heads = config.n_heads + 2 * config.n_kv_heads
        n_shared = n * (config.dim + (n_heads + config.n_heads + 1) * config.head_dim + 3 * config.hidden_dim)
        widest = max(config.dim, config.hidden_dim, config.n_heads * config.head_dim) + 32
        n_together = config.n_heads // config.n_kv_heads
        n_scratch = n * config.dim + max(
            n * widest, (n_together + _KEYS) * config.head_dim + n_together * cache.max_len
        )
        self._shared = _room(self._shared, n_shared)
        self._scratch = _room(self._scratch, n_threads * n_scratch)
        numbers = c_int64 * n
        step = _Step(
            n,
            cache.n_slots,
            n_threads,
            n_scratch,
            numbers(*(chunk.ids[0] for chunk in chunks)),
            numbers(*(chunk.slot for chunk in chunks)),
            numbers(*(chunk.start for chunk in chunks)),
            (c_void_p * config.n_layers)(*(ring.data_ptr() for ring in cache.rings)),
            (c_int64 * config.n_layers)(*(ring.shape[3] for ring in cache.rings)),
            logits.data_ptr(),
            self._shared.data_ptr(),
            self._scratch.data_ptr(),
        )
        self._decode(byref(self.model), byref(step))
        return logits

    def _address(self, tensor: Tensor) -> int:
        self._kept.append(tensor)
        return tensor.data_ptr()

    def _product(self, product: Product, n_out: int, n_in: int) -> _Product:
        weight = product.for_native()
        assert weight is not None
        self._kept.append(weight.owner)
        self._is_int8 = weight.scale is not None
        return _Product(weight.address, None if weight.scale is None else self._address(weight.scale), n_out, n_in)

    def _layer(self, block: PackedBlock) -> _Layer:
        config = self.config
        n_heads = config.n_heads + 2 * config.n_kv_heads
        return _Layer(
            self._product(block.attention_in, n_heads * config.head_dim, config.dim),
            self._product(block.attention_out, config.dim, config.n_heads * config.head_dim),
            self._product(block.feed_forward_in, 2 * config.hidden_dim, config.dim),
            self._product(block.feed_forward_out, config.dim, config.hidden_dim),
            self._address(block.attention_norm.float()),
            self._address(block.ffn_norm.float()),
        )


def can_decode(weights: PackedWeights) -> bool:
    """Whether the weights are in the layout that the C code reads."""
    found = [product.for_native() for product in weights.products]
    kinds = {None if weight is None else weight.scale is None for weight in found}
    return None not in kinds and len(kinds) == 1


def _room(old: Tensor, n: int) -> Tensor:
    return old if old.numel() >= n else torch.empty(n)
