"""Decoding on a GPU with CUDA graphs.

A step of single tokens is recorded once, and then started by one call.

Started one by one from Python, the 700 kernels of a step of Mistral 7B would take about 10 ms instead of 5 (computed
for an H100; not yet measured). A graph has fixed shapes and addresses. So there is one for each number of rows and of
keys on two ladders: a step is padded to the next rung with copies of its first row, and reads as many rows of each ring
as the longest sequence has written, rounded up to the next rung. All graphs share their working memory. A cache with
rings at other addresses needs new graphs.

Recording takes several steps' time, so it never happens in a step. `prepare` records all of one cache before the first
request, the largest first: it can serve every step. A step whose own graph is missing takes the smallest larger one, or
is computed without a graph, and `record_wanted` records the missing one when no request runs.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inference.model.cache import Chunk, RingCache
from inference.model.gpu.flash_attention import can_fuse
from inference.model.gpu.single_tokens import SingleTokens
from inference.model.packed import PackedWeights

logger = logging.getLogger(__name__)

FEWEST_KEYS = 512  # the rungs double from here, up to the rows of the longest ring
MOST_ROWS = 512  # a wider step computes long enough to hide the starting of its kernels
_DOUBLES_TO, _THEN_BY = 128, 64  # rungs of rows: above 128, doubling would compute up to half of the rows in vain
_PREPARE_S = 30.0  # no recording starts later; one takes about 0.05 s for 7B (computed)
_MOST_FAILURES = 3  # recordings that fail in a row; then graphs do not work here


@dataclass(frozen=True, slots=True)
class Recording:
    """`replay` repeats what was recorded, on the current content of its inputs, and leaves the result in `logits`."""

    replay: Callable[[], None]
    logits: Tensor


Recorder = Callable[[Callable[[], Tensor]], Recording]
"""Runs a function that returns logits, and records it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """How many graphs were recorded and how many were not, for up to `n_rows` sequences, in `took_s`."""

    n_graphs: int
    n_missing: int
    n_rows: int
    took_s: float


class GraphDecoder:
    """`step` for single tokens. It keeps no ring alive, so that the memory of a cache can be freed."""

    def __init__(self, weights: PackedWeights, recorder: Callable[[], Recorder] | None = None) -> None:
        """`recorder` makes recorders whose graphs share their memory; None: `CudaRecorder`."""
        config, embeddings = weights.config, weights.embeddings
        self._device = embeddings.device
        is_fused = can_fuse(self._device, embeddings.dtype, config.n_heads, config.n_kv_heads, config.head_dim)
        self._compute = SingleTokens(weights, is_fused=is_fused)
        self._new_recorder = recorder or (lambda: CudaRecorder(self._device))
        self._vocab_size = config.vocab_size
        self._rows = self._logits = torch.empty(0)  # inputs and outputs of all graphs
        self._addresses: tuple[Any, ...] = ()
        self._record: Recorder | None = None
        self._recordings: dict[tuple[int, int], Recording] = {}  # by rows and keys
        self._wanted: dict[tuple[int, int], None] = {}  # shapes that steps lacked, in order
        self._failed: set[tuple[int, int]] = set()
        self._n_failures = 0  # in a row

    @property
    def name(self) -> str:
        """What decodes tokens, in words for a report."""
        if not self._recordings:
            return "torch"
        return "CUDA graphs, flash attention" if self._compute.is_fused else "CUDA graphs, plain products"

    def prepare(self, cache: RingCache, *, limit_s: float = _PREPARE_S) -> Prepared:
        """Record all graphs of a cache, as far as `limit_s` allows: the largest, then those of fewest rows and keys."""
        begun = time.perf_counter()
        self._start(cache)
        rows, keys = batch_rungs(cache.n_slots), key_rungs(_longest(cache))
        shapes = [(n_rows, n_keys) for n_rows in rows for n_keys in keys]
        for shape in [shapes[-1], *shapes[:-1]]:
            if time.perf_counter() - begun > limit_s:
                break
            self._try_to_record(shape, cache)
        n_graphs = len(self._recordings)
        return Prepared(n_graphs, len(shapes) - n_graphs, rows[-1], time.perf_counter() - begun)

    def record_wanted(self, cache: RingCache) -> bool:
        """Record one graph that a step of this cache lacked. Return False if there was none."""
        if not self._wanted or not self._is_for(cache):
            return False
        shape = next(iter(self._wanted))
        del self._wanted[shape]
        self._try_to_record(shape, cache)
        return True

    def step(self, chunks: Sequence[Chunk], cache: RingCache) -> Tensor | None:
        """Return float32 logits (number of chunks, V) after chunks of one token each; store their keys and values.

        None where there is no graph for them: then nothing has been written.
        """
        recording, n_rows = self._find(len(chunks), max(chunk.start for chunk in chunks) + 1, cache)
        if recording is None:
            return None
        rows = [(chunk.ids[0], chunk.slot, chunk.start) for chunk in chunks]
        rows += rows[:1] * (n_rows - len(rows))
        self._rows[:n_rows].copy_(torch.tensor(rows))
        recording.replay()
        return recording.logits[: len(chunks)].clone()

    def _find(self, n_rows: int, n_written: int, cache: RingCache) -> tuple[Recording | None, int]:
        """Return the smallest graph that is large enough, and its rows; note a better one for `record_wanted`."""
        if not self._is_for(cache):
            self._start(cache)
        if n_rows > MOST_ROWS:
            return None, n_rows
        rung = next(rung for rung in batch_rungs(cache.n_slots) if rung >= n_rows)
        n_keys = keys_rung(n_written, _longest(cache))
        if self._may_record((rung, n_keys)):
            self._wanted[rung, n_keys] = None
        large_enough = (shape for shape in self._recordings if shape[0] >= n_rows and shape[1] >= n_keys)
        shape = min(large_enough, default=None)
        return (None, n_rows) if shape is None else (self._recordings[shape], shape[0])

    def _may_record(self, shape: tuple[int, int]) -> bool:
        is_tried = shape in self._recordings or shape in self._failed
        return not is_tried and self._n_failures < _MOST_FAILURES

    def _is_for(self, cache: RingCache) -> bool:
        return self._addresses == _addresses(cache)

    def _start(self, cache: RingCache) -> None:
        """Forget the graphs of another cache, and their memory."""
        for old in (self._recordings, self._wanted, self._failed):
            old.clear()
        self._addresses, self._record, self._n_failures = _addresses(cache), None, 0
        most = min(cache.n_slots, MOST_ROWS)
        if len(self._rows) < most:
            self._rows = torch.zeros(most, 3, dtype=torch.long, device=self._device)
            self._logits = torch.zeros(most, self._vocab_size, device=self._device)

    @torch.inference_mode()
    def _try_to_record(self, shape: tuple[int, int], cache: RingCache) -> None:
        if not self._may_record(shape):
            return
        n_keys, rows, logits = shape[1], self._rows[: shape[0]], self._logits[: shape[0]]
        try:
            if self._record is None:
                self._record = self._new_recorder()
            with _unchanged(cache):
                rows.zero_()  # token 0 of slot 0 at position 0
                # In one place for all graphs: each would otherwise keep its own logits, a gigabyte together.
                run = self._record
                self._recordings[shape] = run(lambda: logits.copy_(self._compute(rows, cache.rings, n_keys)))
            self._n_failures = 0
        except RuntimeError as error:  # out of memory, or an operator that cannot be recorded
            self._failed.add(shape)
            self._record = None  # its pool may be in the middle of a recording
            self._n_failures += 1
            if len(self._failed) == 1:
                logger.warning("no CUDA graph for %d rows and %d keys, these steps run slower: %s", *shape, error)


