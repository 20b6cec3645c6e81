"""Which of two models is better, for all pairs of a board at once.

Twenty equal models have 190 differences, and on nine of ten boards at least one exceeds 1.96 of its standard errors.
So "better" requires q of them, e_a - e_b > q se(e_a - e_b), with q the `level` quantile of the largest studentized
difference of a board on which all models are equal. Then a board has any false "better" with at most probability
1 - level, whatever the ratings are (Tukey 1953).

    covariance  q from normal draws with the covariance of the ratings. With equal variances it is the studentized
                range's quantile over root 2, 3.54 at 20 models; with unequal ones it is no larger (Hayter 1984)
    bootstrap   q from the rounds' own largest |d* - d| / se, if that is larger: at 20 battles of each model the
                rounds' tails are heavy, and q is 4.4; at 2,000 the two agree, apart from the noise of the rounds
    clusters    each difference has a standard error of its own, from few clusters, so each takes the Student quantile
                with the tail of q; with very few clusters the tail is Bonferroni's, because then the largest of them
                is the one with the smallest error by chance (see `_student`): 3.90 with 39 degrees of freedom. (The
                studentized range's, 3.79, is for differences that share one error: with 40 voters, 6.8 % of boards
                were beyond it.)

    K models, n draws; `group` is a model's component, and only differences within one count
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats, Index
from elo.chance.simultaneous import draws
from elo.fit.clusters import Clusters

_N_DRAWS = 4000
_LEAST_TAIL = 25
"""Draws beyond the quantile; with fewer, the bound for equal variances is used."""
_DECIMALS = 6
_BLOCK = 2**15  # values of a difference's draws: half of a core's cache
_NODES = 400


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """Of every two ratings, (K, K) each."""

    errors: Floats
    """The standard error of the difference, in log-odds."""
    reach: Floats
    """How many standard errors the difference must exceed: q, and more where few clusters give the error."""

    def better(self, ratings: Floats, group: Index) -> NDArray[np.bool_]:
        """(K, K): whether the row is better than the column, from ratings (K,) under any gauge. A difference without a
        standard error never counts."""
        gap = ratings[:, None] - ratings[None, :]
        is_known = (group[:, None] == group[None, :]) & (self.errors > 0)
        return np.asarray(is_known & (gap > self.reach * self.errors))


def differences(
    covariance: Floats,
    group: Index,
    *,
    level: float,
    seed: int,
    least: Floats | float = 0.0,
    clusters: Clusters | None = None,
    rounds: Floats | None = None,
) -> Differences:
    """From the covariance (K, K) of the ratings under any gauge, the `least` variance (K, K) of each difference, the
    clusters that the covariance is from (None: votes one by one), and the errors (R, K) of bootstrap rounds, d* - d up
    to a shift of each round.

    Two models always give the quantile of a single difference, 1.96 at level 0.95.
    """
    variance = variance_of_difference(covariance)
    variance[variance <= 1e-12 * variance.max(initial=0.0)] = 0.0  # rounding errors
    is_compared = (group[:, None] == group[None, :]) & (variance > 0)
    inverse = np.where(is_compared, 1 / np.sqrt(np.where(is_compared, variance, 1.0)), 0.0)
    bound = equal_variances(_sizes(group), level)
    q = 0.0 if rounds is None else float(np.quantile(largest(rounds, inverse), level))
    if q < bound:
        q = max(q, _of_draws(covariance, inverse, group, bound, level=level, seed=seed))
    reach = np.full(variance.shape, round(q, _DECIMALS))
    if clusters is not None:
        reach = _student(q, freedom(clusters), n_compared=int(is_compared.sum()) // 2, level=level)
    return Differences(np.sqrt(np.maximum(variance, least)), reach)


def _student(q: float, freedom: Floats, *, n_compared: int, level: float) -> Floats:
    """(K, K): how many standard errors of so many degrees of freedom a difference must exceed, if it is q of known
    ones.

    The tail of q is that of `level` shared by m independent differences; with few degrees of freedom all `n_compared`
    of them are as good as independent. In between m moves by 8 / freedom of the way, which for 20 models keeps q
    within 1 % of its simulated value at 11, 39 and 149 degrees: 5.19, 3.91 and 3.62.
    """
    from scipy.special import stdtrit

    if not n_compared:
        return np.full(freedom.shape, q)
    tail, way = NormalDist().cdf(-q), np.minimum(8 / freedom, 1.0)
    share = (1 - way) / tail + way * max(1 / tail, 2 * n_compared / (1 - level))
    reach: Floats = np.round(-stdtrit(freedom, 1 / share), _DECIMALS)
    return reach


def freedom(clusters: Clusters) -> Floats:
    """(K, K): the degrees of freedom of the variance of each difference, at least 1.

    If cluster c has n_ic votes of model i, then the variance of r_i is a sum over clusters in proportion to n_ic /
    n_i^2, with n_i their total, and a difference's is a sum of w_c = n_ic / n_i^2 + n_jc / n_j^2. A sum of unequal
    parts is as uncertain as one of (sum w)^2 / sum w^2 equal ones (Satterthwaite 1946); the likelihood's gradient,
    which is 0, takes one. 40 voters who met all models equally often: 39. 200 prepared pairs of 20 models: about 39
    too, because only the 20 pairs of either model tell its error.
    """
    from scipy.sparse import csr_array

    K, n_kept = len(clusters.models), len(clusters.times)
    votes = clusters.counts.sum(axis=1)
    rows, columns = np.tile(clusters.cluster, 2), np.concatenate([clusters.a, clusters.b])
    by_model = csr_array((np.tile(votes, 2), (rows, columns)), shape=(n_kept, K))
    total = by_model.T @ clusters.times.astype(np.float64)
    shares = csr_array(by_model / np.where(total > 0, total, 1.0) ** 2)
    products = (shares.T @ shares.multiply(clusters.times[:, None])).toarray()
    own, inverse = np.diag(products), 1 / np.where(total > 0, total, 1.0)
    whole, squares = inverse[:, None] + inverse[None, :], own[:, None] + own[None, :] + 2 * products
    parts: Floats = np.divide(whole**2, squares, out=np.ones_like(squares), where=squares > 0) - 1
    return np.maximum(parts, 1.0)


def variance_of_difference(covariance: Floats) -> Floats:
    """(K, K): var(r_a - r_b) for every two models. No gauge changes it, because a gauge moves all ratings alike."""
    own = np.diag(covariance)
    variance: Floats = np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0.0)
    return variance


def _of_draws(covariance: Floats, inverse: Floats, group: Index, bound: float, *, level: float, seed: int) -> float:
    """q by simulation, at most `bound`. The same draws with equal variances, for which q is known, take away the error
    that both have in common: all of it where variances are equal."""
    if (1 - level) * _N_DRAWS < _LEAST_TAIL:
        return bound
    z = draws(np.eye(len(covariance)), _N_DRAWS, seed=seed)
    members = [np.flatnonzero(group == g) for g in np.unique(group)]
    ranges = np.max([z[:, own].max(axis=1) - z[:, own].min(axis=1) for own in members], axis=0) / math.sqrt(2)
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    found, of_equal = np.quantile([largest(z @ root, inverse), ranges], level, axis=1)
    return min(bound, max(float(found - of_equal) + bound, NormalDist().inv_cdf((1 + level) / 2)))


def largest(errors: Floats, inverse: Floats) -> Floats:
    """(n,): max over pairs of |x_a - x_b| inverse_ab, of n draws of K errors x, (n, K). `inverse` (K, K) is 1 / se,
    and 0 for pairs that do not count."""
    n, K = errors.shape
    found = np.zeros(n)
    length = max(1, _BLOCK // max(K, 1))
    for start in range(0, n, length):
        x = np.ascontiguousarray(errors[start : start + length].T)
        best = found[start : start + length]
        for m in range(K - 1):
            z = x[m + 1 :] - x[m]
            z *= inverse[m, m + 1 :, None]
            np.abs(z, out=z)
            np.maximum(best, z.max(axis=0), out=best)
    return found


def _sizes(group: Index) -> tuple[int, ...]:
    return tuple(sorted(np.unique(group, return_counts=True)[1].tolist()))


@lru_cache(maxsize=256)
def equal_variances(sizes: tuple[int, ...], level: float) -> float:
    """The `level` quantile of the largest |x_a - x_b| / root 2 within groups of so many independent standard normal x:
    the studentized range's over root 2, 3.54 for 20 at level 0.95. 0 without a pair."""
    pairs = sum(size * (size - 1) // 2 for size in sizes)
    if not pairs:
        return 0.0
    low, high = 0.0, -NormalDist().inv_cdf((1 - level) / 2 / pairs)  # Bonferroni's is never too small
    while high - low > 1e-9:
        middle = (low + high) / 2
        if sum(math.log(max(_range_below(middle * math.sqrt(2), size), 1e-300)) for size in sizes) < math.log(level):
            low = middle
        else:
            high = middle
    return high


def _range_below(width: float, size: int) -> float:
    """P(range of `size` standard normal variables < width) = size * integral of phi(x) [Phi(x + width) - Phi(x)]^(size
    - 1), by the trapezoidal rule, whose error falls faster than any power of the step for a function like this."""
    if size == 1:
        return 1.0
    x = np.linspace(-9.0 - width, 9.0, _NODES)
    inside = _below(x + width) - _below(x)
    density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return float(size * (density * inside ** (size - 1)).sum() * (x[1] - x[0]))


def _below(x: Floats) -> Floats:
    return np.array([math.erfc(-value / math.sqrt(2)) / 2 for value in x.tolist()])
