"""The layout of one step, computed once for all layers.

It says which row is which token, where its key is stored, and which keys it sees. The rows are ordered: chunks of one
token by slot, then the longer chunks. Single tokens in neighbouring slots form a run. The rings of a run are one piece
of memory, so a run is one matrix product without a copy. Layers with the same window share a `WindowPlan`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from inference.model.cache import Chunk, RingCache
from inference.model.config import ModelConfig
from inference.model.gpu.flash_attention import can_fuse
from inference.model.gpu.slot_queries import SlotQueries, slot_queries
from inference.model.places import band, hidden_rows, n_past, past_rows, targets

_KEY_STEP = 512  # rows of a long, partly filled ring are read in multiples of this: shorter pieces change the last bits


@dataclass(frozen=True, slots=True)
class Run:
    """Single tokens in neighbouring slots. Each sees the rows that are written among the first `n_keys` of its ring.

    `bias` is `places.hidden_rows`, or None where all of those rows are written.
    """

    rows: slice
    slots: slice
    n_keys: int
    bias: Tensor | None


@dataclass(frozen=True)
class Prefill:
    """A longer chunk that starts at position `start`. It sees the `n_past` tokens before it, and itself."""

    rows: slice
    slot: int
    start: int
    n_past: int
    n_ring: int
    window: int | None
    device: torch.device

    @cached_property
    def past(self) -> Tensor:
        """The ring's rows of the tokens before it, in order of position."""
        return past_rows(self.start, self.n_past, self.n_ring, self.device)

    @cached_property
    def visible(self) -> Tensor | None:
        """The mask, from `places.band`. Layers with the same window share it."""
        n = self.rows.stop - self.rows.start
        return band(n, self.n_past + n, self.window, self.device)


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """The attention of one step of `n_rows` tokens in the layers of one window.

    With `is_native`, compiled code computes what it can. Single tokens are in `runs`, or on a GPU all in `queries`.
    `kept` are the rows whose keys are stored (None: all). `targets` are the places of their keys and values, head by
    head, in a layer's ring seen as (2 * n_slots * n_kv_heads * R, head_dim).
    """

    n_rows: int
    is_native: bool
    runs: tuple[Run, ...]
    prefills: tuple[Prefill, ...]
    kept: Tensor | None
    targets: Tensor
    queries: SlotQueries | None


@dataclass(frozen=True, slots=True)
class StepPlan:
    """`ids` and `positions` (N,), and a plan for each layer.

    `last_rows` is the row of each chunk's last token, and `all_rows` the rows of all tokens, in the order in which the
    chunks were given. None: all rows, in their own order.
    """

    ids: Tensor
    positions: Tensor
    windows: tuple[WindowPlan, ...]
    last_rows: Tensor | None
    all_rows: Tensor | None


def plan_step(
    config: ModelConfig,
    chunks: Sequence[Chunk],
    cache: RingCache,
    *,
    is_native: bool = False,
    is_on_gpu: bool = False,
) -> StepPlan:
    """Lay out a step of chunks that `check_chunks` accepts; with `is_native`, compiled code computes what it can.

    With `is_on_gpu`, one call computes the attention of all single tokens, and everything that the step needs is sent
    to the device before its first layer: a copy later would wait for the layers.
    """
    order = sorted(range(len(chunks)), key=lambda i: (len(chunks[i].ids) > 1, chunks[i].slot))
    first_row, n = {}, 0
    for i in order:
        first_row[i] = n
        n += len(chunks[i].ids)
    in_order = [chunks[i] for i in order]
    device = cache.rings[0].device
    slots = torch.tensor([chunk.slot for chunk in in_order for _ in chunk.ids], device=device)
    positions = torch.tensor([chunk.start + k for chunk in in_order for k in range(len(chunk.ids))], device=device)
    windows = [config.window(layer) for layer in range(config.n_layers)]
    rings = dict(zip(windows, cache.rings, strict=True))  # one for each window
    plans = {}
    for window, ring in rings.items():
        places = targets(slots, positions, ring)
        queries = _plan_queries(config, ring, in_order, slots, positions) if is_on_gpu else None
        plans[window] = _plan_window(window, ring, in_order, places, queries, is_native=is_native)
    last_rows = [first_row[i] + len(chunk.ids) - 1 for i, chunk in enumerate(chunks)]
    all_rows = [first_row[i] + k for i, chunk in enumerate(chunks) for k in range(len(chunk.ids))]
    unchanged = list(range(n))
    return StepPlan(
        torch.tensor([token for chunk in in_order for token in chunk.ids], device=device),
        positions,
        tuple(plans[window] for window in windows),
        None if last_rows == unchanged else torch.tensor(last_rows, device=device),
        None if all_rows == unchanged else torch.tensor(all_rows, device=device),
    )


