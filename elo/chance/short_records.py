"""Records too short for the usual intervals, and the variance that replaces theirs.

A 5-0 newcomer wins in every round of a bootstrap, and its votes leave no residual to a sandwich: both call it certain.
A record is short with fewer than three points won, points lost or decided battles; then the inverse Hessian is used,
which depends on the number of battles and not on their results.

Of votes in clusters, twenty that agree on one pair of answers are one piece of news. So a cluster counts for a model's
record once, with its share of the points, and in the Hessian once for each of its pairs. Hence a model needs at least
six clusters for an interval from its own spread. Weighted votes count as Kish's effective number of votes,
(sum w)^2 / sum w^2, or as their sum if that is less: a record that has faded away is short.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats, Pairs, record
from elo.chance.differences import variance_of_difference
from elo.fit import ties
from elo.fit.bradley_terry import Fit, Likelihood, centred, sigma
from elo.fit.clusters import Clusters
from elo.fit.components import components
from elo.fit.network import Local, through
from elo.fit.ties import TieFit

FEW_POINTS = 3.0
_TOLERANCE = 1e-9  # shares and effective numbers are rounded


@dataclass(frozen=True, slots=True, eq=False)
class ShortRecords:
    """Which of K models have one, and the covariance of ratings, with their plain mean fixed, without residuals."""

    is_short: NDArray[np.bool_]
    covariance: Floats

    def lacking(self, covariance: Floats) -> Floats:
        """(K,): the variance that a covariance with the plain mean fixed is missing for short records; 0 for others."""
        missing = np.maximum(np.diag(self.covariance) - np.diag(covariance), 0.0)
        lacking: Floats = np.where(self.is_short, missing, 0.0)
        return lacking

    def of_differences(self) -> Floats:
        """(K, K): the least variance of the difference of two ratings, one of them with a short record; 0 for others.
        (What is `lacking` is added to each rating by itself. But of two models alone the ratings are opposite, and
        their difference lacks twice as much.)"""
        involved = self.is_short[:, None] | self.is_short[None, :]
        return np.asarray(np.where(involved, variance_of_difference(self.covariance), 0.0))


def of_votes(likelihood: Likelihood, pairs: Pairs, fit: Fit | TieFit) -> ShortRecords:
    """For votes that count one by one."""
    K = pairs.n_models
    inverse = fit.inverse[:K, :K]
    if pairs.won2 is None:
        return ShortRecords(_is_short(pairs), centred(inverse))
    # A vote of weight w adds w to the Hessian and w^2 to the variance of its score.
    won, lost, tied = pairs.squares
    squares = replace(pairs, won=won, lost=lost, tied=tied)
    bends = bend(squares, fit)
    is_short = _is_short(_effective(pairs, squares)) | _is_short(pairs)
    if fit.rows is not None:
        of_prior = likelihood.network.ground(fit.r)
        local = Local.of_ratings(bends[:, None], bends[:, None])
        return ShortRecords(is_short, centred(through(inverse, fit.rows[:K, :K], (pairs.a, pairs.b), local, of_prior)))
    information = likelihood.laplacian(bends[:, None], fit.r[:, None])[0]
    return ShortRecords(is_short, centred(inverse @ information @ inverse))


def _effective(pairs: Pairs, squares: Pairs) -> Pairs:
    def number(total: Floats, square: Floats) -> Floats:
        return np.where(square > 0, total**2 / np.where(square > 0, square, 1.0), 0.0)

    return replace(
        pairs,
        won=number(pairs.won, squares.won),
        lost=number(pairs.lost, squares.lost),
        tied=number(pairs.tied, squares.tied),
    )


def of_clusters(likelihood: Likelihood, fit: Fit | TieFit, clusters: Clusters) -> ShortRecords:
    """For votes in clusters."""
    times = clusters.times[clusters.cluster][:, None]
    battles = clusters.counts / clusters.counts.sum(axis=1, keepdims=True)
    pairs = _summed(likelihood, clusters, battles * times)
    bends = bend(pairs, fit)[:, None]
    is_short = _is_short_of_clusters(clusters) | _is_short(_summed(likelihood, clusters, clusters.counts * times))
    if fit.rows is not None:
        inverse = likelihood.network.inverses(fit.r, Local.of_ratings(bends, bends), components(pairs)).inverse
    else:
        inverse = np.linalg.inv(likelihood.laplacian(bends, fit.r[:, None])[0])
    return ShortRecords(is_short, centred(inverse))


def _is_short_of_clusters(clusters: Clusters) -> NDArray[np.bool_]:
    K = len(clusters.models)
    won, lost, tied = clusters.counts.T
    key = np.concatenate([clusters.cluster * K + clusters.a, clusters.cluster * K + clusters.b])
    games, decided = np.tile(won + lost + tied, 2), np.tile(won + lost, 2)
    points = np.concatenate([won + tied / 2, lost + tied / 2])
    found, row = np.unique(key, return_inverse=True)
    total = np.bincount(row, games)
    times, model = clusters.times[found // K], found % K
    shares = np.bincount(row, points) / total
    n, of_won, of_decided = (
        np.bincount(model, times * share, minlength=K)
        for share in (np.ones(len(total)), shares, np.bincount(row, decided) / total)
    )
    few = FEW_POINTS - _TOLERANCE
    return np.asarray((np.minimum(of_won, n - of_won) < few) | (of_decided < few))


def _summed(likelihood: Likelihood, clusters: Clusters, counts: Floats) -> Pairs:
    """The rows' counts, (n, 3), by the likelihood's pairs."""
    K = likelihood.n_models
    row = np.searchsorted(likelihood.a * K + likelihood.b, clusters.a * K + clusters.b)
    won, lost, tied = (np.bincount(row, column, minlength=len(likelihood.a)).astype(np.float64) for column in counts.T)
    return Pairs(clusters.models, likelihood.a, likelihood.b, won, lost, tied)


def bend(pairs: Pairs, fit: Fit | TieFit) -> Floats:
    """(M,): minus the second derivatives of the log-likelihood in the differences of ratings."""
    d = fit.r[pairs.a] - fit.r[pairs.b]
    if isinstance(fit, Fit):
        own: Floats = pairs.games * sigma(d) * sigma(-d)
        return own
    return np.asarray(
        (np.stack([pairs.won, pairs.lost, pairs.tied]) * ties.terms(fit.model, d, np.array(fit.tie)).bend).sum(axis=0)
    )


def _is_short(pairs: Pairs) -> NDArray[np.bool_]:
    points, few = record(pairs), FEW_POINTS - _TOLERANCE
    return np.asarray((np.minimum(points.won, points.lost) < few) | (points.decided < few))
