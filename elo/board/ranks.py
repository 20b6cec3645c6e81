"""Ranks that chance alone does not make: three readings of the same ratings, each within a component.

    by_interval     1 + the models that are better for sure, by the rule of the Chatbot Arena: intervals do not overlap
    by_difference   the same, but "for sure" is said by the interval of the difference of the two ratings: sharper
    from_rounds     from which place to which a model lies in most rounds of a bootstrap, as an interval

Two intervals that just touch stand 1.4 times as far apart as the interval of their difference reaches, where the two
ratings are independent; so the first rule says less than the data do. It is the board's because it can be read off the
printed bounds.

    K models, R rounds; `group` is a model's component, models of different components are never compared
"""

from dataclasses import dataclass

import numpy as np

from elo.battles import Floats, Index
from elo.fit.pointwise import pointwise


def by_interval(low: Floats, high: Floats, group: Index) -> Index:
    """(K,): 1 + the number of models of the same group whose `low` exceeds this `high`."""
    is_better = (low[None, :] > high[:, None]) & (group[None, :] == group[:, None])
    rank: Index = 1 + is_better.sum(axis=1)
    return rank


def by_difference(
    ratings: Floats, covariance: Floats, group: Index, *, level: float, freedom: int | None = None
) -> Index:
    """(K,): 1 + the number of models of the same group that are better by more than z standard errors of the difference
    of the two ratings, with z two-sided (1.96 at level 0.95; more with few degrees of `freedom`, see `Intervals`).

    `covariance` (K, K) is that of the ratings under any gauge: a gauge moves all ratings alike, so that no difference
    depends on it. Variances 0.04, covariance -0.02: the difference has 0.04 + 0.04 + 0.04, so a gap of 0.70 log-odds
    is a rank (1.96 x 0.346 = 0.68), while intervals of +-0.39 overlap up to 0.78.
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


@dataclass(frozen=True, slots=True, eq=False)
class RankInterval:
    """The best and the worst place, (K,) each, 1 for the first of its group."""

    best: Index
    worst: Index


def from_rounds(rounds: Floats, group: Index, *, level: float) -> RankInterval:
    """The places between which a model's lies in `level` of the rounds, (R, K), equal tails left out on either side.

    A model's place in a round is 1 + the models of its group above it.
    """
    places = np.empty(rounds.shape, dtype=np.int64)
    for number in np.unique(group):
        members = np.flatnonzero(group == number)
        places[:, members] = _places(rounds[:, members])
    tail = (1 - level) / 2
    best, worst = np.quantile(places, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return RankInterval(best.astype(np.int64), worst.astype(np.int64))


def _places(ratings: Floats) -> Index:
    """(R, K): 1 + the number of larger values in the row."""
    order = np.argsort(-ratings, axis=1)
    ordered = np.take_along_axis(ratings, order, axis=1)
    is_lower = np.ones(ratings.shape, dtype=bool)
    is_lower[:, 1:] = ordered[:, 1:] < ordered[:, :-1]
    place = np.maximum.accumulate(np.where(is_lower, np.arange(1, ratings.shape[1] + 1), 0), axis=1)
    places = np.empty_like(place)
    np.put_along_axis(places, order, place, axis=1)
    return places


def from_intervals(low: Floats, high: Floats, group: Index) -> RankInterval:
    """The best and the worst place that the intervals leave open: a model is above another for sure where its `low`
    exceeds the other's `high`."""
    is_above = (low[:, None] > high[None, :]) & (group[:, None] == group[None, :])
    size = (group[:, None] == group[None, :]).sum(axis=1)
    return RankInterval(1 + is_above.sum(axis=0), size - is_above.sum(axis=1))
