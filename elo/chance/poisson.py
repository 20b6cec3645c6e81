"""Poisson counts for the bootstrap, from a counter-based random stream.

Round i uses words [i W, i W + C) of the stream Philox(seed), with W = C rounded up to four: one word for each of C
cells, turned into a count by the inverse of the cell's Poisson distribution. So neither blocks nor threads can change a
round; and a new vote in one cell does not change the random numbers of the others, so the intervals of a live board do
not flicker between revisions.

A board that keeps its `DrawnCounts` draws again only the cells whose counts have changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats

_WORDS_PER_STEP = 4  # a step of Philox's counter gives four 64-bit words
MOST_KEPT = 2**23
"""Counts that are kept: enough for 1,000 rounds of 75 models that have all met. More are drawn for each board."""
_LARGEST_KEPT = 2**31  # a mean whose counts are below 2^32
_KEPT_BLOCK = 256  # rounds
_BUCKETS = 2**10  # a power of two: a uniform's bucket is exact


def draw(
    counts: NDArray[np.int64], n_rounds: int, *, seed: int, block: int, kept: "DrawnCounts | None" = None
) -> Iterator[tuple[int, Floats]]:
    """Counts of C cells with these means, (C,), for rounds 0 to n_rounds - 1 in blocks of R: (first round, (C, R)).

    All blocks have equal size, so some rounds of the last block may be beyond the last one. R is at least 2. `kept` are
    the counts of an earlier call, which save time and change nothing.
    """
    R = max(2, min(block, n_rounds))
    if kept is None or len(counts) * n_rounds > MOST_KEPT or counts.max(initial=0) > _LARGEST_KEPT:
        yield from _drawn(counts, np.arange(len(counts)), n_rounds, R, seed)
        return
    drawn = kept.updated(counts, n_rounds, seed)
    for first in range(0, n_rounds, R):
        part = drawn[:, np.minimum(np.arange(first, first + R), n_rounds - 1)]
        yield first, part.astype(np.float64)


def _drawn(
    counts: NDArray[np.int64], chosen: NDArray[np.intp], n_rounds: int, R: int, seed: int
) -> Iterator[tuple[int, Floats]]:
    """`draw` for the chosen ones of the cells: (first round, (chosen, R))."""
    n_words = -(-len(counts) // _WORDS_PER_STEP) * _WORDS_PER_STEP
    means, group = np.unique(counts[chosen], return_inverse=True)
    cells_by_mean = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    quantiles = [Quantile.of(float(mean)) for mean in means]
    for first in range(0, n_rounds, R):
        stream = np.random.Generator(np.random.Philox(key=seed, counter=first * n_words // _WORDS_PER_STEP))
        u = np.ascontiguousarray(stream.random((R, n_words))[:, chosen].T)
        drawn = np.empty((len(chosen), R))
        for quantile, cells in zip(quantiles, cells_by_mean, strict=True):
            drawn[cells] = quantile(u[cells])
        yield first, drawn


class DrawnCounts:
    """The counts that were drawn last, for the next board: at most 32 MB. Threads must not share it at a time."""

    def __init__(self) -> None:
        self._means: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._seed: int | None = None
        self._drawn: NDArray[np.uint32] = np.empty((0, 0), dtype=np.uint32)

    def updated(self, counts: NDArray[np.int64], n_rounds: int, seed: int) -> NDArray[np.uint32]:
        """(C, n_rounds): the counts for these means. Cells are identified by their place, as their random numbers are,
        so with another number of cells all are drawn."""
        if self._drawn.shape != (len(counts), n_rounds) or self._seed != seed:
            self._means = np.full(len(counts), -1, dtype=np.int64)
            self._drawn = np.zeros((len(counts), n_rounds), dtype=np.uint32)
            self._seed = seed
        changed = np.flatnonzero(counts != self._means)
        self._means[changed] = -1  # until they are drawn: a call may be interrupted
        for first, drawn in _drawn(counts, changed, n_rounds, _KEPT_BLOCK, seed) if changed.size else ():
            self._drawn[changed, first : first + _KEPT_BLOCK] = drawn[:, : n_rounds - first]
        self._means[changed] = counts[changed]
        return self._drawn


@dataclass(frozen=True, slots=True, eq=False)
class Quantile:
    """The inverse of one Poisson distribution: u in [0, 1) gives the smallest k with u < P(X <= k)."""

    least: int
    cumulative: Floats
    """P(X <= least), P(X <= least + 1), ... where the distribution is above 1e-17."""
    guide: NDArray[np.intp]
    """(buckets,): the count above `least` if it is the same for all u of a bucket, else -1."""

    @classmethod
    def of(cls, mean: float) -> Self:
        if mean == 0:
            return cls(0, np.ones(1), np.zeros(_BUCKETS, dtype=np.intp))
        reach = 9 * np.sqrt(mean)
        least = max(0, int(mean - reach - 10))
        k = np.arange(least, int(mean + reach + 30))
        # P(X = k) is P(X = k - 1) mean / k; their logarithms keep the digits that k log(mean) - mean - log(k!) loses.
        logs = np.concatenate([[0.0], np.cumsum(np.log(mean / k[1:]))])
        cumulative = np.cumsum(np.exp(logs - logs.max()))
        cumulative /= cumulative[-1]
        edges = np.arange(_BUCKETS + 1) / _BUCKETS
        at_start = np.searchsorted(cumulative, edges[:-1], side="right")
        before_end = np.searchsorted(cumulative, edges[1:], side="left")
        return cls(least, cumulative, np.where(at_start == before_end, at_start, -1))

    def __call__(self, u: Floats) -> NDArray[np.intp]:
        above: NDArray[np.intp] = self.guide[(u * _BUCKETS).astype(np.intp)]
        is_split = above < 0
        above[is_split] = np.searchsorted(self.cumulative, u[is_split], side="right")
        above += self.least
        return above
