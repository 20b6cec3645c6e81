"""Which battles to play next.

A plan names battles that separate neighbours, the most informative pairs, and groups to connect. It treats the
present ratings as exact, although part of each gap may be chance. It draws no pairs (the arena's matchmaking does) and
changes no rating. All is in log-odds.

    K models, M pairs that met
"""

import math
from dataclasses import replace
from itertools import pairwise
from statistics import NormalDist

import numpy as np

from elo.battles import Floats, Index, Pairs
from elo.board.plans import Bridge, Connectivity, Lesson, Plan, Separation
from elo.chance.differences import Differences, variance_of_difference
from elo.estimate import Estimate, Spread, rated_outcomes
from elo.fit import ties
from elo.fit.bradley_terry import Fit, Likelihood, centred, sigma
from elo.fit.components import components, connected
from elo.fit.ties import TieFit

_DECIMALS = 9
"""Of log-odds: ratings that agree so far are equal."""


def expected_shrinkage(inverse: Floats, r: Floats) -> Floats:
    """(K, K): `shrinkage` where a tie is half a win: one battle has the information p (1 - p). `inverse` (K, K) and `r`
    (K,) are a `Fit`'s."""
    p = sigma(r[:, None] - r[None, :])
    return shrinkage(inverse, p * (1 - p))


def shrinkage(inverse: Floats, information: Floats) -> Floats:
    """(K, K), symmetric, 0 on the diagonal: by how much one more battle of a pair would shrink the summed variance of
    the ratings (with their plain mean kept), in squared log-odds. `information` (K, K) is that of one battle.

    A battle of a and b adds h to the information along e = e_a - e_b, so by Sherman and Morrison the inverse C loses
    h C e e'C / (1 + h v) with v = e'Ce; the trace of that is h |C e|^2 / (1 + h v). It is largest for close models
    whose difference is least certain. Two models, 50 battles each way, no prior: C = 1/100 [1 -1; -1 1], v = 1/25,
    h = 1/4, and one more battle shrinks 0.02 to 0.02 / 1.01.
    """
    gain: Floats = information * variance_of_difference(inverse @ centred(np.eye(len(inverse))) @ inverse)
    gain /= 1 + information * variance_of_difference(inverse)
    np.fill_diagonal(gain, 0.0)
    both: Floats = (gain + gain.T) / 2  # alike but for rounding
    return both


def information_of_one(fit: Fit | TieFit) -> Floats:
    """(K, K): h, minus the expected second derivative of one battle's log-likelihood in the difference of ratings."""
    d = fit.r[:, None] - fit.r[None, :]
    if isinstance(fit, TieFit):
        h: Floats = (fit.chances(d) * ties.terms(fit.model, d, np.array(fit.tie)).bend).sum(axis=0)
        return h
    return sigma(d) * sigma(-d)


def battles_to_separate(
    pairs: Pairs,
    fit: Fit | TieFit,
    differences: Differences,
    *,
    chance: float = 0.8,
    rated: float = 1.0,
) -> tuple[Separation, ...]:
    """How many more battles would separate each two neighbours by rating within a component, so that their ranks show
    which is better: make their gap d more than `reach` standard errors, with probability `chance` if the ratings are
    the truth. 0 where it is that already. `rated` is the share of battles that are in the fit; the formulas below
    assume 1.

    `differences` are the board's (`Intervals`). With v the variance of the gap, h the information and q the mean
    squared score of one of their battles, z = reach + z_chance, N votes:

        direct = (z^2 / d^2 - 1 / v) q / h^2        arena_wide = N (z^2 v / d^2 - 1)

    (the variances of n direct battles, q / (n h^2), and of what is known, v, are joined by their inverses; those of
    battles in proportion fall like 1 / N). Where ties are half wins, h = p (1 - p), and q / h is taken from all votes:
    ties make it smaller than 1. On a board of two models (reach 1.96) with 30 % ties, a gap of 20 points takes 1,661
    battles from nothing at chance 0.8, and 813 at an even chance (0.5).
    """
    better, worse = _neighbours(pairs, fit)
    gap = np.abs(np.round(fit.ratings[better] - fit.ratings[worse], _DECIMALS))
    errors, reach = differences.errors[better, worse], differences.reach[better, worse]
    needed = _spread_of_one(pairs, fit, gap)
    n_votes = float(pairs.games.sum())
    found = []
    for i, (d, error, least) in enumerate(zip(gap.tolist(), errors.tolist(), reach.tolist(), strict=True)):
        direct = arena_wide = None
        if d > 0:
            z = max(least + NormalDist().inv_cdf(chance), 0.0)
            is_apart = d > least * error
            unknown = 0.0 if is_apart else max(z * z / (d * d) - 1 / error**2, 0.0)
            direct = math.ceil(unknown * needed[i] / rated)
            arena_wide = math.ceil(n_votes * error**2 * unknown / rated)
        names = pairs.models[better[i]], pairs.models[worse[i]]
        found.append(Separation(*names, d, error, least, direct, arena_wide))
    return tuple(found)


