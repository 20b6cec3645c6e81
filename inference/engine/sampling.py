"""Logits to the next token of each row: greedy, or temperature and cuts by inverse CDF with one uniform a row.

The uniform comes from the request's own stream (`uniforms`), never from a shared generator, so that the tokens of a
request do not depend on the crowd around it. Sums are in float64: logits that differ in their last bits then choose the
same token but for one draw in about a million.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_N_FIRST = 256  # likeliest tokens that are tried first for a cut: these nearly always hold it, and need no full sort
_BLOCK = 16
_RUN = 256


@dataclass(frozen=True, slots=True)
class Row:
    """How one row is drawn; `uniform` in [0, 1) is not looked at when the temperature is 0. Cuts as in
    `SamplingParams`."""

    temperature: float
    top_p: float
    uniform: float
    top_k: int = 0
    min_p: float = 0.0


_Way = Callable[[Tensor, Tensor, Sequence[Row]], Tensor]


def uniforms(seed: int) -> Iterator[float]:
    """The endless stream of one request: numbers in [0, 1), the same for the same seed on every machine."""
    stream = random.Random(str(seed))  # a string: random.Random(-1) would be random.Random(1)
    while True:
        yield stream.random()


def sample(logits: Tensor, rows: Sequence[Row]) -> list[int | None]:
    """One token id for each row of `logits` (B, V); None for a row that is no distribution (NaN or infinite logits)."""
    logits = logits.float()
    top = logits.amax(dim=-1, keepdim=True)
    groups: dict[_Way, list[int]] = {}  # which way a row goes depends on this row alone
    for i, (row, is_finite) in enumerate(zip(rows, torch.isfinite(top)[:, 0].tolist(), strict=True)):
        if is_finite:
            is_cut = row.top_p < 1 or 0 < row.top_k < logits.shape[1]
            way: _Way = _likeliest if row.temperature == 0 else _draw_cut if is_cut else _draw_whole
            groups.setdefault(way, []).append(i)
    tokens: list[int | None] = [None] * len(rows)
    for way, group in groups.items():
        is_all = len(group) == len(rows)
        some, greatest = (logits, top) if is_all else (logits[group], top[group])
        for i, token in zip(group, way(some, greatest, [rows[i] for i in group]).tolist(), strict=True):
            tokens[i] = token
    return tokens


def _likeliest(logits: Tensor, top: Tensor, rows: Sequence[Row]) -> Tensor:
    return logits.argmax(dim=-1)


def _draw_whole(logits: Tensor, top: Tensor, rows: Sequence[Row]) -> Tensor:
    """From all tokens but those below min_p."""
    weights = _weights(logits, top, rows)
    if any(row.min_p for row in rows):
        weights *= weights >= _column([row.min_p for row in rows], weights)
    return _invert(weights, rows)


def _draw_cut(logits: Tensor, top: Tensor, rows: Sequence[Row]) -> Tensor:
    """From the first 256 tokens where top_k or top_p keeps no more than those, else after a full sort."""
    weights = _weights(logits, top, rows)
    n_vocab = logits.shape[1]
    total = weights.sum(dim=-1, keepdim=True, dtype=torch.float64)
    best, order = _first(weights)
    is_kept = torch.arange(best.shape[1], device=best.device) < _n_kept(best, total, rows)
    tokens = order.gather(-1, _invert(best * is_kept, rows)[:, None])[:, 0]
    share = (best.sum(dim=-1, dtype=torch.float64) / total[:, 0]).tolist()
    rest = [
        i
        for i, row in enumerate(rows)
        if row.top_k > _N_FIRST or (row.top_k == 0 and share[i] < row.top_p and n_vocab > _N_FIRST)
    ]
    if rest:
        tokens[rest] = _draw_after_sort(weights[rest], total[rest], [rows[i] for i in rest])
    return tokens


def _draw_after_sort(weights: Tensor, total: Tensor, rows: Sequence[Row]) -> Tensor:
    """Sorted are the weights alone, by numpy (0.2 ms for 32,000; a torch.sort takes 5): they tell the least weight
    that is kept, and how many tokens have it."""
    best = torch.from_numpy(np.sort(weights.cpu().numpy())[:, ::-1].copy()).to(weights.device)
    n_kept = _n_kept(best, total, rows)
    least = best.gather(-1, n_kept - 1)
    is_above, is_least = weights > least, weights == least
    n_least = n_kept - is_above.sum(dim=-1, keepdim=True)
    return _invert(weights * (is_above | (is_least & (is_least.cumsum(dim=-1) <= n_least))), rows)


def _n_kept(best: Tensor, total: Tensor, rows: Sequence[Row]) -> Tensor:
    """How many of the likeliest tokens the cuts leave, (B, 1): `best` (B, K) are their weights, falling from 1, `total`
    (B, 1) is that of all tokens."""
    top_k = _column([row.top_k or math.inf for row in rows], best)
    best = best.double() * (torch.arange(best.shape[1], device=best.device) < top_k)
    total = torch.where(top_k.isinf(), total, best.sum(dim=-1, keepdim=True))
    before = best.cumsum(dim=-1) - best  # weight of the tokens ahead of each one; 0 for the first, which stays
    is_kept = (before < _column([row.top_p for row in rows], best) * total) & (best > 0)
    is_kept &= best >= _column([row.min_p for row in rows], best)
    return is_kept.sum(dim=-1, keepdim=True)


def _weights(logits: Tensor, top: Tensor, rows: Sequence[Row]) -> Tensor:
    """Probabilities (B, V) in units of the likeliest token's, whose weight is 1 and whose logit `top` (B, 1)."""
    return (logits - top).div_(_column([row.temperature for row in rows], logits).float()).exp_()


