"""The jackknife for votes that depend on each other.

Twenty people who vote on one prepared pair of answers have seen one sample of two models, not twenty; a voter with a
taste votes by it again and again. The jackknife leaves out one cluster at a time and measures how far the ratings move,
so whatever is common to the votes of a cluster counts once. One Newton step replaces each refit:

    d_c = (H - H_c)^-1 g_c        V = (U - 1) / U  sum_c d_c d_c'

with H minus the Hessian of all votes, H_c and g_c minus the Hessian and the gradient of cluster c alone, U clusters.
The usual cluster sandwich does not subtract H_c, and is too narrow with a few dozen clusters. A vote on a live battle
is a cluster by itself; if all are, V is the sandwich with each squared residual divided by (1 - leverage)^2.

Models describe their likelihood as a sum of `Terms`.

    K models, U clusters, n rows, P parameters (K ratings, and what else a model has)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Floats, Index, MissingDataError, Votes
from elo.fit import ties
from elo.fit.bradley_terry import Fit, sigma
from elo.fit.ties import TieFit
from elo.settings import Cluster, Settings

if TYPE_CHECKING:  # it loads slowly, and votes one by one do not need it
    from scipy.sparse import csr_array

_BLOCK = 2**20  # values of a dense block of rows: 8 MB
_SINGULAR = 1e-9
_TINY = 1e-300
_NO_SCALE = "without one of the clusters the other votes have no common scale; use a larger prior, or cluster none"
_KNOWN = ", ".join(get_args(Cluster))
_SWAPPED = np.array([outcome.swapped for outcome in Outcome], dtype=np.int64)
_COLUMN = np.array([{Outcome.A: 0, Outcome.B: 1}.get(outcome, 2) for outcome in Outcome], dtype=np.int64)


class ClusterError(ValueError):
    """These votes have no covariance by cluster."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Votes by cluster and pair, n rows: those of `cluster[i]` on models a and b, a < b, as sums of their weights.

    Equal clusters are kept once, with their number: `times`, (C,). Rows are sorted by cluster, and clusters by content,
    so neither the order of the votes nor a voter's name can change a bit of a result.
    """

    models: tuple[str, ...]
    cluster: Index
    a: Index
    b: Index
    counts: Floats
    """(n, 3): won by a, won by b, without a winner."""
    times: Index

    @classmethod
    def of(
        cls, votes: Votes, models: tuple[str, ...], settings: Settings, weights: Floats | None = None
    ) -> "Clusters | None":
        """The clusters that the settings ask for; None if votes count one by one: `cluster` none, or auto without a
        vote on a prepared pair. `models` are the K of the fit, `weights` (N,) the votes', None: 1 each. Each vote of an
        unknown voter or on a live battle is a cluster by itself; votes of weight 0 are in none.

        Raises MissingDataError without the column that is needed.
        """
        code = codes(votes, settings)
        if code is None:
            return None
        number = {model: i for i, model in enumerate(models)}
        place = np.array([number.get(model, -1) for model in votes.models], dtype=np.int64)
        first, second = place[votes.a], place[votes.b]
        outcome = votes.outcome.astype(np.int64)
        is_swapped = first > second
        first, second = np.where(is_swapped, second, first), np.where(is_swapped, first, second)
        column = _COLUMN[np.where(is_swapped, _SWAPPED[outcome], outcome)]
        weight = np.ones(len(votes)) if weights is None else weights
        pair, has_faded = first * len(models) + second, weight <= 0
        is_own, is_shared = (code < 0) & ~has_faded, (code >= 0) & ~has_faded
        parts = [
            _alone(pair[is_own], column[is_own], weight[is_own]),
            *_together(code[is_shared], pair[is_shared], column[is_shared], weight[is_shared]),
        ]
        sizes = np.concatenate([np.full(len(part.times), part.pair.shape[1]) for part in parts])
        a, b = np.divmod(np.concatenate([part.pair.ravel() for part in parts]), max(len(models), 1))
        counts = np.concatenate([part.counts.reshape(-1, 3) for part in parts])
        times = np.concatenate([part.times for part in parts])
        return cls(models, np.repeat(np.arange(len(sizes)), sizes), a, b, counts, times)

    @property
    def n_clusters(self) -> int:
        return int(self.times.sum())


def codes(votes: Votes, settings: Settings) -> Index | None:
    """(N,): the cluster of each vote, -1: a cluster by itself; None if votes count one by one.

    Raises MissingDataError without the column that the settings need.
    """
    if settings.cluster == "none":
        return None
    if (name := settings.cluster_column) is not None:
        if name not in votes.further:
            raise MissingDataError(f"the votes have no column {name} for cluster; give the column, or one of {_KNOWN}")
        if not (votes.further[name].code >= 0).any():
            raise MissingDataError(f"no vote has a value in the column {name}, which cluster needs; use cluster none")
        return votes.further[name].code.astype(np.int64)
    if settings.cluster == "voter":
        if votes.voter is None or not (votes.voter >= 0).any():
            raise MissingDataError("the votes do not name their voters; intervals by voter need the column visitor")
        return votes.voter.astype(np.int64)
    if votes.prepared is None or not (votes.prepared >= 0).any():
        if settings.cluster == "auto":
            return None
        raise MissingDataError("no vote names a prepared pair; intervals by prepared pair need the column prepared_id")
    return votes.prepared.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Clusters of m pairs each: (B, m) pairs, (B, m, 3) counts, (B,) times."""

    pair: Index
    counts: Floats
    times: Index


