"""How many standard errors intervals must reach to cover all models at once.

An interval of 95 % misses one model in twenty; on a board of twenty models one of them is wrong more often than not.
Intervals of q standard errors, with q the 95 % quantile of the largest |z| among K normal variables with the ratings'
correlations, cover all models together on 95 % of boards. q is about 3.0 at 20 models. (The chi-squared region of
arXiv:2403.04132 reaches 5.5 standard errors there and covers 100 %.) Standard errors from a few dozen clusters are
themselves uncertain; then z is Student's, with one degree of freedom fewer than there are clusters.
"""

import numpy as np

from elo.battles import Floats

N_DRAWS = 10_000
_DECIMALS = 6


def quantile(
    covariance: Floats, *, level: float, freedom: int | None = None, n_draws: int = N_DRAWS, seed: int
) -> float:
    """The `level` quantile of max_m |z_m|, z with the correlations of `covariance` (K, K), from so many draws. z is
    normal or, if the covariance itself was estimated with few degrees of freedom, Student's.

    A model without variance, such as an anchor, is left out; if there is no other the result is 0. One model gives 1.96
    at level 0.95, 20 independent ones 3.02. Rounded to 6 decimals, far above rounding errors. At 10,000 draws q has a
    standard error of about 0.02.
    """
    own = np.diag(covariance)
    moves = np.flatnonzero(own > 1e-12 * own.max(initial=0.0))
    if not moves.size:
        return 0.0
    scale = np.sqrt(own[moves])
    correlation = covariance[np.ix_(moves, moves)] / np.outer(scale, scale)
    largest = np.abs(draws(correlation, n_draws, freedom=freedom, seed=seed)).max(axis=1)
    return round(float(np.quantile(largest, level)), _DECIMALS)


def draws(covariance: Floats, n: int, *, freedom: int | None = None, seed: int) -> Floats:
    """(n, K): variables with mean 0, normal with this covariance (K, K), which may be singular, or Student's with it as
    their scale.

    Made with its symmetric root, so that the arbitrary sign and order of eigenvectors do not matter.
    """
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    stream = np.random.Generator(np.random.Philox(key=seed))
    drawn: Floats = stream.standard_normal((n, len(covariance))) @ root
    if freedom is not None:
        drawn /= np.sqrt(stream.chisquare(freedom, n) / freedom)[:, None]
    return drawn
