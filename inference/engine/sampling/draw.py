"""Logits to the next token of each row: greedy, or temperature and cuts by inverse CDF with one uniform a row.

The uniform comes from the request's own stream (`uniforms`), never from a shared generator, so that the tokens of a
request do not depend on the crowd around it. Logits that differ in their last bits choose the same token but for one
draw in about a million.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_N_FIRST = 256  # likeliest tokens that are tried first for a cut: these nearly always hold it, and need no full sort
_BLOCK = 16  # tokens of a block, of which the greatest tells whether it may hold one of the first
_RUN = 256  # tokens of a run, in which large vocabularies are summed and searched
_LEAST_TEMPERATURE = 1e-6  # below it all but the likeliest have no weight in any case, and float32 might overflow


@dataclass(frozen=True, slots=True)
class Row:
    """How one row is drawn; `uniform` in [0, 1) is not looked at when the temperature is 0. Cuts as in
    `SamplingParams`."""

    temperature: float
    top_p: float
    uniform: float
    top_k: int = 0
    min_p: float = 0.0


_Way = Callable[[Tensor, Sequence[Row]], Tensor]
_NOTHING = -1  # in place of a token, where there is no distribution to draw from


def uniforms(seed: int) -> Iterator[float]:
    """The endless stream of one request: numbers in [0, 1), the same for the same seed on every machine."""
    stream = random.Random(str(seed))  # a string: random.Random(-1) would be random.Random(1)
    while True:
        yield stream.random()


def sample(logits: Tensor, rows: Sequence[Row]) -> list[int | None]:
    """One token id for each row of `logits` (B, V); None for a row that is no distribution (NaN or infinite logits)."""
    groups: dict[_Way, list[int]] = {}  # which way a row goes depends on this row alone
    for i, row in enumerate(rows):
        is_cut = row.top_p < 1 or 0 < row.top_k < logits.shape[1]
        way: _Way = _likeliest if row.temperature == 0 else _draw_cut if is_cut else _draw_whole
        groups.setdefault(way, []).append(i)
    tokens: list[int | None] = [None] * len(rows)
    for way, group in groups.items():
        some = (logits if len(group) == len(rows) else logits[group]).float()
        for i, token in zip(group, way(some, [rows[i] for i in group]).tolist(), strict=True):
            tokens[i] = None if token == _NOTHING else token
    return tokens


def _likeliest(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    """First among runs of tokens, then within one: argmax is slow, and the greatest value alone is not."""
    top = _run_by_run(logits, Tensor.amax)
    run = top.argmax(dim=-1, keepdim=True)
    places = _places(run, logits)
    best = logits.gather(-1, places)
    token = places.gather(-1, best.argmax(dim=-1, keepdim=True))
    return torch.where(torch.isfinite(top.gather(-1, run)), token, _NOTHING)[:, 0]


def _draw_whole(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    """From all tokens but those below min_p."""
    probs = _softmax(logits, rows)
    if any(row.min_p for row in rows):
        probs *= probs >= _column([row.min_p for row in rows], probs) * probs.amax(dim=-1, keepdim=True)
    return _invert(probs, rows)


def _draw_cut(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    """From the first 256 tokens where top_k or top_p keeps no more than those, else after a full sort."""
    probs = _softmax(logits, rows)
    best, order = _first(probs)
    is_kept = torch.arange(best.shape[1], device=best.device) < _n_kept(best, rows)
    place = _invert(best * is_kept, rows)[:, None]
    tokens = torch.where(place == _NOTHING, _NOTHING, order.gather(-1, place.clamp(min=0)))[:, 0]
    held = best.sum(dim=-1, dtype=torch.float64).tolist()
    rest = [
        i
        for i, row in enumerate(rows)
        if probs.shape[1] > _N_FIRST and (row.top_k > _N_FIRST or (row.top_k == 0 and held[i] < row.top_p))
    ]
    if rest:
        tokens[rest] = _draw_after_sort(probs[rest], [rows[i] for i in rest])
    return tokens


def _draw_after_sort(probs: Tensor, rows: Sequence[Row]) -> Tensor:
    """Sorted are the probabilities alone, by numpy (torch takes three times as long, and sorts indices too): they tell
    the least one that is kept, and how many tokens have it."""
    best = torch.from_numpy(np.sort(probs.cpu().numpy())[:, ::-1].copy()).to(probs.device)
    n_kept = _n_kept(best, rows)
    least = best.gather(-1, n_kept - 1)
    is_above, is_least = probs > least, probs == least
    n_least = n_kept - is_above.sum(dim=-1, keepdim=True)
    return _invert(probs * (is_above | (is_least & (is_least.cumsum(dim=-1) <= n_least))), rows)


def _n_kept(best: Tensor, rows: Sequence[Row]) -> Tensor:
    """How many of the likeliest tokens the cuts leave, (B, 1), from their probabilities `best` (B, K), falling."""
    top_k = _column([row.top_k or math.inf for row in rows], best)
    best = best.double() * (torch.arange(best.shape[1], device=best.device) < top_k)
    total = torch.where(top_k.isinf(), 1.0, best.sum(dim=-1, keepdim=True))
    before = best.cumsum(dim=-1) - best  # probability of the tokens ahead of each one; 0 for the first, which stays
    is_kept = (before < _column([row.top_p for row in rows], best) * total) & (best > 0)
    is_kept &= best >= _column([row.min_p for row in rows], best) * best[:, :1]
    return is_kept.sum(dim=-1, keepdim=True).clamp(min=1)


def _softmax(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    """Probabilities (B, V); NaN throughout a row whose logits are no distribution."""
    if any(row.temperature != 1 for row in rows):
        temperatures = [max(row.temperature, _LEAST_TEMPERATURE) for row in rows]
        logits = logits / _column(temperatures, logits).float()
    return torch.softmax(logits, dim=-1)


def _first(probs: Tensor) -> tuple[Tensor, Tensor]:
    """The 256 greatest of each row (B, V), falling, and their places.

    They lie in the 256 blocks with the greatest maxima: to look there alone takes a third of the time of `topk` on
    32,000 tokens.
    """
    n_blocks, n_rest = divmod(probs.shape[1], _BLOCK)
    if n_blocks < 2 * _N_FIRST:
        best = probs.topk(min(_N_FIRST, probs.shape[1]), dim=-1)
        return best.values, best.indices
    maxima = probs[:, : n_blocks * _BLOCK].view(-1, n_blocks, _BLOCK).amax(dim=-1)
    blocks = maxima.topk(_N_FIRST, dim=-1, sorted=False).indices[:, :, None]
    places = (blocks * _BLOCK + torch.arange(_BLOCK, device=probs.device)).flatten(1)
    if n_rest:
        rest = torch.arange(n_blocks * _BLOCK, probs.shape[1], device=probs.device)
        places = torch.cat([places, rest.expand(len(probs), -1)], dim=1)
    best = probs.gather(1, places).topk(_N_FIRST, dim=-1)
    return best.values, places.gather(1, best.indices)


def _column(values: list[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device=like.device)[:, None]


def _invert(weights: Tensor, rows: Sequence[Row]) -> Tensor:
    """The first index at which the running sum of `weights` (B, V) exceeds its row's uniform share of their total;
    _NOTHING for a row without a total. First among runs of tokens, then within one, as in `_likeliest`.
    """
    uniform = _column([row.uniform for row in rows], weights)
    sums = (weights if weights.shape[1] <= _RUN else _run_by_run(weights, Tensor.sum)).cumsum(-1, dtype=torch.float64)
    total = sums[:, -1:]
    run, goal = _search(sums, uniform * total)
    if weights.shape[1] <= _RUN:
        return torch.where(torch.isfinite(total), run, _NOTHING)[:, 0]
    places = _places(run, weights)
    inside = weights.gather(-1, places)
    inside[:, 1:] *= places[:, 1:] != places[:, :-1]
    place, _ = _search(inside.cumsum(dim=-1, dtype=torch.float64), goal)
    return torch.where(torch.isfinite(total), places.gather(-1, place), _NOTHING)[:, 0]


def _run_by_run(values: Tensor, reduce: Callable[..., Tensor]) -> Tensor:
    """One number for each run of 256 in `values` (B, V), the last one being what is left over: (B, ceil(V / 256))."""
    n_whole = values.shape[1] // _RUN * _RUN
    parts = [reduce(values[:, :n_whole].view(len(values), -1, _RUN), dim=-1)] if n_whole else []
    if n_whole < values.shape[1]:
        parts.append(reduce(values[:, n_whole:], dim=-1, keepdim=True))
    return torch.cat(parts, dim=-1)


def _places(run: Tensor, values: Tensor) -> Tensor:
    """Indices (B, 256) of the tokens in a run (B, 1); beyond the end the last one again and again."""
    places = run * _RUN + torch.arange(_RUN, device=values.device)
    return places.clamp_(max=values.shape[1] - 1)


def _search(sums: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """The first index (B, 1) at which the rising `sums` (B, K) exceed `goal` (B, 1), in any case one at which they
    rise; and what is left of the goal there."""
    total = sums[:, -1:]
    goal = torch.minimum(goal, torch.nextafter(total, torch.zeros_like(total)))
    index = torch.searchsorted(sums, goal, right=True).clamp_(max=sums.shape[1] - 1)
    before = torch.where(index > 0, sums.gather(-1, (index - 1).clamp(min=0)), 0.0)
    return index, goal - before
