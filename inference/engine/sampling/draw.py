"""Draw the next token of each request from its logits.

The choice is greedy, or by inverse CDF after temperature and cuts. Each draw takes one uniform number from its
request's own stream (`uniforms`), so the tokens of a request do not depend on the other requests. Logits that differ in
their last bits give the same token except in about one draw of a million.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

_N_FIRST = 256  # likeliest tokens tried first for a cut: nearly always enough, and they need no full sort
_BLOCK = 16  # tokens of a block; its maximum shows whether it can contain one of the likeliest
_RUN = 256  # tokens of a run; large vocabularies are summed and searched run by run
_LEAST_TEMPERATURE = 1e-6  # below it only the likeliest token has any weight, and float32 might overflow


@dataclass(frozen=True, slots=True)
class Draw:
    """How the token of one row is drawn, with cuts as in `SamplingParams`. `uniform` is in [0, 1); temperature 0
    ignores it.
    """

    temperature: float
    top_p: float
    uniform: float
    top_k: int = 0
    min_p: float = 0.0


_Method = Callable[[Tensor, Sequence[Draw]], Tensor]
_NOTHING = -1  # in place of a token, for a row that is not a distribution
_UNDECIDED = -2  # in place of a token, for a row that needs a full sort


def uniforms(seed: int) -> Iterator[float]:
    """Yield numbers in [0, 1) without end, the same for the same seed on every machine."""
    stream = random.Random(str(seed))  # a string: random.Random(-1) would be random.Random(1)
    while True:
        yield stream.random()


def sample(logits: Tensor, draws: Sequence[Draw]) -> list[int | None]:
    """Return a token id for each row of `logits` (B, V); None for a row that is not a distribution (NaN or infinite
    logits).
    """
    groups: dict[_Method, list[int]] = {}  # a row's method depends on this row alone
    for i, draw in enumerate(draws):
        is_cut = draw.top_p < 1 or 0 < draw.top_k < logits.shape[1]
        method: _Method = _likeliest if draw.temperature == 0 else _draw_cut if is_cut else _draw_whole
        groups.setdefault(method, []).append(i)
    rows = [i for group in groups.values() for i in group]
    found = [
        method(_rows(logits, group), [draws[i] for i in group]) for method, group in groups.items()
    ]  # one copy from a GPU for all of them: each waits for the GPU
    tokens = dict(zip(rows, torch.cat(found).tolist() if found else (), strict=True))
    if undecided := sorted(i for i, token in tokens.items() if token == _UNDECIDED):
        some = [draws[i] for i in undecided]
        probs = _softmax(_rows(logits, undecided), some)
        tokens |= zip(undecided, _draw_after_sort(probs, some).tolist(), strict=True)
    return [None if tokens[i] == _NOTHING else tokens[i] for i in range(len(draws))]


def _rows(logits: Tensor, rows: list[int]) -> Tensor:
    return (logits if rows == list(range(len(logits))) else logits[rows]).float()


def _likeliest(logits: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Find the best run of tokens, then the best token in it: argmax is slow, and the maximum alone is fast."""
    top = _run_by_run(logits, Tensor.amax)
    run = top.argmax(dim=-1, keepdim=True)
    places = _places(run, logits)
    best = logits.gather(-1, places)
    token = places.gather(-1, best.argmax(dim=-1, keepdim=True))
    return torch.where(torch.isfinite(top.gather(-1, run)), token, _NOTHING)[:, 0]