def _plan_window(
    window: int | None,
    ring: Tensor,
    chunks: Sequence[Chunk],
    places: Tensor,
    queries: SlotQueries | None,
    *,
    is_native: bool,
) -> WindowPlan:
    """`ring` is that of one layer with this window, and `places` are the targets in it of all rows."""
    n_ring = ring.shape[3]
    n_single = sum(len(chunk.ids) == 1 for chunk in chunks)
    breaks = [i for i in range(1, n_single) if chunks[i].slot != chunks[i - 1].slot + 1]
    ends = [0, *breaks, n_single] if queries is None else []
    runs = [_plan_run(ring, chunks[a:b], slice(a, b)) for a, b in pairwise(ends) if a < b]
    prefills, kept, row = [], list(range(n_single)), n_single
    for chunk in chunks[n_single:]:
        n, start = len(chunk.ids), chunk.start
        rows = slice(row, row + n)
        past = n_past(start, window, n_ring)
        prefills.append(Prefill(rows, chunk.slot, start, past, n_ring, window, ring.device))
        kept += range(row + max(0, n - n_ring), row + n)
        row += n
    all_kept = len(kept) == row
    stored = None if all_kept else torch.tensor(kept, device=ring.device)
    stored_at = places if stored is None else places[stored]
    return WindowPlan(row, is_native, tuple(runs), tuple(prefills), stored, stored_at.flatten(), queries)


def _plan_queries(
    config: ModelConfig, ring: Tensor, chunks: Sequence[Chunk], slots: Tensor, positions: Tensor
) -> SlotQueries | None:
    n_single = sum(len(chunk.ids) == 1 for chunk in chunks)
    if not n_single:
        return None
    n_keys = max(chunk.start for chunk in chunks[:n_single]) + 1
    is_fused = can_fuse(ring.device, ring.dtype, config.n_heads, config.n_kv_heads, config.head_dim)
    return slot_queries(slots[:n_single], positions[:n_single], ring, n_keys, is_fused=is_fused)


def _plan_run(ring: Tensor, run: Sequence[Chunk], rows: slice) -> Run:
    positions = [chunk.start for chunk in run]
    n_keys = min(ring.shape[3], (max(positions) // _KEY_STEP + 1) * _KEY_STEP)
    bias = None
    if min(positions) < n_keys - 1:
        bias = hidden_rows(torch.tensor(positions, device=ring.device), n_keys, ring)
    return Run(rows, slice(run[0].slot, run[-1].slot + 1), n_keys, bias)


def check_chunks(config: ModelConfig, chunks: Sequence[Chunk], cache: RingCache) -> None:
    """Raise ValueError for a chunk that does not continue its slot, or has an id outside the vocabulary."""
    if not chunks:
        raise ValueError("a step without chunks; at least one was expected")
    seen: set[int] = set()
    for chunk in chunks:
        if not 0 <= chunk.slot < cache.n_slots:
            raise ValueError(f"slot {chunk.slot} does not exist; the cache has slots 0 to {cache.n_slots - 1}")
        if chunk.slot in seen:
            raise ValueError(f"two chunks for slot {chunk.slot} in one step; one sequence takes one chunk a step")
        seen.add(chunk.slot)
        if not chunk.ids:
            raise ValueError(f"an empty chunk for slot {chunk.slot}; at least one token was expected")
        if chunk.start != cache.lengths[chunk.slot]:
            raise ValueError(
                f"the chunk for slot {chunk.slot} starts at {chunk.start}, but the slot has "
                f"{cache.lengths[chunk.slot]} tokens; continue there, or reset the slot"
            )
        if chunk.start + len(chunk.ids) > cache.max_len:
            raise ValueError(
                f"slot {chunk.slot} would have {chunk.start + len(chunk.ids)} tokens; at most {cache.max_len} fit"
            )
        if min(chunk.ids) < 0 or max(chunk.ids) >= config.vocab_size:
            outside = next(token for token in chunk.ids if not 0 <= token < config.vocab_size)
            raise ValueError(f"token id {outside} in slot {chunk.slot}; ids 0 to {config.vocab_size - 1} were expected")