def _first(weights: Tensor) -> tuple[Tensor, Tensor]:
    """The 256 greatest of each row (B, V), falling, and their places.

    They lie in the 256 blocks with the greatest maxima: to look there alone takes a third of the time of `topk` on
    32,000 tokens.
    """
    n_blocks, n_rest = divmod(weights.shape[1], _BLOCK)
    if n_blocks < 2 * _N_FIRST:
        best = weights.topk(min(_N_FIRST, weights.shape[1]), dim=-1)
        return best.values, best.indices
    maxima = weights[:, : n_blocks * _BLOCK].view(-1, n_blocks, _BLOCK).amax(dim=-1)
    blocks = maxima.topk(_N_FIRST, dim=-1, sorted=False).indices[:, :, None]
    places = (blocks * _BLOCK + torch.arange(_BLOCK, device=weights.device)).flatten(1)
    if n_rest:
        rest = torch.arange(n_blocks * _BLOCK, weights.shape[1], device=weights.device)
        places = torch.cat([places, rest.expand(len(weights), -1)], dim=1)
    best = weights.gather(1, places).topk(_N_FIRST, dim=-1)
    return best.values, places.gather(1, best.indices)


def _column(values: list[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device=like.device)[:, None]


def _invert(weights: Tensor, rows: Sequence[Row]) -> Tensor:
    """The first index at which the running sum of `weights` (B, V) exceeds its row's uniform share of their total.

    Of a large vocabulary first among runs of tokens, then within one: a running sum over all takes three times as long.
    """
    uniform = _column([row.uniform for row in rows], weights)
    n_vocab = weights.shape[1]
    if n_vocab <= 8 * _RUN:
        sums = weights.cumsum(dim=-1, dtype=torch.float64)
        return _search(sums, uniform * sums[:, -1:])[0][:, 0]
    n_whole = n_vocab // _RUN * _RUN
    parts = [weights[:, :n_whole].view(len(rows), -1, _RUN), weights[:, None, n_whole:]]
    sums = torch.cat([part.sum(dim=-1, dtype=torch.float64) for part in parts], dim=-1).cumsum(dim=-1)
    run, goal = _search(sums, uniform * sums[:, -1:])
    places = run * _RUN + torch.arange(_RUN, device=weights.device)
    inside = weights.gather(-1, places.clamp(max=n_vocab - 1)) * (places < n_vocab)
    place, _ = _search(inside.cumsum(dim=-1, dtype=torch.float64), goal)
    return (run * _RUN + place)[:, 0]


def _search(sums: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """The first index (B, 1) at which the rising `sums` (B, K) exceed `goal` (B, 1), in any case one at which they
    rise; and what is left of the goal there."""
    total = sums[:, -1:]
    goal = torch.minimum(goal, torch.nextafter(total, torch.zeros_like(total)))
    index = torch.searchsorted(sums, goal, right=True)
    before = torch.where(index > 0, sums.gather(-1, (index - 1).clamp(min=0)), 0.0)
    return index, goal - before
