"""The sandwich estimator: the covariance of ratings, valid even if votes do not follow the model.

    sandwich    H^-1 G H^-1 with G the squared scores, for votes that are independent
    clustered   the jackknife's, for votes of which only the clusters are independent

Both have the prior's virtual ties in G. All is in log-odds.

    K models, M pairs that met
"""

from dataclasses import replace

import numpy as np

from elo.battles import Floats, Pairs
from elo.chance.differences import variance_of_difference
from elo.chance.short_records import bend
from elo.fit.bradley_terry import Fit, Likelihood, centred, sigma
from elo.fit.clusters import Clusters, jackknife, terms_of
from elo.fit.network import Local, through
from elo.fit.ties import TieFit

_MOST_LEVERAGE = 0.99


def sandwich(likelihood: Likelihood, pairs: Pairs, fit: Fit | TieFit) -> Floats:
    """(K, K): the covariance of ratings, with their plain mean fixed, for independent votes of any law:
    P H^-1 G H^-1 P, with G the squared scores of the votes (a tie's residual is 1/2 - p) times the squares of their
    weights, plus those of the prior's virtual ties. A model of ties has its parameter in H and G."""
    return centred(_sandwich(likelihood, pairs, fit)[: pairs.n_models, : pairs.n_models])


def lost_to_leverage(likelihood: Likelihood, pairs: Pairs, fit: Fit | TieFit) -> Floats:
    """(K, K): the variance that the sandwich lacks because ratings follow their own votes.

    A vote of leverage h = v p (1 - p), v the model-based variance of the pair's difference, has pulled its own residual
    down to sqrt(1 - h) of its size, so its square is divided by 1 - h (HC2; MacKinnon and White 1985). At 20
    battles of each of 20 models h is 0.1. Where votes have weights, h is taken at the pair's mean weight.
    """
    K = pairs.n_models
    variance = variance_of_difference(fit.inverse[:K, :K])[pairs.a, pairs.b]
    weight = sum(pairs.squares) / pairs.games**2
    leverage = np.minimum(weight * bend(pairs, fit) * variance, _MOST_LEVERAGE)
    full = _sandwich(likelihood, pairs, fit, times=1 / (1 - leverage))
    return centred((full - _sandwich(likelihood, pairs, fit))[:K, :K])


def _sandwich(likelihood: Likelihood, pairs: Pairs, fit: Fit | TieFit, *, times: Floats | float = 1.0) -> Floats:
    """H^-1 G H^-1: (K, K), or (K + 1, K + 1) of a model of ties. The votes' squared scores are multiplied by `times`,
    (M,)."""
    won, lost, tied = (squares * times for squares in pairs.squares)
    K = pairs.n_models
    if isinstance(fit, Fit):
        p, q = likelihood.chances(fit.r)
        squares = won * q**2 + lost * p**2 + tied * (0.5 - p) ** 2
        if fit.rows is not None:
            local = Local.of_ratings(squares[:, None], squares[:, None])
            return through(fit.inverse, fit.rows, (pairs.a, pairs.b), local, of_prior(likelihood, fit.r))
        G = _scatter(likelihood, squares, fit.r)
        return fit.inverse @ G @ fit.inverse
    counts, at = np.stack([won, lost, tied]), fit.terms(pairs)
    squares, mixed = (counts * at.slope**2).sum(axis=0), (counts * at.slope * at.tie_slope).sum(axis=0)
    of_tie = (counts * at.tie_slope**2).sum()
    if fit.rows is not None:
        local = replace(
            Local.of_ratings(squares[:, None], squares[:, None]),
            mixed=mixed[None, :, None],
            bend_of_b=of_tie.reshape(1, 1, 1),
        )
        return through(fit.inverse, fit.rows, (pairs.a, pairs.b), local, of_prior(likelihood, fit.r))
    G = np.zeros((K + 1, K + 1))
    G[:K, :K] = _scatter(likelihood, squares, fit.r)
    G[:K, K] = G[K, :K] = likelihood.incidence @ mixed
    G[K, K] = of_tie
    return fit.inverse @ G @ fit.inverse


def tie_error(likelihood: Likelihood, pairs: Pairs, fit: TieFit, clusters: Clusters | None) -> float:
    """Standard error of the tie parameter, from the sandwich or, with clusters, from the jackknife. It does not depend
    on the gauge."""
    if clusters is None:
        covariance = _sandwich(likelihood, pairs, fit)
    else:
        terms, has_prior = terms_of(clusters, fit), likelihood.prior > 0
        covariance = jackknife(fit.inverse, terms, clusters.times, rows=fit.rows, has_prior=has_prior)
    return float(np.sqrt(max(covariance[-1, -1], 0.0)))


def _scatter(likelihood: Likelihood, squares: Floats, r: Floats) -> Floats:
    """(K, K): G from the squared scores of each pair's votes, (M,)."""
    K = likelihood.n_models
    G = np.zeros((K, K))
    G[likelihood.a, likelihood.b] = G[likelihood.b, likelihood.a] = -squares
    G[np.arange(K), np.arange(K)] = likelihood.degree @ squares + of_prior(likelihood, r)
    return G


def of_prior(likelihood: Likelihood, r: Floats) -> Floats:
    """(K,): the squared scores of the prior's virtual ties."""
    squares: Floats = likelihood.prior * (0.5 - sigma(r)) ** 2
    return squares


def clustered(likelihood: Likelihood, fit: Fit | TieFit, clusters: Clusters) -> Floats:
    """(K, K): the covariance of ratings, with their plain mean fixed, if only clusters are independent: the
    jackknife's, with the prior's virtual ties as in `sandwich`."""
    K = likelihood.n_models
    covariance = jackknife(
        fit.inverse, terms_of(clusters, fit), clusters.times, rows=fit.rows, has_prior=likelihood.prior > 0
    )[:K, :K]
    inverse = fit.inverse[:K, :K]
    return centred(covariance + inverse @ np.diag(of_prior(likelihood, fit.r)) @ inverse)
