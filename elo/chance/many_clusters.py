"""The jackknife over voters for a million votes: one sum instead of one equation for each voter.

The jackknife of `fit.clusters` moves the ratings by (H - H_c)^-1 g_c for voter c. If the votes of c are spread over
pairs as all votes are, H_c = w_c H with w_c the voter's share of the information, so that this is H^-1 g_c / (1 - w_c):

    V = (U - 1) / U  H^-1 (sum_c g_c g_c' / (1 - w_c)^2) H^-1

The sum needs one pass over the votes. Its widths differ from the jackknife's by 0.3 % or less (12 voters with 60,000
votes on 20 models; 50; 500 on 50 models; 2,000 with 20,000 votes), where the sandwich without w_c lacks up to 13 %.

    K models, U voters, P parameters (K ratings, and the one of a model of ties)
"""

from typing import TYPE_CHECKING

import numpy as np

from elo.battles import Floats, Index, Votes
from elo.chance.sandwich import of_prior
from elo.fit import ties
from elo.fit.bradley_terry import Fit, Likelihood, centred, sigma
from elo.fit.ties import TieFit

if TYPE_CHECKING:  # it loads slowly, and few boards need it
    from scipy.sparse import csr_array

_CHUNK = 2**21
"""Votes at a time: some 200 MB."""
_COLUMN = np.array([0, 1, 2, 2])
"""Of each outcome: won by side A, won by side B, without a winner."""


def covariance_by_cluster(
    likelihood: Likelihood,
    fit: Fit | TieFit,
    votes: Votes,
    models: tuple[str, ...],
    cluster: Index,
    weights: Floats | None = None,
) -> Floats:
    """(K, K): the covariance of ratings, with their plain mean fixed, if only clusters are independent, with the
    prior's virtual ties. `models` are the K of the fit; `cluster` (N,) numbers the clusters from 0, of which there are
    two or more, and none has all the information."""
    number = {model: m for m, model in enumerate(models)}
    place = np.array([number.get(model, -1) for model in votes.models], dtype=np.int32)
    slope, tie_slope, bend = _derivatives(fit)
    K, U = len(models), int(cluster.max()) + 1
    scores, information = None, np.zeros(U)
    for start in range(0, len(votes), _CHUNK):
        part = slice(start, start + _CHUNK)
        a, b, own = place[votes.a[part]], place[votes.b[part]], cluster[part]
        at = (_COLUMN[votes.outcome[part]] * K + a) * K + b
        weight = 1.0 if weights is None else weights[part]
        information += np.bincount(own, bend[at] * weight, minlength=U)
        score = slope[at] * weight
        found = _by_cluster([score, -score], own, [a, b], (U, K))
        if tie_slope is not None:
            from scipy.sparse import hstack

            found = hstack([found, np.bincount(own, tie_slope[at] * weight, minlength=U)[:, None]], format="csr")
        scores = found if scores is None else scores + found
    assert scores is not None
    scores.data /= np.repeat(1 - information / information.sum(), np.diff(scores.indptr))
    inverse = fit.inverse
    covariance = (U - 1) / U * (inverse @ (scores.T @ scores).toarray() @ inverse)[:K, :K]
    inverse = inverse[:K, :K]
    return centred(covariance + inverse @ np.diag(of_prior(likelihood, fit.r)) @ inverse)


def _by_cluster(values: list[Floats], cluster: Index, columns: list[Index], shape: tuple[int, int]) -> "csr_array":
    from scipy.sparse import csr_array

    rows = np.tile(cluster, len(values))
    return csr_array((np.concatenate(values), (rows, np.concatenate(columns))), shape=shape)


def _derivatives(fit: Fit | TieFit) -> tuple[Floats, Floats | None, Floats]:
    """(3 * K * K,) each, by (won, lost or tied; side A; side B): the derivatives of log P of a vote in the difference
    of the ratings and in the tie parameter, if any, and minus the second one in the difference."""
    d = fit.r[:, None] - fit.r[None, :]
    if isinstance(fit, TieFit):
        at = ties.terms(fit.model, d.ravel(), np.array(fit.tie))
        return at.slope.ravel(), at.tie_slope.ravel(), at.bend.ravel()
    p, q = sigma(d), sigma(-d)
    return np.stack([q, -p, (q - p) / 2]).ravel(), None, np.stack([p * q] * 3).ravel()
