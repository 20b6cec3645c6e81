"""Whether intervals must allow for voters who cast many votes.

A voter with a taste votes by it again and again, so many votes of one voter are less informative than as many of
different voters. The jackknife over voters measures that: the ratio of its widths to those by vote decides what
`cluster` auto uses:

    by voter   if there are 40 voters or more, their effective number (sum n)^2 / sum n^2 for n votes each is 20 or more
               (so that no few of them decide), and the median of the models' ratios is above 1.1
    one by one otherwise

Below 1.1 an interval of 95 % covers 92 % or more. Among voters without tastes chance alone gives more than 1.1 on 3 %
of boards with 40 voters and on none with 60 or more (20 models, 2,000 votes, 60 boards each). With more than 50,000
votes, or with `control`, auto does not look at voters.
"""

from dataclasses import dataclass, replace

import numpy as np

from elo.battles import Floats, Pairs, Votes
from elo.chance import short_records
from elo.chance.sandwich import clustered, sandwich
from elo.fit.bradley_terry import Fit, Likelihood
from elo.fit.clusters import ClusterError, Clusters
from elo.fit.pointwise import pointwise
from elo.fit.ties import TieFit
from elo.settings import Settings

_FEWEST = 10
"""Voters, for a ratio that says anything."""
_ENOUGH = 40
_ENOUGH_EFFECTIVE = 20.0
_WIDER = 1.1
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class VoterEffect:
    """What the voters of a board do to its intervals."""

    n_voters: int
    ratio: float
    """Width of intervals by voter over those of single votes, median of the models without a short record."""
    is_taken: bool
    """Whether the board's intervals are by voter."""

    def to_json(self) -> dict[str, object]:
        return {"n": self.n_voters, "ratio": self.ratio, "taken": self.is_taken}


def effect_of_voters(
    votes: Votes, pairs: Pairs, fit: Fit | TieFit, settings: Settings, weights: Floats | None
) -> tuple[VoterEffect, Clusters] | None:
    """The effect and the clusters by voter; None for fewer than ten voters, or where their votes give no intervals."""
    named = votes.voter
    if named is None:
        return None
    n_votes = np.bincount(named[named >= 0]).astype(np.float64)
    n_voters = int((n_votes > 0).sum())
    if n_voters < _FEWEST:
        return None
    clusters = Clusters.of(votes, pairs.models, replace(settings, cluster="voter", interval="auto"), weights)
    assert clusters is not None
    likelihood = Likelihood.of(pairs, prior=settings.prior)
    is_long = ~short_records.of_clusters(likelihood, fit, clusters).is_short
    try:
        by_voter = np.diag(clustered(likelihood, fit, clusters))
    except ClusterError:
        return None
    one_by_one = np.diag(sandwich(likelihood, pairs, fit))
    is_long &= (one_by_one > 0) & (by_voter > 0)
    if not is_long.any():
        return None
    reach = pointwise(settings.level, clusters.n_clusters - 1) / pointwise(settings.level)
    ratio = round(reach * float(np.median(np.sqrt(by_voter[is_long] / one_by_one[is_long]))), _DECIMALS)
    effective = n_votes.sum() ** 2 / (n_votes**2).sum()
    is_taken = settings.interval == "auto" and n_voters >= _ENOUGH and effective >= _ENOUGH_EFFECTIVE and ratio > _WIDER
    return VoterEffect(n_voters, ratio, bool(is_taken)), clusters
