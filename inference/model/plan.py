"""What one step computes, worked out once and shared by its layers: which row of the batch is which token, where its
key goes in the ring, and which keys it sees.

Rows stand as: chunks of one token, by slot; then the longer chunks. Single tokens in neighbouring slots form a run,
whose rings are one piece of memory, so that a run is one matrix product without a copy. Layers with the same window
share a `WindowPlan`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from inference.model.cache import Chunk, RingCache
from inference.model.config import ModelConfig
from inference.model.operators.attention import band

_KEY_STEP = 512  # rows of a long, part-filled ring are read in multiples of this: shorter pieces move the last bits


@dataclass(frozen=True, slots=True)
class Run:
    """Single tokens in neighbouring slots: each sees those of the first `n_keys` rows of its ring that are written.

    `bias` (n * n_kv_heads, 1, n_keys) is 0 there and -inf elsewhere, or None where all of them are.
    """

    rows: slice
    slots: slice
    n_keys: int
    bias: Tensor | None


@dataclass(frozen=True)
class Prefill:
    """A longer chunk from position `start` on: it sees the `n_past` tokens before it, and itself. Where `is_native`,
    compiled code attends."""

    rows: slice
    slot: int
    start: int
    n_past: int
    n_ring: int
    window: int | None
    device: torch.device
    is_native: bool = False

    @cached_property
    def past(self) -> Tensor:
        """The ring's rows of the tokens before it, in order of position."""
        return torch.arange(self.start - self.n_past, self.start, device=self.device) % self.n_ring

    @cached_property
    def visible(self) -> Tensor | None:
        """The mask, from `attention.band`. Layers with the same window share it."""
        n = self.rows.stop - self.rows.start
        return band(n, self.n_past + n, self.window, self.device)


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """The attention of one step of `n_rows` tokens in layers of one window.

    `kept` are the rows of the step whose keys outlive it (None: all), `targets` the places of their keys and values,
    head by head, in a layer's ring seen as (2 * n_slots * n_kv_heads * R, head_dim).
    """

    n_rows: int
    runs: tuple[Run, ...]
    prefills: tuple[Prefill, ...]
    kept: Tensor | None
    targets: Tensor


@dataclass(frozen=True, slots=True)
class StepPlan:
    """`ids` and `positions` (N,), and a plan for each layer.

    `last_rows` is the row of each chunk's last token, `all_rows` those of all tokens, in the order of the chunks given;
    None: all rows as they stand.
    """

    ids: Tensor
    positions: Tensor
    windows: tuple[WindowPlan, ...]
    last_rows: list[int] | None
    all_rows: list[int] | None


def plan_step(config: ModelConfig, chunks: Sequence[Chunk], cache: RingCache, *, has_library: bool = False) -> StepPlan:
    """Lay out a step of chunks that have been checked (`check_chunks`). `has_library`: compiled code is at hand, for
    those that may take it."""
    order = sorted(range(len(chunks)), key=lambda i: (len(chunks[i].ids) > 1, chunks[i].slot))
    first_row, n = {}, 0
    for i in order:
        first_row[i] = n
        n += len(chunks[i].ids)
    in_order = [chunks[i] for i in order]
    rows = _Rows(
        [chunk.slot for chunk in in_order for _ in chunk.ids],
        [position for chunk in in_order for position in range(chunk.start, chunk.start + len(chunk.ids))],
    )
    windows = [config.window(layer) for layer in range(config.n_layers)]
    rings = dict(zip(windows, cache.rings, strict=True))  # one for each window
    plans = {
        window: _plan_window(window, ring, in_order, rows, has_library=has_library) for window, ring in rings.items()
    }
    device = cache.rings[0].device
    last_rows = [first_row[i] + len(chunk.ids) - 1 for i, chunk in enumerate(chunks)]
    all_rows = [first_row[i] + k for i, chunk in enumerate(chunks) for k in range(len(chunk.ids))]
    in_place = list(range(n))
    return StepPlan(
        torch.tensor([token for chunk in in_order for token in chunk.ids], device=device),
        torch.tensor(rows.positions, device=device),
        tuple(plans[window] for window in windows),
        None if last_rows == in_place else last_rows,
        None if all_rows == in_place else all_rows,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Slot and position of the token in each row of the step."""

    slots: list[int]
    positions: list[int]


def _plan_window(
    window: int | None, ring: Tensor, chunks: Sequence[Chunk], rows: _Rows, *, has_library: bool
) -> WindowPlan:
    """`ring` is that of one layer with this window."""
    _, n_slots, n_kv_heads, n_ring, _ = ring.shape
    n_single = sum(len(chunk.ids) == 1 for chunk in chunks)
    breaks = [i for i in range(1, n_single) if chunks[i].slot != chunks[i - 1].slot + 1]
    runs = [_plan_run(ring, chunks[a:b], slice(a, b)) for a, b in pairwise([0, *breaks, n_single]) if a < b]
    prefills, kept, row = [], list(range(n_single)), n_single
    for chunk in chunks[n_single:]:
        n = len(chunk.ids)
        n_past = min(chunk.start, n_ring if window is None else window - 1)
        is_native, at = has_library and not chunk.by_torch, slice(row, row + n)
        prefills.append(Prefill(at, chunk.slot, chunk.start, n_past, n_ring, window, ring.device, is_native))
        kept += range(row + max(0, n - n_ring), row + n)
        row += n
    first = torch.tensor(
        [rows.slots[i] * n_kv_heads * n_ring + rows.positions[i] % n_ring for i in kept], device=ring.device
    )
    heads = torch.arange(2 * n_kv_heads, device=ring.device)
    if n_slots > 1:
        heads[n_kv_heads:] += (n_slots - 1) * n_kv_heads  # values stand after the keys of all slots
    targets = (first[:, None] + heads * n_ring).flatten()
    return WindowPlan(
        row,
        tuple(runs),
        tuple(prefills),
        None if len(kept) == row else torch.tensor(kept, device=ring.device),
        targets,
    )


def _plan_run(ring: Tensor, run: Sequence[Chunk], rows: slice) -> Run:
    _, _, n_kv_heads, n_ring, _ = ring.shape
    positions = [chunk.start for chunk in run]
    n_keys = min(n_ring, (max(positions) // _KEY_STEP + 1) * _KEY_STEP)
    bias = None
    if min(positions) < n_keys - 1:
        last = torch.tensor(positions, device=ring.device).repeat_interleave(n_kv_heads)
        hidden = torch.arange(n_keys, device=ring.device) > last[:, None, None]
        bias = torch.zeros(hidden.shape, dtype=ring.dtype, device=ring.device).masked_fill_(hidden, float("-inf"))
    return Run(rows, slice(run[0].slot, run[-1].slot + 1), n_keys, bias)


def check_chunks(config: ModelConfig, chunks: Sequence[Chunk], cache: RingCache) -> None:
    """ValueError for chunks that do not go on where their slots stand, or hold ids that do not exist."""
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
                f"the chunk for slot {chunk.slot} starts at {chunk.start}, but the slot holds "
                f"{cache.lengths[chunk.slot]} tokens; go on there, or reset the slot"
            )
        if chunk.start + len(chunk.ids) > cache.max_len:
            raise ValueError(
                f"slot {chunk.slot} would hold {chunk.start + len(chunk.ids)} tokens; at most {cache.max_len} fit"
            )
        if min(chunk.ids) < 0 or max(chunk.ids) >= config.vocab_size:
            outside = next(token for token in chunk.ids if not 0 <= token < config.vocab_size)
            raise ValueError(f"token id {outside} in slot {chunk.slot}; ids 0 to {config.vocab_size - 1} were expected")