def batch_rungs(n_slots: int) -> list[int]:
    """Return the rungs of rows for a cache: 1, 2, 4 … 128, 192, 256 … 512, as far as it has slots."""
    most = min(n_slots, MOST_ROWS)
    doubling = (2**i for i in range(_DOUBLES_TO.bit_length()))
    return [rung for rung in (*doubling, *range(_DOUBLES_TO + _THEN_BY, most, _THEN_BY)) if rung < most] + [most]


def key_rungs(longest: int) -> list[int]:
    """Return the rungs of keys for a cache whose longest ring has `longest` rows: 512, 1024 … `longest`."""
    rungs = [FEWEST_KEYS]
    while rungs[-1] < longest:
        rungs.append(rungs[-1] * 2)
    return [*rungs[:-1], longest]


def keys_rung(n_written: int, longest: int) -> int:
    """Return how many rows of each ring a graph reads when `n_written` tokens are stored and the longest ring has
    `longest` rows."""
    return next((rung for rung in key_rungs(longest) if rung >= n_written), longest)


def _addresses(cache: RingCache) -> tuple[Any, ...]:
    return tuple((ring.data_ptr(), ring.shape) for ring in cache.rings)


def _longest(cache: RingCache) -> int:
    return max(ring.shape[3] for ring in cache.rings)


@contextmanager
def _unchanged(cache: RingCache) -> Iterator[None]:
    """Restore the first row of the first slot, in which a recording stores keys: it may be part of a conversation."""
    before = [ring[:, 0, :, 0].clone() for ring in cache.rings]
    try:
        yield
    finally:
        for ring, row in zip(cache.rings, before, strict=True):
            ring[:, 0, :, 0] = row


class CudaRecorder:
    """Records CUDA graphs that share their working memory.

    They must be replayed one after the other, and the result of each be read before the next replay. After a failed
    recording, a new recorder is needed.
    """

    def __init__(self, device: torch.device) -> None:
        self._pool = torch.cuda.graph_pool_handle()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __call__(self, run: Callable[[], Tensor]) -> Recording:
        here = torch.cuda.current_stream(self._stream.device)
        try:
            self._stream.wait_stream(here)
            try:
                # Before the recording, libraries choose kernels and allocate memory.
                with torch.cuda.stream(self._stream):
                    for _ in range(2):
                        run()
            finally:
                # A failed run may still store keys, and the caller restores the row next.
                here.wait_stream(self._stream)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
                logits = run()
        finally:
            torch.cuda.set_stream(here)  # where a recording fails to end, torch leaves this thread on its stream
        return Recording(graph.replay, logits)
