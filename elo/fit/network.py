"""Newton's method where a small prior leaves the likelihood nearly flat.

With a prior of 1e-9, differences that only the prior bounds can have a curvature 1e20 times below that of others, and a
Cholesky factor of the Hessian has no digit of it left. But minus the Hessian is the Laplacian of an electrical network:
ratings are voltages, pairs are resistors of conductance h = -l'', the prior is a resistor from each model to the ground
and gradients are sources of current beside the resistors. Such a network is solved by removing one node after the other
(star to mesh), which only adds and multiplies positive numbers, so no digit is lost however unequal they are. Removing
node k, with w conductances and s_ij the source into i from j:

    G = sum_j w_kj        w_ij += w_ik w_kj / G        s_ij += (w_ik s_kj - w_jk s_ki) / G

(Entrywise accuracy for diagonally dominant M-matrices: Alfa, Xue and Ye 2002, Math. Comp. 71.) It costs a loop over
models, so `bradley_terry`, `ties` and `contextual` try Cholesky first. Other parameters, that of ties and coefficients,
border the network: their Schur complement is determined by the votes and not by the prior.

    K models, M pairs that met, R problems, F other parameters, P = K + F: r is (K, R), b is (F, R)
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats, Index
from elo.fit.convergence import has_converged

ILL_CONDITIONED = 1e11
"""Condition number of a Hessian from which on its plain inverse is not used."""
_MAX_STEPS = 1000
_OVERSHOOT = 0.5
_SHORTER = 0.3
_ROUNDING = 1e-6  # as a share of the ratings, where a prior of 1e-9 alone bounds another parameter
_TINY = 1e-300
_FARTHEST = 320.0  # products of two e to its negative power are still normal numbers, and quick
_VALUES = 2**20  # of the edges of a block: 8 MB


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """Derivatives of the votes' log-likelihood at one point, without the prior on the ratings. `bend`s are minus second
    derivatives."""

    slope: Floats
    """(M, R): in the differences of ratings."""
    bend: Floats
    """(M, R)"""
    mixed: Floats
    """(F, M, R): in a difference and another parameter."""
    slope_of_b: Floats
    """(F, R)"""
    bend_of_b: Floats
    """(F, F, R)"""

    @classmethod
    def of_ratings(cls, slope: Floats, bend: Floats) -> "Local":
        M, R = slope.shape
        return cls(slope, bend, np.zeros((0, M, R)), np.zeros((0, R)), np.zeros((0, 0, R)))


@dataclass(frozen=True, slots=True, eq=False)
class Bounds:
    """What limits steps in the F other parameters b."""

    largest_share: Callable[[Floats, Floats], Floats] | None = None
    """Of b and a step, (F, R) each: the most of the step that stays inside b's domain, (R,)."""
    sizes: Floats | None = None
    """(F,): how far one unit of each moves a log-odds at most; None: 1."""
    farthest: Floats | None = None
    """(F,): a problem stops unconverged where one is larger; None: no limit."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Pairs a, b (M,) of K models, with a prior above 0."""

    n_models: int
    a: Index
    b: Index
    prior: float
    removals: "Removals"

    @classmethod
    def of(cls, n_models: int, a: Index, b: Index, prior: float) -> Self:
        return cls(n_models, a, b, prior, Removals.of(n_models, a, b))

    def climb(
        self, local: Callable[[Floats, Floats, Index], Local], r: Floats, b: Floats, bounds: Bounds | None = None
    ) -> "Found":
        """From r (K, R) and b (F, R) to the maximum of R independent problems, in blocks. `local(r, b, which)` are the
        derivatives of the problems `which`. Raises LinAlgError where the votes do not determine b."""
        R = r.shape[1]
        found = Found(r.copy(), b.copy(), np.zeros(R, dtype=np.int64), np.zeros(R, dtype=bool))
        block = max(1, _VALUES // ((2 + len(b)) * self.removals.n_edges))
        for start in range(0, R, block):
            self._climb(local, found, np.arange(start, min(start + block, R)), bounds or Bounds())
        return found

    def _climb(
        self, local: Callable[[Floats, Floats, Index], Local], found: "Found", which: Index, bounds: Bounds
    ) -> None:
        sizes = np.ones(len(found.b)) if bounds.sizes is None else bounds.sizes
        last = np.full(len(which), np.inf)
        for _ in range(_MAX_STEPS):
            r, b = found.r[:, which], found.b[:, which]
            step_r, step_b, gain = self._step(r, local(r, b, which))
            size = np.maximum(np.abs(step_r).max(axis=0), np.abs(step_b).max(axis=0, initial=0.0))
            if not np.isfinite(size).all():
                return
            most = np.ones(len(which))
            if bounds.largest_share is not None:
                most = np.minimum(bounds.largest_share(b, step_b), most)
            # No log-odds changes by more than D, so the likelihood cannot fall before log(1 + D) / D of the step
            # (see `bradley_terry.damped`). Mostly the whole step is good, so that is tried first.
            D = np.maximum(
                np.abs(step_r).max(axis=0), np.abs(step_r[self.a] - step_r[self.b]).max(axis=0, initial=0.0)
            ) + (sizes[:, None] * np.abs(step_b)).sum(axis=0)
            least = most * np.log1p(D) / np.maximum(D, _TINY)
            share = most.copy()
            is_tried = share > least * 1.001
            while is_tried.any():
                t = np.flatnonzero(is_tried)
                moved_r, moved_b = r[:, t] + share[t] * step_r[:, t], b[:, t] + share[t] * step_b[:, t]
                slope = self._slope_along(moved_r, local(moved_r, moved_b, which[t]), step_r[:, t], step_b[:, t])
                is_too_far = ~(slope >= -_OVERSHOOT * gain[t])
                share[t[is_too_far]] = np.maximum(
                    np.minimum(share[t] * _SHORTER, np.sqrt(share[t] * least[t])), least[t]
                )[is_too_far]
                is_tried[t] = is_too_far & (share[t] > least[t] * 1.001)
            found.r[:, which] += share * step_r
            found.b[:, which] += share * step_b
            found.iterations[which] += 1
            rounding = _ROUNDING * np.maximum(np.abs(found.r[:, which]).max(axis=0), 1.0)
            is_done = has_converged(size, last, rounding=rounding)
            found.has_converged[which[is_done]] = True
            if bounds.farthest is not None:
                is_done |= (np.abs(found.b[:, which]) > bounds.farthest[:, None]).any(axis=0)
            which, last = which[~is_done], size[~is_done]
            if not which.size:
                return

    def _step(self, r: Floats, local: Local) -> tuple[Floats, Floats, Floats]:
        """Newton's step (K, R), (F, R), and the slope of the log-likelihood along it, (R,)."""
        F = len(local.slope_of_b)
        sources = np.concatenate([local.slope[None], local.mixed])
        pull = -self.prior / 2 * np.tanh(r / 2)
        injected = np.concatenate([pull[None], np.zeros((F, *r.shape))])
        x = self._solve(local.bend, self.ground(r), sources, injected)
        across = x[:, self.a] - x[:, self.b]
        step_r, step_b = x[0], np.zeros((F, r.shape[1]))
        if F:
            mixed, across = np.ascontiguousarray(local.mixed.T), np.ascontiguousarray(across.T)  # (R, M, F), (R, M, Q)
            moved = (mixed[:, :, :, None] * across[:, :, None, :]).sum(axis=1)
            schur = local.bend_of_b.T - moved[:, :, 1:]
            rest = local.slope_of_b.T - moved[:, :, 0]
            step_b = np.linalg.solve(schur, rest[:, :, None])[:, :, 0].T
            step_r = step_r - (x[1:] * step_b[:, None, :]).sum(axis=0)
        return step_r, step_b, self._slope_along(r, local, step_r, step_b)

    def _slope_along(self, r: Floats, local: Local, step_r: Floats, step_b: Floats) -> Floats:
        of_votes = (local.slope * (step_r[self.a] - step_r[self.b])).sum(axis=0)
        of_prior = (-self.prior / 2 * np.tanh(r / 2) * step_r).sum(axis=0)
        slope: Floats = of_votes + of_prior + (local.slope_of_b * step_b).sum(axis=0)
        return slope

    def ground(self, r: Floats) -> Floats:
        """(K, R): minus the second derivatives of the prior."""
        faint: Floats = np.exp(-np.minimum(np.abs(r), _FARTHEST))
        curvature: Floats = self.prior * faint / (1 + faint) ** 2
        return curvature

    def _solve(self, h: Floats, ground: Floats, sources: Floats, injected: Floats) -> Floats:
        """(Q, K, R): the voltages for Q sets of sources on the pairs, (Q, M, R), and from the ground, (Q, K, R)."""
        K, (Q, _, R) = self.n_models, sources.shape
        if R == 1:  # a sum over one column has other last bits
            return self._solve(*(np.repeat(x, 2, axis=-1) for x in (h, ground, sources, injected)))[:, :, :1]
        M, n_edges, removals = len(self.a), self.removals.n_edges, self.removals.nodes
        w, s = np.zeros((n_edges, R)), np.zeros((Q, n_edges, R))
        w[:M], w[M : M + K] = h, ground
        s[:, :M], s[:, M : M + K] = sources, injected
        shares, own = [], []
        for node in removals:
            row, source = w[node.edges], s[:, node.edges] * node.signs[:, None]
            total = np.maximum(row.sum(axis=0), _TINY)
            share = row / total
            shares.append(share)
            own.append(source.sum(axis=1) / total)
            i, j = node.first, node.second
            w[node.joined] += share[i] * row[j]
            s[:, node.joined] += share[i] * source[:, j] - share[j] * source[:, i]
        x = np.zeros((Q, K + 1, R))
        for node, share, emf in zip(reversed(removals), reversed(shares), reversed(own), strict=True):
            x[:, node.number] = (share * x[:, node.neighbours]).sum(axis=1) + emf
        return x[:, :K]

    def inverses(self, r: Floats, local: Local, group: Index) -> "Inverses":
        """At the maximum of one problem: r (K,), `local` with R = 1; `group` (K,) is the component of each model."""
        last = np.array([np.flatnonzero(group == g)[-1] for g in group])
        inverse, rows = self._inverted(local.bend[:, 0], self.ground(r), last)
        F = len(local.slope_of_b)
        if not F:
            return Inverses(inverse, rows)
        mixed = local.mixed
        x = self._solve(local.bend, self.ground(r)[:, None], mixed, np.zeros((F, self.n_models, 1)))[:, :, 0].T
        schur = local.bend_of_b[:, :, 0] - mixed[:, :, 0] @ (x[self.a] - x[self.b])
        of_b = np.linalg.inv((schur + schur.T) / 2)

        def bordered(block: Floats, x_rows: Floats) -> Floats:
            return np.block([[block + x_rows @ of_b @ x.T, -x_rows @ of_b], [-of_b @ x.T, of_b]])

        return Inverses(bordered(inverse, x), bordered(rows, x - x[last]))

    def _inverted(self, h: Floats, ground: Floats, last: Index) -> tuple[Floats, Floats]:
        """(K, K) twice: the inverse, and the same with each row relative to the row `last`, (K,), of the last model of
        its component, which keeps the digits of differences where the entries are huge and nearly equal."""
        K = self.n_models
        w = np.zeros((K, K + 1))
        w[self.a, self.b] = w[self.b, self.a] = h
        w[:, K] = ground
        reached, shares, totals = np.eye(K), [], []
        for k in range(K):
            row = w[k, k + 1 :].copy()
            total = max(row.sum(), _TINY)
            share = row / total
            shares.append(share)
            totals.append(total)
            w[k + 1 :, k + 1 :] += share[:-1, None] * row
            reached[k + 1 :] += share[:-1, None] * reached[k]
        inverse, rows = np.zeros((K, K)), np.zeros((K, K))
        for k in reversed(range(K)):
            own, share = reached[k] / totals[k], shares[k]
            inverse[k] = share[:-1] @ inverse[k + 1 :] + own
            if k < last[k]:
                rows[k] = share[:-1] @ rows[k + 1 :] + own - share[-1] * inverse[last[k]]
        return inverse, rows


@dataclass(frozen=True, slots=True, eq=False)
class _Removal:
    """One model that leaves the network: its m neighbours then (K is the ground), and the edges between these."""

    number: int
    neighbours: Index
    """(m,)"""
    edges: Index
    """(m,): to each neighbour."""
    signs: Floats
    """(m,): 1 where a source on the edge flows into this model, -1 where it flows into the neighbour."""
    first: Index
    """The pairs of neighbours i, j, oriented as the edge between them: a source on it flows into i."""
    second: Index
    joined: Index


@dataclass(frozen=True, slots=True, eq=False)
class Removals:
    """The order in which models leave, fewest neighbours first, so that a sparse network stays sparse. Edges are the M
    pairs, then those from the K models to the ground, then those that removals add."""

    nodes: tuple[_Removal, ...]
    n_edges: int

    @classmethod
    def of(cls, K: int, a: Index, b: Index) -> Self:
        edge = {(int(i), int(j)): e for e, (i, j) in enumerate(zip(a, b, strict=True))}
        edge |= {(m, K): len(a) + m for m in range(K)}
        near: list[set[int]] = [set() for _ in range(K)]
        for i, j in zip(a.tolist(), b.tolist(), strict=True):
            near[i].add(j)
            near[j].add(i)
        left, nodes = set(range(K)), []
        while left:
            k = min(left, key=lambda m: (len(near[m]), m))
            left.remove(k)
            around = [*sorted(near[k]), K]
            edges = [edge.get((k, m), edge.get((m, k), -1)) for m in around]
            pairs = []
            for x, y in combinations(range(len(around)), 2):
                i, j = around[x], around[y]
                if (j, i) in edge:
                    x, y, i, j = y, x, j, i
                pairs.append((x, y, edge.setdefault((i, j), len(edge))))
                if K not in (i, j):
                    near[i].add(j)
                    near[j].add(i)
            for m in near[k]:
                near[m].discard(k)
            first, second, joined = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
            signs = np.array([1.0 if (k, m) in edge else -1.0 for m in around])
            nodes.append(_Removal(k, np.array(around), np.array(edges), signs, first, second, joined))
        return cls(tuple(nodes), len(edge))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    r: Floats
    b: Floats
    iterations: Index
    """(R,)"""
    has_converged: NDArray[np.bool_]
    """(R,)"""


@dataclass(frozen=True, slots=True, eq=False)
class Inverses:
    """(P, P) each: the inverse of minus the Hessian, and the same with the row of each rating relative to the row of
    one model of its component."""

    inverse: Floats
    rows: Floats


def through(inverse: Floats, rows: Floats, pairs: tuple[Index, Index], squares: Local, of_prior: Floats) -> Floats:
    """(P, P): H^-1 G H^-1 for the sum G of the squared scores of votes (`squares.bend`, `mixed` and `bend_of_b`, R = 1)
    and of the prior, (K,).

    The scores of votes are taken through `rows`: in their products with the inverse itself, huge numbers would cancel.
    """
    a, b = pairs
    K = len(of_prior)
    of_pairs, of_b = rows[a] - rows[b], rows[K:]
    mixed = of_pairs.T @ squares.mixed[:, :, 0].T @ of_b
    covariance: Floats = (of_pairs.T * squares.bend[:, 0]) @ of_pairs + mixed + mixed.T
    covariance += of_b.T @ squares.bend_of_b[:, :, 0] @ of_b
    covariance += (inverse[:, :K] * of_prior) @ inverse[:K]
    return covariance
