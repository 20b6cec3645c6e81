"""Logits to the next token of each row: greedy, or temperature and cuts by inverse CDF with one uniform a row.

The uniform comes from the request's own stream (`uniforms`), never from a shared generator, so that the tokens of a
request do not depend on the crowd around it. Sums are in float64: logits that differ in their last bits then choose the
same token but for one draw in about a million.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_N_FIRST = 256  # likeliest tokens that are tried first for a cut: these nearly always hold it, and need no full sort
_BLOCK = 16


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
        some = logits - top if is_all else logits[group] - top[group]
        for i, token in zip(group, way(some, [rows[i] for i in group]).tolist(), strict=True):
            tokens[i] = token
    return tokens


def _likeliest(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    return logits.argmax(dim=-1)


def _draw_whole(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    """From all tokens but those below min_p; the greatest logit of each row is 0, here and below."""
    weights = _weights(logits, rows)
    if any(row.min_p for row in rows):
        weights *= weights >= _column([row.min_p for row in rows], weights)
    return _invert(weights, _column([row.uniform for row in rows], weights))


def _draw_cut(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    """From the first 256 tokens where top_k or top_p keeps no more than those, else after a full sort."""
    weights = _weights(logits, rows)
    n_vocab = logits.shape[1]
    total = weights.sum(dim=-1, keepdim=True, dtype=torch.float64)
    best, order = _first(weights)
    tokens = _draw_sorted(best, order, total, rows)
    share = (best.sum(dim=-1, dtype=torch.float64) / total[:, 0]).tolist()
    rest = [
        i
        for i, row in enumerate(rows)
        if row.top_k > _N_FIRST or (row.top_k == 0 and share[i] < row.top_p and n_vocab > _N_FIRST)
    ]
    if rest:
        best, order = weights[rest].sort(dim=-1, descending=True)
        tokens[rest] = _draw_sorted(best, order, total[rest], [rows[i] for i in rest])
    return tokens


def _draw_sorted(best: Tensor, order: Tensor, total: Tensor, rows: Sequence[Row]) -> Tensor:
    """Draw among the tokens `order` (B, K) with weights `best`, falling from 1, that the cuts leave. `total` (B, 1) is
    the weight of all tokens."""
    places = torch.arange(best.shape[1], device=best.device)
    top_k = _column([row.top_k or math.inf for row in rows], best)
    best = best.double() * (places < top_k)
    total = torch.where(top_k.isinf(), total, best.sum(dim=-1, keepdim=True))
    before = best.cumsum(dim=-1) - best  # weight of the tokens ahead of each one; 0 for the first, which stays
    is_kept = before < _column([row.top_p for row in rows], best) * total
    is_kept &= best >= _column([row.min_p for row in rows], best)
    return order.gather(-1, _invert(best * is_kept, _column([row.uniform for row in rows], best))[:, None])[:, 0]


def _weights(logits: Tensor, rows: Sequence[Row]) -> Tensor:
    """Probabilities (B, V) in units of the likeliest token's, whose weight is 1; takes the place of `logits`."""
    return logits.div_(_column([row.temperature for row in rows], logits).float()).exp_()


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


def _invert(weights: Tensor, uniform: Tensor) -> Tensor:
    """The first index at which the running sum of `weights` (B, V) exceeds `uniform` (B, 1) of their total."""
    sums = weights.cumsum(dim=-1, dtype=torch.float64)
    total = sums[:, -1:]
    goal = torch.minimum(uniform * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(sums, goal, right=True)[:, 0]