def _draw_whole(logits: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Draw from all tokens except those below min_p."""
    probs = _softmax(logits, draws)
    if any(draw.min_p for draw in draws):
        probs *= probs >= _column([draw.min_p for draw in draws], probs) * probs.amax(dim=-1, keepdim=True)
    return _invert(probs, draws)


def _draw_cut(logits: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Draw from the first 256 tokens; _UNDECIDED where top_k or top_p keeps more than those."""
    probs = _softmax(logits, draws)
    best, order = _first(probs)
    is_kept = torch.arange(best.shape[1], device=best.device) < _n_kept(best, draws)
    place = _invert(best * is_kept, draws)[:, None]
    tokens = torch.where(place == _NOTHING, _NOTHING, order.gather(-1, place.clamp(min=0)))[:, 0]
    if probs.shape[1] <= _N_FIRST:
        return tokens
    # The probability that the first tokens need to be enough: with top_k, 0 where it keeps no more, else out of reach.
    needed = [draw.top_p if draw.top_k == 0 else 0.0 if draw.top_k <= _N_FIRST else math.inf for draw in draws]
    is_short = best.sum(dim=-1, dtype=torch.float64) < _column(needed, best)[:, 0]
    return torch.where(is_short, _UNDECIDED, tokens)


def _draw_after_sort(probs: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Draw after sorting the probabilities, to find the smallest one kept and how many tokens share it.

    On a CPU numpy sorts them alone; torch sorts indices too and takes three times as long.
    """
    if probs.device.type == "cpu":
        best = torch.from_numpy(np.sort(probs.numpy())[:, ::-1].copy())
    else:
        best = probs.sort(dim=-1, descending=True).values
    n_kept = _n_kept(best, draws)
    least = best.gather(-1, n_kept - 1)
    is_above, is_least = probs > least, probs == least
    n_least = n_kept - is_above.sum(dim=-1, keepdim=True)
    return _invert(probs * (is_above | (is_least & (is_least.cumsum(dim=-1) <= n_least))), draws)


def _n_kept(best: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Return how many of the likeliest tokens the cuts keep, (B, 1), given their falling probabilities (B, K)."""
    top_k = _column([draw.top_k or math.inf for draw in draws], best)
    best = best.double() * (torch.arange(best.shape[1], device=best.device) < top_k)
    total = torch.where(top_k.isinf(), 1.0, best.sum(dim=-1, keepdim=True))
    before = best.cumsum(dim=-1) - best  # probability of the tokens before each; 0 for the first, which is always kept
    is_kept = (before < _column([draw.top_p for draw in draws], best) * total) & (best > 0)
    is_kept &= best >= _column([draw.min_p for draw in draws], best) * best[:, :1]
    return is_kept.sum(dim=-1, keepdim=True).clamp(min=1)


def _softmax(logits: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Return probabilities (B, V). A row whose logits are not a distribution is all NaN."""
    if any(draw.temperature != 1 for draw in draws):
        temperatures = [max(draw.temperature, _LEAST_TEMPERATURE) for draw in draws]
        logits = logits / _column(temperatures, logits).float()
    return torch.softmax(logits, dim=-1)


def _first(probs: Tensor) -> tuple[Tensor, Tensor]:
    """Return the 256 greatest of each row (B, V), greatest first, and their indices.

    They are in the 256 blocks with the greatest maxima. Searching only those takes a third of the time of `topk` on
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


def _invert(weights: Tensor, draws: Sequence[Draw]) -> Tensor:
    """Return the first index at which the running sum of `weights` (B, V) exceeds the row's uniform times their total.

    _NOTHING for a row whose total is not finite. Searches the runs of tokens, then one run, as in `_likeliest`.
    """
    uniform = _column([draw.uniform for draw in draws], weights)
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
    """Reduce each run of 256 in `values` (B, V) to a number: (B, ceil(V / 256)). The last run may be shorter."""
    n_whole = values.shape[1] // _RUN * _RUN
    parts = [reduce(values[:, :n_whole].view(len(values), -1, _RUN), dim=-1)] if n_whole else []
    if n_whole < values.shape[1]:
        parts.append(reduce(values[:, n_whole:], dim=-1, keepdim=True))
    return torch.cat(parts, dim=-1)


def _places(run: Tensor, values: Tensor) -> Tensor:
    """Return the indices (B, 256) of the tokens in a run (B, 1); beyond the end the last index is repeated."""
    places = run * _RUN + torch.arange(_RUN, device=values.device)
    return places.clamp_(max=values.shape[1] - 1)


def _search(sums: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first index (B, 1) at which the rising `sums` (B, K) exceed `goal` (B, 1), and the goal less the sum
    before it. The sums always rise at that index.
    """
    total = sums[:, -1:]
    goal = torch.minimum(goal, torch.nextafter(total, torch.zeros_like(total)))
    index = torch.searchsorted(sums, goal, right=True).clamp_(max=sums.shape[1] - 1)
    before = torch.where(index > 0, sums.gather(-1, (index - 1).clamp(min=0)), 0.0)
    return index, goal - before