def _alone(pair: Index, column: Index, weight: Floats) -> _Part:
    """One cluster for every vote."""
    key = pair * 3 + column
    order = np.lexsort((weight, key)) if (weight != 1).any() else np.argsort(key, kind="stable")
    key, weight = key[order], weight[order]
    first = _firsts(key, weight)
    times = np.diff(np.append(first, len(key)))
    counts = np.zeros((len(first), 1, 3))
    counts[np.arange(len(first)), 0, key[first] % 3] = weight[first]
    return _Part(key[first, None] // 3, counts, times)


def _together(code: Index, pair: Index, column: Index, weight: Floats) -> Iterator[_Part]:
    """One cluster for all votes of a code, in one part for each number of pairs in a cluster."""
    # Sums of floats depend on their order, so weights are sorted too.
    order = np.lexsort((weight, column, pair, code))
    code, pair, column, weight = code[order], pair[order], column[order], weight[order]
    first = _firsts(code, pair)
    counts = np.zeros((len(first), 3))
    np.add.at(counts, (np.repeat(np.arange(len(first)), np.diff(np.append(first, len(code)))), column), weight)
    code, pair = code[first], pair[first]
    size = np.unique(code, return_counts=True)[1]
    ends = np.cumsum(size)
    for m in np.unique(size):
        rows = (ends[size == m] - m)[:, None] + np.arange(m)
        if len(rows) > 1:
            rows = rows[np.lexsort([*pair[rows].T, *counts[rows].reshape(len(rows), -1).T])]
        kept = _firsts(*pair[rows].T, *counts[rows].reshape(len(rows), -1).T)
        yield _Part(pair[rows[kept]], counts[rows[kept]], np.diff(np.append(kept, len(rows))))


def _firsts(*columns: NDArray[np.generic]) -> Index:
    """The rows of these sorted columns that differ from the row before."""
    is_new = np.zeros(len(columns[0]), dtype=bool)
    is_new[:1] = True
    for column in columns:
        is_new[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(is_new)


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """A log-likelihood near its maximum, as a sum over n scalar terms of x'theta: row i belongs to `cluster[i]`, rows
    are sorted by cluster, and every cluster has a row."""

    x: "csr_array"
    """(n, P)"""
    score: Floats
    """(n,): the derivative of the term."""
    curvature: Floats
    """(n,): minus its second derivative, 0 or more."""
    cluster: Index


def jackknife(
    inverse: Floats,
    terms: Terms,
    times: Index | None = None,
    *,
    rows: Floats | None = None,
    has_prior: bool = False,
) -> Floats:
    """(P, P): V, the covariance of the parameters, from the inverse of minus the Hessian (with the prior, if any).

    `times` (C,) is the number of clusters like each, None: 1. The matrix is not projected on a gauge. `rows` are those
    of a fit that a small prior leaves nearly flat (`bradley_terry.Fit`), None of any other.

    With X_c the rows of a cluster, D their curvatures and s their scores, d_c = C X_c' (I - D Z)^-1 s with C the
    inverse and Z = X_c C X_c' (Woodbury): as many equations as the cluster has rows, or P, whichever are fewer.

    Raises ClusterError for fewer than two clusters or, unless the fit `has_prior`, if the rest has no scale without one
    of them.
    """
    size = np.bincount(terms.cluster)
    times = np.ones(len(size), dtype=np.int64) if times is None else times
    U = int(times.sum())
    if U < 2:
        raise ClusterError(f"{U} cluster; the jackknife needs two or more; use cluster none")
    P = len(inverse)
    ends = np.cumsum(size)
    B = np.zeros((P, P))  # sum_c e_c e_c' with d_c = C e_c; with `rows`, sum_c d_c d_c'
    for m in np.unique(size):
        chosen = np.flatnonzero(size == m)
        for clusters in _blocks(chosen, int(m) * P):
            own = (ends[clusters] - m)[:, None] + np.arange(m)
            moved = _left_out(inverse if rows is None else rows, terms, own, P, has_prior=has_prior)
            if rows is not None:
                moved = moved @ rows
            B += moved.T @ (times[clusters, None] * moved)
    covariance: Floats = (U - 1) / U * (B if rows is not None else inverse @ B @ inverse)
    return covariance


def _left_out(inverse: Floats, terms: Terms, rows: Index, P: int, *, has_prior: bool) -> Floats:
    try:
        return (_by_rows if rows.shape[1] <= P else _by_parameters)(inverse, terms, rows)
    except ClusterError:
        if not has_prior:
            raise
        # Without a cluster the prior alone fixes the scale, but what rounding leaves of a small one is nothing.
        return _by_rows(inverse, terms, rows, is_clipped=True)


def _blocks(chosen: Index, values_each: int) -> Iterator[Index]:
    length = max(1, _BLOCK // values_each)
    for start in range(0, len(chosen), length):
        yield chosen[start : start + length]


def _by_rows(inverse: Floats, terms: Terms, rows: Index, *, is_clipped: bool = False) -> Floats:
    """(B, P): e of the B clusters with these rows, (B, m). Clipped: where the rest has next to no information in some
    direction, it has a little."""
    flat = rows.ravel()
    x = terms.x[flat].toarray().reshape(*rows.shape, -1)
    z = (terms.x[flat] @ inverse).reshape(x.shape) @ x.transpose(0, 2, 1)
    score, root = terms.score[rows], np.sqrt(terms.curvature[rows])
    # (I - D Z)^-1 s = s + R (I - R Z R)^-1 R Z s with R the root of D: the matrix to invert is symmetric.
    rest = np.eye(rows.shape[1]) - root[:, :, None] * z * root[:, None, :]
    if is_clipped:
        values, vectors = np.linalg.eigh((rest + rest.transpose(0, 2, 1)) / 2)
        rest = (vectors * np.maximum(values, _SINGULAR)[:, None, :]) @ vectors.transpose(0, 2, 1)
    else:
        _check_scale(rest)
    solved = np.linalg.solve(rest, (root[:, :, None] * (z @ score[:, :, None])))[:, :, 0]
    e: Floats = np.einsum("bm,bmp->bp", score + root * solved, x)
    return e


def _by_parameters(inverse: Floats, terms: Terms, rows: Index) -> Floats:
    """The same for clusters with more rows than parameters: e = (I - H_c C)^-1 g_c."""
    P = len(inverse)
    try:
        lower = np.linalg.cholesky(inverse)
    except LinAlgError as error:
        raise ClusterError(_NO_SCALE) from error
    found = np.empty((len(rows), P))
    for i, own in enumerate(rows):
        x = terms.x[own]
        gradient = x.T @ terms.score[own]
        information = (x.T @ (x * terms.curvature[own, None])).toarray()
        _check_scale((np.eye(P) - lower.T @ information @ lower)[None])
        found[i] = np.linalg.solve(np.eye(P) - information @ inverse, gradient)
    return found


def _check_scale(rest: Floats) -> None:
    """Raise ClusterError unless the information without the cluster, (B, m, m), is positive."""
    try:
        pivots = np.diagonal(np.linalg.cholesky(rest), axis1=1, axis2=2) ** 2
    except LinAlgError as error:
        raise ClusterError(_NO_SCALE) from error
    if pivots.min(initial=1.0) < _SINGULAR:
        raise ClusterError(_NO_SCALE)


def terms_of(clusters: Clusters, fit: Fit | TieFit) -> Terms:
    """The terms of votes by cluster and pair: one for each row if a tie is half a win each. A model of ties adds its
    parameter, the last column, to each of them, and one term for each cluster in that parameter alone."""
    from scipy.sparse import csr_array

    d, n = fit.r[clusters.a] - fit.r[clusters.b], len(clusters.cluster)
    columns = np.stack([clusters.a, clusters.b], axis=1).ravel()
    x = csr_array((np.tile([1.0, -1.0], n), columns, np.arange(0, 2 * n + 1, 2)), shape=(n, len(fit.r)))
    if isinstance(fit, Fit):
        p = sigma(d)
        won, lost, tied = clusters.counts.T
        q = 1 - p if fit.rows is None else sigma(-d)  # only a small prior needs its last digits
        score = won * q - lost * p + tied * (0.5 - p)
        return Terms(x, score, (won + lost + tied) * p * q, clusters.cluster)
    at = ties.terms(fit.model, d, np.array(fit.tie))
    slope, tie_slope, bend, mixed_bend, tie_bend = (
        (clusters.counts.T * part).sum(axis=0) for part in (at.slope, at.tie_slope, at.bend, at.mixed_bend, at.tie_bend)
    )
    return with_parameter(
        x, slope, bend, clusters.cluster, tie_slope=tie_slope, mixed_bend=mixed_bend, tie_bend=tie_bend
    )


def with_parameter(
    x: "csr_array",
    slope: Floats,
    bend: Floats,
    cluster: Index,
    *,
    tie_slope: Floats,
    mixed_bend: Floats,
    tie_bend: Floats,
) -> Terms:
    """The terms of rows x (n, P - 1), sorted by cluster, with a tie parameter as the last column. All others are (n,):
    the derivatives of each row's term in x'theta and in the parameter.

    The 2 x 2 curvature of a row is the sum of two squares: bend (x + k e)(x + k e)' and what is left on e e', e the
    parameter.
    """
    from scipy.sparse import csr_array, hstack, vstack

    k = mixed_bend / np.maximum(bend, _TINY)
    first = np.flatnonzero(np.diff(cluster, prepend=-1))
    own_score = np.add.reduceat(tie_slope - k * slope, first)
    own_bend = np.maximum(np.add.reduceat(tie_bend - k * mixed_bend, first), 0.0)
    C = len(first)
    order = np.argsort(np.concatenate([cluster, np.arange(C)]), kind="stable")
    alone = csr_array((np.ones(C), (np.arange(C), np.zeros(C, dtype=np.int64))), shape=(C, 1))
    joined = vstack([hstack([x, k[:, None]]), hstack([csr_array((C, x.shape[1])), alone])], format="csr")
    return Terms(
        csr_array(joined)[order],
        np.concatenate([slope, own_score])[order],
        np.concatenate([bend, own_bend])[order],
        np.concatenate([cluster, np.arange(C)])[order],
    )
