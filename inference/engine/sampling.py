"""Logits to the next token of each row: greedy, or temperature and top-p by inverse CDF with one uniform a row.

The uniform comes from the request's own stream (`uniforms`), never from a shared generator, so that the tokens of a
request do not depend on the crowd around it. Sums are in float64: logits that differ in their last bits, as those of a
row do in batches of different sizes, then choose the same token but for one draw in about a million.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_TOP_K = 256  # tried first for top-p: these nearly always hold p, and need no full sort


@dataclass(frozen=True, slots=True)
class Row:
    """How one row is drawn; `uniform` in [0, 1) is not looked at when the temperature is 0."""

    temperature: float
    top_p: float
    uniform: float


def uniforms(seed: int) -> Iterator[float]:
    """The endless stream of one request: numbers in [0, 1), the same for the same seed on every machine."""
    stream = random.Random(str(seed))  # a string: random.Random(-1) would be random.Random(1)
    while True:
        yield stream.random()


def sample(logits: Tensor, rows: Sequence[Row]) -> list[int | None]:
    """One token id for each row of `logits` (B, V); None for a row that is no distribution (NaN or infinite logits)."""
    logits = logits.float()
    top, greedy = logits.max(dim=-1)
    tokens: list[int | None] = [
        token if is_finite else None
        for token, is_finite in zip(greedy.tolist(), torch.isfinite(top).tolist(), strict=True)
    ]
    drawn = [i for i, row in enumerate(rows) if row.temperature > 0 and tokens[i] is not None]
    if drawn:
        for i, token in zip(drawn, _draw(logits[drawn] - top[drawn, None], [rows[i] for i in drawn]), strict=True):
            tokens[i] = token
    return tokens


def _draw(logits: Tensor, rows: Sequence[Row]) -> list[int]:
    """Draw from the softmax of `logits` (B, V), the greatest of each row being 0.

    Which of the three ways a row goes depends on this row alone: the whole distribution, its top 256, or a full sort.
    """

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64, device=logits.device)[:, None]

    top_p, uniform = column([row.top_p for row in rows]), column([row.uniform for row in rows])
    probs = torch.softmax(logits.double() / column([row.temperature for row in rows]), dim=-1)
    tokens = torch.empty(len(rows), dtype=torch.long, device=logits.device)
    is_whole = top_p[:, 0] >= 1
    if bool(is_whole.any()):
        tokens[is_whole] = _invert(probs[is_whole], uniform[is_whole])
    rest = torch.nonzero(~is_whole)[:, 0]
    if len(rest):
        best, order = probs[rest].topk(min(_TOP_K, probs.shape[-1]), dim=-1)
        holds = best.sum(dim=-1) >= top_p[rest, 0]
        tokens[rest[holds]] = _nucleus(best[holds], order[holds], top_p[rest[holds]], uniform[rest[holds]])
        rest = rest[~holds]
    if len(rest):
        best, order = probs[rest].sort(dim=-1, descending=True)
        tokens[rest] = _nucleus(best, order, top_p[rest], uniform[rest])
    drawn: list[int] = tokens.tolist()
    return drawn


def _nucleus(best: Tensor, order: Tensor, top_p: Tensor, uniform: Tensor) -> Tensor:
    """Draw among the first tokens of each row of `best` (B, K; descending) that together hold `top_p` (B, 1)."""
    before = best.cumsum(dim=-1) - best  # probability of the tokens ahead of each one; 0 for the first, which stays
    return order.gather(-1, _invert(best * (before < top_p), uniform)[:, None])[:, 0]


def _invert(weights: Tensor, uniform: Tensor) -> Tensor:
    """The first index at which the running sum of `weights` (B, V) exceeds `uniform` (B, 1) of their total."""
    sums = weights.cumsum(dim=-1)
    total = sums[:, -1:]
    goal = torch.minimum(uniform * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(sums, goal, right=True)[:, 0]
