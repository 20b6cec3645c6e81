"""Poisson counts for the bootstrap, from a counter-based random stream.

Round i uses words [i W, i W + C) of the stream Philox(seed), with W = C rounded up to four: one word for each of C
cells, turned into a count by the inverse of the cell's Poisson distribution. So neither blocks nor threads can change a
round; and a new vote in one cell does not change the random numbers of the others, so the intervals of a live board do
not flicker between revisions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats

_WORDS_PER_STEP = 4  # a step of Philox's counter gives four 64-bit words
_BUCKETS = 2**10  # a power of two: a uniform's bucket is exact


def draw(counts: NDArray[np.int64], n_rounds: int, *, seed: int, block: int) -> Iterator[tuple[int, Floats]]:
    """Counts of C cells with these means, (C,), for rounds 0 to n_rounds - 1 in blocks of R: (first round, (C, R)).

    All blocks have equal size, so some rounds of the last block may be beyond the last one. R is at least 2.
    """
    n_words = -(-len(counts) // _WORDS_PER_STEP) * _WORDS_PER_STEP
    R = max(2, min(block, n_rounds))
    means, group = np.unique(counts, return_inverse=True)
    cells_by_mean = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    quantiles = [Quantile.of(float(mean)) for mean in means]
    for first in range(0, n_rounds, R):
        stream = np.random.Generator(np.random.Philox(key=seed, counter=first * n_words // _WORDS_PER_STEP))
        u = np.ascontiguousarray(stream.random((R, n_words))[:, : len(counts)].T)
        drawn = np.empty((len(counts), R))
        for quantile, cells in zip(quantiles, cells_by_mean, strict=True):
            drawn[cells] = quantile(u[cells])
        yield first, drawn


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
