"""Battles, scores and certainty for every pair of models.

    battles     votes of the pair                                        0 on the diagonal
    observed    share of the points that the row scored against the column (a tie is half a point)
    predicted   the share that the ratings expect
    better      share of the rounds (the bootstrap's, or draws from the covariance) in which the row is above the column

All are (K, K), read from the row to the column. NaN: not known, on the diagonal, for pairs that never met (`observed`),
and for models with no path of battles between them (`predicted` and `better`), whose ratings cannot be compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats, Index, Pairs
from elo.fit.bradley_terry import sigma
from elo.fit.components import components


@dataclass(frozen=True, slots=True, eq=False)
class Matrices:
    models: tuple[str, ...]
    battles: Index
    observed: Floats
    predicted: Floats
    better: Floats | None
    """None where there were no rounds."""
    average_win_rate: Floats
    """(K,): the mean of `predicted` over all models that this one can be compared with, independent of which battles
    were played. NaN for a model without any."""
    average_observed: Floats
    """(K,): the mean of `observed` over the opponents met, with equal weights."""

    @classmethod
    def of(
        cls,
        pairs: Pairs,
        ratings: Floats,
        *,
        rounds: Floats | None = None,
        score: Callable[[Floats], Floats] = sigma,
        group: Index | None = None,
    ) -> Self:
        """Of K models and M pairs, with ratings (K,) and rounds (R, K) of them, both in log-odds.

        `score` gives the points that a model expects from a difference of ratings: sigma where ties are half a win.
        `group` (K,) are the components of the ratings, if some of the `pairs` are not in the fit.

        >>> pairs = Pairs(("lark", "wren"), np.array([0]), np.array([1]), np.array([3.0]), np.array([0.0]),
        ...               np.array([1.0]))
        >>> Matrices.of(pairs, np.array([1.0, -1.0])).observed.tolist()
        [[nan, 0.875], [0.125, nan]]
        """
        K = pairs.n_models
        battles = np.zeros((K, K), dtype=np.int64)
        battles[pairs.a, pairs.b] = battles[pairs.b, pairs.a] = np.rint(pairs.games)
        observed = np.full((K, K), np.nan)
        observed[pairs.a, pairs.b] = pairs.points / pairs.games
        observed[pairs.b, pairs.a] = 1 - pairs.points / pairs.games
        group = components(pairs) if group is None else group
        is_comparable = group[:, None] == group[None, :]
        np.fill_diagonal(is_comparable, False)
        predicted = np.where(is_comparable, score(ratings[:, None] - ratings[None, :]), np.nan)
        better = None if rounds is None else np.where(is_comparable, _above(rounds), np.nan)
        return cls(pairs.models, battles, observed, predicted, better, _row_means(predicted), _row_means(observed))

    def ordered(self, models: Sequence[str]) -> "Matrices":
        """The same with rows and columns in this order, such as a board's. `models` are all of them or some."""
        place = [self.models.index(model) for model in models]
        square = np.ix_(place, place)
        return Matrices(
            tuple(models),
            self.battles[square],
            self.observed[square],
            self.predicted[square],
            None if self.better is None else self.better[square],
            self.average_win_rate[place],
            self.average_observed[place],
        )


def _above(rounds: Floats) -> Floats:
    """(K, K): the share of rounds in which the row is above the column; equal ratings count half."""
    K = rounds.shape[1]
    share = np.empty((K, K))
    for m in range(K):
        mine = rounds[:, m, None]
        share[m] = (mine > rounds).mean(axis=0) + (mine == rounds).mean(axis=0) / 2
    return share


def _row_means(matrix: Floats) -> Floats:
    is_known: NDArray[np.bool_] = ~np.isnan(matrix)
    n = is_known.sum(axis=1)
    means: Floats = np.where(n > 0, np.where(is_known, matrix, 0).sum(axis=1) / np.maximum(n, 1), np.nan)
    return means
