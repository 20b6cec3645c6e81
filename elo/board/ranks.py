"""The places that each model may have, allowing for chance.

    spans          from 1 + the models that are better to the last place above those that are worse: `rank` and
                   `rank_worst` everywhere, where "better" holds for all pairs of the board at once
                   (`chance.differences`)
    upper_bounds   1 + the models whose interval is above this one: the rule of the Chatbot Arena, for comparison only

The intervals of two equal models usually overlap, but 20 equal models have 190 pairs, and on more than 40 % of boards
some pair does not. So an interval describes its own model, and ranks compare models.

    K models; `group` is a model's component, and models of different components are never compared
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats, Index


@dataclass(frozen=True, slots=True, eq=False)
class RankSpans:
    """The best and the worst place of each model, (K,) each; 1 is the first of a component."""

    best: Index
    worst: Index


def spans(is_better: NDArray[np.bool_], group: Index) -> RankSpans:
    """The best place is 1 + the models that are better; the worst is the size of the group less those that are worse.
    `is_better` (K, K): whether the row is better than the column.

    >>> found = spans(np.array([[False, False, True], [False, False, False], [False, False, False]]), np.ones(3))
    >>> found.best.tolist(), found.worst.tolist()
    ([1, 1, 2], [2, 3, 3])
    """
    size = (group[:, None] == group[None, :]).sum(axis=1)
    return RankSpans(1 + is_better.sum(axis=0), size - is_better.sum(axis=1))


def by_rating(ratings: Floats, group: Index) -> RankSpans:
    """Where nothing is known about chance: a higher rating is better, and equal ratings share a span."""
    return spans((ratings[:, None] > ratings[None, :]) & (group[:, None] == group[None, :]), group)


def upper_bounds(low: Floats, high: Floats, group: Index) -> Index:
    """(K,): 1 + the models of the same group whose `low` exceeds this `high`."""
    rank: Index = 1 + ((low[:, None] > high[None, :]) & (group[:, None] == group[None, :])).sum(axis=0)
    return rank