def _neighbours(pairs: Pairs, fit: Fit | TieFit) -> tuple[Index, Index]:
    """The models that are next to each other by component, rating and name: (better, worse)."""
    group, ratings = components(pairs), np.round(fit.ratings, _DECIMALS)
    order = sorted(range(pairs.n_models), key=lambda m: (group[m], -ratings[m], pairs.models[m]))
    places = [(m, below) for m, below in pairwise(order) if group[m] == group[below]]
    better, worse = np.array(places, dtype=np.int64).reshape(-1, 2).T
    return better, worse


def _spread_of_one(pairs: Pairs, fit: Fit | TieFit, d: Floats) -> Floats:
    """q / h^2: the variance of an estimate of the difference d from one battle, (n,)."""
    if isinstance(fit, TieFit):
        chances, at = fit.chances(d), ties.terms(fit.model, d, np.array(fit.tie))
        spread: Floats = (chances * at.slope**2).sum(axis=0) / (chances * at.bend).sum(axis=0) ** 2
        return spread
    p, q = (side[:, 0] for side in Likelihood.of(pairs, prior=0).chances(fit.r[:, None]))
    squares = pairs.won * q**2 + pairs.lost * p**2 + pairs.tied * (0.5 - p) ** 2
    dispersion = float(squares.sum() / (pairs.games * p * q).sum())
    return dispersion / (sigma(d) * sigma(-d))


def connectivity(pairs: Pairs) -> Connectivity:
    """Groups and bridges of the graph whose edges are the pairs that met.

    A pair is a bridge where its edge carries all current between its ends: where its effective resistance is that of
    the edge itself, 1. On a cycle of k edges it is 1 - 1/k, so the two cannot be mistaken.
    """
    K, M = pairs.n_models, len(pairs.a)
    group = components(pairs)
    groups = tuple(
        tuple(pairs.models[m] for m in np.flatnonzero(group == g)) for g in range(1, group.max(initial=0) + 1)
    )
    links = np.zeros((K, K))
    links[pairs.a, pairs.b] = links[pairs.b, pairs.a] = 1
    # Each group's constant vector, which the Laplacian maps to 0, is given a weight: now it can be inverted.
    laplacian = np.diag(links.sum(axis=1)) - links + (group[:, None] == group[None, :])
    resistance = variance_of_difference(np.linalg.inv(laplacian))[pairs.a, pairs.b] if K else np.zeros(0)
    bridges = []
    for edge in np.flatnonzero(resistance > 1 - 0.5 / max(K, 1)):
        a, b = int(pairs.a[edge]), int(pairs.b[edge])
        is_other = np.arange(M) != edge
        label = connected(pairs.a[is_other], pairs.b[is_other], K)
        smaller = min((np.flatnonzero(label == label[end]) for end in (a, b)), key=lambda part: (len(part), part[0]))
        part = tuple(pairs.models[m] for m in smaller)
        bridges.append(Bridge(pairs.models[a], pairs.models[b], float(pairs.games[edge]), part))
    return Connectivity(groups, K * (K - 1) // 2, M, tuple(bridges))


_N_LESSONS = 10


def plan(fitted: Estimate, spread: Spread, *, chance: float = 0.8) -> Plan:
    """Propose the next battles. `chance` is the probability with which the planned battles separate two neighbours."""
    settings, bounds, K = fitted.settings, spread.intervals, fitted.counted.n_models
    rated = fitted.cells.only(rated_outcomes(settings)).n_votes / fitted.cells.n_votes
    separations: tuple[Separation, ...] = ()
    if bounds is not None:
        separations = battles_to_separate(
            fitted.pairs,
            fitted.fit,
            bounds.differences,
            chance=chance,
            rated=rated,
        )
    inverse = fitted.fit.inverse[:K, :K]
    share = rated * shrinkage(inverse, information_of_one(fitted.fit)) / np.trace(centred(inverse))
    a, b = np.triu_indices(K, 1)
    best = np.argsort(-share[a, b], kind="stable")[:_N_LESSONS]
    models = fitted.counted.models
    return Plan(
        separations,
        chance,
        replace(connectivity(_in_the_fit(fitted)), n_met=len(fitted.counted.a)),
        tuple(Lesson(models[i], models[j], float(share[i, j])) for i, j in zip(a[best], b[best], strict=True)),
        int(fitted.counted.games.sum()),
        settings,
    )


def _in_the_fit(fitted: Estimate) -> Pairs:
    """The pairs with a vote in the fit, with all of their votes: ignored ties connect no groups."""
    counted, K = fitted.counted, fitted.counted.n_models
    kept = np.isin(counted.a * K + counted.b, fitted.pairs.a * K + fitted.pairs.b)
    return Pairs(
        counted.models,
        counted.a[kept],
        counted.b[kept],
        won=counted.won[kept],
        lost=counted.lost[kept],
        tied=counted.tied[kept],
    )
