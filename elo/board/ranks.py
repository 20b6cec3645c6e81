"""The span of ranks that chance leaves open for each model.

    rank_spans      from 1 + the models that are surely better to the last place above those that are surely worse;
                    "surely" means that the two intervals do not overlap, the rule of the Chatbot Arena
    by_difference   the best place alone, where "surely" goes by the interval of the difference of two ratings: sharper

The page, the JSON, the CSV and the command line all show `rank_spans`, because its rule can be checked against the
printed intervals. It claims less than the data do: where two ratings are independent, intervals that just touch are
1.4 times as far apart as the interval of their difference reaches.

    K models; `group` is a model's component, and models of different components are never compared
"""

from dataclasses import dataclass

import numpy as np

from elo.battles import Floats, Index
from elo.fit.pointwise import pointwise


@dataclass(frozen=True, slots=True, eq=False)
class RankSpans:
    """The best and the worst place of each model, (K,) each; 1 is the first of a component."""

    best: Index
    worst: Index


def rank_spans(low: Floats, high: Floats, group: Index) -> RankSpans:
    """The best place is 1 + the models of the same group whose `low` exceeds this `high`; the worst is the size of the
    group less the models whose `high` is below this `low`. All are (K,). Without intervals both bounds are the rating.

    >>> spans = rank_spans(np.array([3.0, 1.0, 0.0]), np.array([4.0, 3.5, 0.5]), np.array([1, 1, 1]))
    >>> spans.best.tolist(), spans.worst.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    is_comparable = group[:, None] == group[None, :]
    is_better = (low[:, None] > high[None, :]) & is_comparable
    return RankSpans(1 + is_better.sum(axis=0), is_comparable.sum(axis=1) - is_better.sum(axis=1))


def by_difference(
    ratings: Floats, covariance: Floats, group: Index, *, level: float, freedom: int | None = None
) -> Index:
    """(K,): 1 + the number of models of the same group that are better by more than z standard errors of the difference
    of the two ratings, with z two-sided (1.96 at level 0.95; more with few degrees of `freedom`, see `Intervals`).

    `covariance` (K, K) is that of the ratings under any gauge: a gauge moves all ratings alike, so no difference
    depends on it. With variances 0.04 and covariance -0.02 the difference has variance 0.04 + 0.04 + 0.04, so a gap of
    0.70 log-odds separates two ranks (1.96 x 0.346 = 0.68), while intervals of +-0.39 overlap up to 0.78.
    """
    z = pointwise(level, freedom)
    gap = ratings[None, :] - ratings[:, None]
    is_better = (gap > z * np.sqrt(variance_of_difference(covariance))) & (group[None, :] == group[:, None])
    rank: Index = 1 + is_better.sum(axis=1)
    return rank


def variance_of_difference(covariance: Floats) -> Floats:
    """(K, K): var(r_a - r_b) for every two models."""
    own = np.diag(covariance)
    variance: Floats = np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0.0)
    return variance
