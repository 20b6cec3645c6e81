"""What is measured of a policy.

    place_all     votes until every model's interval reaches no further than 30 points to each side, and until the order
                  of all pairs whose true ratings are 50 points apart or more is certain: the board's ranks show it
                  (simultaneous intervals of all differences)
    place_one     a new model joins 19 that have 10,000 votes: battles of the whole arena, and its own, until its
                  interval reaches no further than 30 points
    fairness      how often intervals contain the true rating after 2,000 votes, and whether estimates are stretched,
                  with all votes alike and with weights of 1 / probability of the draw (`weights = "draw"`)

A vote is never taken back: the first board that meets a condition counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from arena.settings import MatchmakingSettings
from bench.matchmaking.arenas import Arenas, fitted, points_around_mean, reach, sandwich, truths
from elo.battles import Floats
from elo.chance.differences import equal_variances, variance_of_difference

POLICIES: Mapping[str, MatchmakingSettings] = {
    "uniform": MatchmakingSettings(),
    "balanced": MatchmakingSettings(policy="balanced"),
    "adaptive": MatchmakingSettings(policy="adaptive"),
}
OF_NEWCOMERS: Mapping[str, MatchmakingSettings] = {
    "uniform": POLICIES["uniform"],
    "uniform, boost 4 for 500 votes": MatchmakingSettings(new_model_boost=4.0, new_model_battles=500),
    "balanced": POLICIES["balanced"],
    "adaptive": POLICIES["adaptive"],
    "adaptive, exploration 0.5": MatchmakingSettings(policy="adaptive", exploration=0.5),
}
N_MODELS = 20
REACH = 30.0
GAP = 50.0
N_OLD_VOTES = 10_000
N_FAIR_VOTES = 2_000
_STEP = 25
_MOST = 200_000
_UNIFORM = POLICIES["uniform"]


@dataclass(frozen=True, slots=True)
class Placed:
    """(R,) each: votes of the arena, and of the newcomer alone."""

    battles: Floats
    own: Floats


@dataclass(frozen=True, slots=True)
class Fairness:
    """(R,) each, in the same arenas: the share of intervals that contain the true rating, their median width, and the
    slope of the estimates on the true ratings (1: not stretched)."""

    covered: Floats
    width: Floats
    slope: Floats


def place_all(settings: MatchmakingSettings, n_arenas: int) -> dict[str, Floats]:
    """Return for both conditions the votes that each arena needed, (R,)."""
    arenas = Arenas(truths(n_arenas, N_MODELS), np.random.default_rng([1, 0]))
    met = {"reach": np.full(n_arenas, np.nan), "order": np.full(n_arenas, np.nan)}
    n_votes = 0
    while any(np.isnan(one).any() for one in met.values()) and n_votes < _MOST:
        step = max(_STEP, n_votes // 100)
        arenas.vote(arenas.chances(settings), step)
        n_votes += step
        covariance = arenas.covariance()
        now = {"reach": (reach(covariance) <= REACH).all(axis=1), "order": _are_in_order(arenas, covariance)}
        for name, one in met.items():
            one[np.isnan(one) & now[name]] = n_votes
    return met


def _are_in_order(arenas: Arenas, covariance: Floats) -> Floats:
    """(R,): whether the order of all pairs 50 points apart is certain."""
    apart = arenas.truth[:, :, None] - arenas.truth[:, None, :] >= GAP
    q = equal_variances((N_MODELS,), 0.95)
    errors = np.sqrt(np.array([variance_of_difference(one) for one in covariance]))
    is_sure = arenas.fit.r[:, :, None] - arenas.fit.r[:, None, :] > q * errors
    found: Floats = (is_sure | ~apart).all(axis=(1, 2))
    return found


def place_one(settings: MatchmakingSettings, n_arenas: int) -> Placed:
    """Let a new model join each arena; return the battles until its interval is narrow enough."""
    arenas = Arenas(truths(n_arenas, N_MODELS, seed=1_000), np.random.default_rng([2, 0]))
    arenas.vote(arenas.chances(_UNIFORM, N_MODELS - 1), N_OLD_VOTES)
    battles, own = np.full(n_arenas, np.nan), np.full(n_arenas, np.nan)
    n_votes = 0
    while np.isnan(battles).any() and n_votes < _MOST:
        step = max(10, n_votes // 50)
        arenas.vote(arenas.chances(settings), step)
        n_votes += step
        is_new = np.isnan(battles) & (reach(arenas.covariance())[:, -1] <= REACH)
        battles[is_new] = n_votes
        own[is_new] = arenas.games[is_new, -1].sum(axis=1)
    return Placed(battles, own)


def fairness(settings: MatchmakingSettings, n_arenas: int) -> dict[str, Fairness]:
    """Return the fairness after 2,000 votes, with all votes alike, and weighted by 1 / probability of the draw."""
    arenas = Arenas(truths(n_arenas, N_MODELS, seed=2_000), np.random.default_rng([3, 0]))
    for _ in range(N_FAIR_VOTES // 50):
        arenas.vote(arenas.chances(settings), 50)
    mean = (arenas.weighted[0] + arenas.weighted[1] / 2).sum(axis=(1, 2), keepdims=True) / N_FAIR_VOTES
    (won, tied), squares = arenas.weighted / mean, arenas.squares / mean**2
    by_draw = fitted(won, tied, arenas.fit.r)
    return {
        "alike": _judged(arenas, arenas.fit.r, arenas.covariance()),
        "by draw": _judged(arenas, by_draw.r, sandwich(squares[0], squares[1], by_draw)),
    }


def _judged(arenas: Arenas, r: Floats, covariance: Floats) -> Fairness:
    truth = arenas.truth - arenas.truth.mean(axis=1, keepdims=True)
    rating, reaches = points_around_mean(r), reach(covariance)
    return Fairness(
        covered=(np.abs(rating - truth) <= reaches).mean(axis=1),
        width=np.median(2 * reaches, axis=1),
        slope=(rating * truth).sum(axis=1) / (truth**2).sum(axis=1),
    )
