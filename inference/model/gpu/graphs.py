"""Decoding on a GPU with CUDA graphs.

A step of single tokens is recorded once, and then started by one call.

Started one by one from Python, the 700 kernels of a step of Mistral 7B would take about 10 ms instead of 5 (computed
for an H100; not yet measured). A graph has fixed shapes and addresses. So there is one for each number of rows and of
keys on two ladders, recorded when it is first needed: a step is padded to the next rung with copies of its first row,
and reads as many rows of each ring as the longest sequence has written, rounded up to the next rung. All graphs share
their working memory. A cache with rings at other addresses needs new graphs.

A step that cannot be recorded is computed without a graph, with one warning.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inference.model.cache import Chunk, RingCache
from inference.model.gpu.flash_attention import can_fuse
from inference.model.gpu.single_tokens import SingleTokens
from inference.model.packed import PackedWeights

logger = logging.getLogger(__name__)

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
FEWEST_KEYS = 512  # the rungs double from here, up to the rows of the longest ring


@dataclass(frozen=True, slots=True)
class Recording:
    """`replay` repeats what was recorded, on the current content of its inputs, and leaves the result in `logits`."""

    replay: Callable[[], None]
    logits: Tensor


Recorder = Callable[[Callable[[], Tensor]], Recording]
"""Runs a function that returns logits, and records it."""


class GraphDecoder:
    """`step` for single tokens. It keeps no ring alive, so that the memory of a cache can be freed."""

    def __init__(self, weights: PackedWeights, recorder: Callable[[], Recorder] | None = None) -> None:
        """`recorder` returns what records the graphs of one cache; None: `CudaRecorder`."""
        config, embeddings = weights.config, weights.embeddings
        device = embeddings.device
        is_fused = can_fuse(device, embeddings.dtype, config.n_heads, config.n_kv_heads, config.head_dim)
        self._compute = SingleTokens(weights, is_fused=is_fused)
        self._recorder = recorder or (lambda: CudaRecorder(device))
        self._rows = torch.zeros(BATCHES[-1], 3, dtype=torch.long, device=device)
        self._addresses: tuple[Any, ...] = ()
        self._record: Recorder | None = None
        self._recordings: dict[tuple[int, int], Recording | None] = {}  # by rows and keys; None: recording failed
        self._has_warned = False

    @property
    def name(self) -> str:
        """How tokens are decoded in fact, in words for a report."""
        if not any(self._recordings.values()):
            return "torch"
        return "CUDA graphs, flash attention" if self._compute.is_fused else "CUDA graphs, plain products"

    def step(self, chunks: Sequence[Chunk], cache: RingCache) -> Tensor | None:
        """Return float32 logits (number of chunks, V) after chunks of one token each; store their keys and values.

        None where there is no graph for them: then nothing that counts has been written.
        """
        n = len(chunks)
        if n > BATCHES[-1]:
            return None
        n_rows = next(rung for rung in BATCHES if rung >= n)
        longest = max(ring.shape[3] for ring in cache.rings)
        n_keys = keys_rung(max(chunk.start for chunk in chunks) + 1, longest)
        rows = [(chunk.ids[0], chunk.slot, chunk.start) for chunk in chunks]
        rows += rows[:1] * (n_rows - n)
        self._rows[:n_rows].copy_(torch.tensor(rows))
        recording = self._recording(n_rows, n_keys, cache)
        if recording is None:
            return None
        recording.replay()
        return recording.logits[:n].clone()

    def _recording(self, n_rows: int, n_keys: int, cache: RingCache) -> Recording | None:
        addresses = tuple((ring.data_ptr(), ring.shape) for ring in cache.rings)
        if self._record is None or addresses != self._addresses:
            self._recordings.clear()
            self._addresses, self._record = addresses, self._recorder()
        shape = n_rows, n_keys
        if shape not in self._recordings:
            rows, record = self._rows[:n_rows], self._record
            try:
                self._recordings[shape] = record(lambda: self._compute(rows, cache.rings, n_keys))
            except RuntimeError as error:  # out of memory, or an operator that cannot be recorded
                self._recordings[shape] = None
                if not self._has_warned:
                    logger.warning("no CUDA graph for %d rows and %d keys, these steps run slower: %s", *shape, error)
                self._has_warned = True
        return self._recordings[shape]


def keys_rung(n_written: int, longest: int) -> int:
    """Return how many rows of each ring a graph reads when `n_written` tokens are stored and the longest ring has
    `longest` rows."""
    rung = FEWEST_KEYS
    while rung < n_written:
        rung *= 2
    return min(rung, longest)


class CudaRecorder:
    """Records CUDA graphs that share their working memory.

    They must be replayed one after the other, and the result of one be read before the next is replayed.
    """

    def __init__(self, device: torch.device) -> None:
        self._pool = torch.cuda.graph_pool_handle()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __call__(self, run: Callable[[], Tensor]) -> Recording:
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):  # libraries choose kernels and allocate memory before the recording
            for _ in range(2):
                run()
        here.wait_stream(self._stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            logits = run()
        return Recording(graph.replay, logits)
