"""Whether intervals must allow for voters who cast many votes.

A voter with a taste votes by it again and again, so many votes of one voter are less informative than as many of
different voters. The jackknife over voters measures that: the ratio of its widths to those by vote decides what
`cluster` auto uses:

    by voter   if there are at most 50,000 votes, 40 voters or more, their effective number (sum n)^2 / sum n^2 for n
               votes each is 20 or more (so that no few of them decide), and the median of the models' ratios is above
               1.1
    one by one otherwise

Below 1.1 an interval of 95 % covers 92 % or more. Among voters without tastes chance alone gives more than 1.1 on 3 %
of boards with 40 voters and on none with 60 or more (20 models, 2,000 votes, 60 boards each).

With more than 50,000 votes auto counts them one by one, because the jackknife over voters takes 20 s for 1.67 million
votes, and the web's board is made again after every vote. The ratio is still found, by `many_clusters` in 1 s, wherever
the votes are read: from files and by commands with --db. The web's board then has none, and the same numbers. With
`control`, auto does not look at voters.
"""

from dataclasses import dataclass, replace

import numpy as np

from elo.battles import Floats, Index, Pairs, Votes
from elo.chance import short_records
from elo.chance.many_clusters import covariance_by_cluster
from elo.chance.sandwich import clustered, sandwich
from elo.fit.bradley_terry import Fit, Likelihood
from elo.fit.clusters import ClusterError, Clusters
from elo.fit.pointwise import pointwise
from elo.fit.ties import TieFit
from elo.settings import Settings, may_take_voters

_FEWEST = 10
"""Voters, for a ratio that says anything."""
_ENOUGH = 40
_ENOUGH_EFFECTIVE = 20.0
WIDER = 1.1
"""Ratio from which voters matter."""
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
    votes: Votes, pairs: Pairs, fit: Fit | TieFit, settings: Settings, weights: Floats | None, *, n_votes: int
) -> tuple[VoterEffect | None, Clusters | None]:
    """The effect, None for fewer than ten voters or where their votes give no intervals; and the clusters by voter,
    None unless they are taken. `n_votes` are those of the board, of which the fit may leave some out."""
    named = votes.voter
    if named is None:
        return None, None
    each = np.bincount(named[named >= 0]).astype(np.float64)
    n_voters = int((each > 0).sum())
    if n_voters < _FEWEST:
        return None, None
    may_take = may_take_voters(settings, n_votes)
    clusters = None
    likelihood = Likelihood.of(pairs, prior=settings.prior)
    if may_take or fit.rows is not None:  # the sums of `many_clusters` lack the digits of a nearly flat fit
        clusters = Clusters.of(votes, pairs.models, replace(settings, cluster="voter", interval="auto"), weights)
        assert clusters is not None
        n_clusters, short = clusters.n_clusters, short_records.of_clusters(likelihood, fit, clusters)
        try:
            by_voter = np.diag(clustered(likelihood, fit, clusters))
        except ClusterError:
            return None, None
    else:
        code = _numbered(named.astype(np.int64))
        n_clusters, short = int(code.max()) + 1, short_records.of_votes(likelihood, pairs, fit)
        by_voter = np.diag(covariance_by_cluster(likelihood, fit, votes, pairs.models, code, weights))
    one_by_one = np.diag(sandwich(likelihood, pairs, fit))
    is_long = ~short.is_short & (one_by_one > 0) & (by_voter > 0)
    if not is_long.any():
        return None, None
    reach = pointwise(settings.level, n_clusters - 1) / pointwise(settings.level)
    ratio = round(reach * float(np.median(np.sqrt(by_voter[is_long] / one_by_one[is_long]))), _DECIMALS)
    effective = each.sum() ** 2 / (each**2).sum()
    is_enough = n_voters >= _ENOUGH and effective >= _ENOUGH_EFFECTIVE
    is_taken = may_take and settings.interval == "auto" and is_enough and ratio > WIDER
    return VoterEffect(n_voters, ratio, bool(is_taken)), clusters if is_taken else None


def _numbered(voter: Index) -> Index:
    """(N,): the voters with a vote from 0, then one more for each vote of an unknown voter."""
    has_votes = np.bincount(voter[voter >= 0]) > 0
    place = np.cumsum(has_votes) - 1
    code = place[voter]
    alone = np.flatnonzero(voter < 0)
    code[alone] = int(has_votes.sum()) + np.arange(len(alone))
    return code
