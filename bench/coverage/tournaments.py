"""Simulated tournaments with known true ratings.

A vote is a tie with probability 0.6 min(p, 1 - p), taken equally from both sides, so its expected score is p. For
intervals, each tournament draws the ratings of 20 models from a normal distribution with a standard deviation of 122
points on the Elo scale, and the kinds differ in p and in the choice of pairs:

    uniform     pairs drawn uniformly, p = sigma(d)
    adaptive    closed loop: the ratings are fitted after every 50 votes, and the next pairs are drawn with probability
                1/5 / number of pairs + 4/5 * expected shrinkage of the intervals (`elo.board.planning`), which follows
                noise
    prepared    200 prepared pairs of answers with V voters each: every pair has its own p, from a Beta distribution
                with mean sigma(d) and concentration 5, so voters of one pair agree more than by chance (correlation
                1/6)
    tastes      40 voters with 50 votes each: a voter's own rating of each model differs by a standard deviation of
                100 points

For ranks, which claim something about all pairs of models at once:

    apart       the ratings of 20 models are 0, 15 or 60 points apart, and 200, 2,000 or 20,000 votes are on pairs drawn
                uniformly; where they are 0 apart every claim is false
    few         20 equal models and 60 votes, six of each model
    newcomers   20 equal models; eighteen have 2,000 votes, and the last two six each
    40 voters   20 models that are equal on average, and 40 voters with 50 votes each and tastes as above
    shared      20 equal models, and 200 prepared pairs with V voters each, as above

Except under tastes the truth is the ratings themselves. The average curve over tastes is flatter than the logistic one,
so there the truth is the Bradley-Terry fit to infinitely many votes of infinitely many voters on uniform pairs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from elo.battles import Cells, Floats, Index, Pairs, Votes
from elo.board.planning import expected_shrinkage
from elo.fit.bradley_terry import fit, sigma

N_MODELS = 20
N_VOTES = 2000
MODELS = tuple(f"model-{i:02}" for i in range(N_MODELS))
_SPREAD = 0.7
_TIES = 0.6
_REFIT_EVERY = 50
_EXPLORATION = 0.2
_N_PREPARED = 200
_CONCENTRATION = 5.0
_N_VOTERS = 40
_POINTS = 400 / np.log(10)  # per unit of log-odds
_TASTE = 100 / _POINTS
_N_NEW = 2
_FEW = 6
_A, _B = np.triu_indices(N_MODELS, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Tournament:
    """Votes and the truth, (K,) in log-odds with mean 0."""

    votes: Votes
    truth: Floats


def uniform(rng: np.random.Generator) -> Tournament:
    truth = _ratings(rng)
    a, b = _pairs(rng, N_VOTES)
    return Tournament(_voted(rng, a, b, sigma(truth[a] - truth[b])), truth)


def adaptive(rng: np.random.Generator) -> Tournament:
    truth = _ratings(rng)
    chance = np.full(len(_A), 1 / len(_A))
    a, b, outcome = (np.zeros(N_VOTES, dtype=np.int64) for _ in range(3))
    for start in range(0, N_VOTES, _REFIT_EVERY):
        now = slice(start, start + _REFIT_EVERY)
        pair = rng.choice(len(_A), _REFIT_EVERY, p=chance)
        flip = rng.random(_REFIT_EVERY) < 0.5
        a[now], b[now] = np.where(flip, _B[pair], _A[pair]), np.where(flip, _A[pair], _B[pair])
        outcome[now] = _outcomes(rng, sigma(truth[a[now]] - truth[b[now]]))
        so_far = slice(0, start + _REFIT_EVERY)
        votes = Votes(MODELS, a[so_far], b[so_far], outcome[so_far])
        cells = Cells.from_votes(votes)
        if len(cells.models) < N_MODELS:  # some models have no battle yet: keep exploring
            continue
        fitted = fit(cells.pairs(), prior=1.0)
        gain = expected_shrinkage(fitted.inverse, fitted.r)[_A, _B]
        chance = _EXPLORATION / len(_A) + (1 - _EXPLORATION) * gain / gain.sum()
    return Tournament(Votes(MODELS, a, b, outcome), truth)


def prepared(rng: np.random.Generator, n_voters: int, spread: float = _SPREAD) -> Tournament:
    """Let `n_voters` vote on each of 200 prepared pairs."""
    truth = _ratings(rng, spread)
    a, b = _pairs(rng, _N_PREPARED)
    mean = sigma(truth[a] - truth[b])
    p = rng.beta(_CONCENTRATION * mean, _CONCENTRATION * (1 - mean))
    code = np.repeat(np.arange(_N_PREPARED), n_voters)
    return Tournament(_voted(rng, a[code], b[code], p[code], prepared=code), truth)


def apart(rng: np.random.Generator, gap: float, n_votes: int) -> Tournament:
    truth = gap / _POINTS * (np.arange(N_MODELS) - (N_MODELS - 1) / 2)
    a, b = _pairs(rng, n_votes)
    return Tournament(_voted(rng, a, b, sigma(truth[a] - truth[b])), truth)


def newcomers(rng: np.random.Generator) -> Tournament:
    """Let two models meet others six times each, after 2,000 votes on the eighteen others."""
    a, b = _pairs(rng, 10 * N_VOTES // 8)
    is_old = (np.maximum(a, b) < N_MODELS - _N_NEW).nonzero()[0][:N_VOTES]
    new = np.repeat(np.arange(N_MODELS - _N_NEW, N_MODELS), _FEW)
    against = rng.integers(0, N_MODELS - _N_NEW, len(new))
    a, b = np.append(a[is_old], new), np.append(b[is_old], against)
    return Tournament(_voted(rng, a, b, np.full(len(a), 0.5)), np.zeros(N_MODELS))


def tastes(rng: np.random.Generator, spread: float = _SPREAD) -> Tournament:
    ratings = _ratings(rng, spread)
    own = ratings + rng.normal(0, _TASTE, (_N_VOTERS, N_MODELS))
    voter = np.repeat(np.arange(_N_VOTERS), N_VOTES // _N_VOTERS)
    a, b = _pairs(rng, N_VOTES)
    return Tournament(_voted(rng, a, b, sigma(own[voter, a] - own[voter, b]), voter=voter), _seen_by_all(ratings))


KINDS: dict[str, Callable[[np.random.Generator], Tournament]] = {
    "uniform": uniform,
    "adaptive": adaptive,
    "prepared, 5 voters": partial(prepared, n_voters=5),
    "prepared, 20 voters": partial(prepared, n_voters=20),
    "tastes": tastes,
}
"""For intervals."""
RANK_KINDS: dict[str, Callable[[np.random.Generator], Tournament]] = {
    **{
        f"{'equal models' if not gap else f'{gap} points apart'}, {n_votes:,} votes": partial(
            apart, gap=gap, n_votes=n_votes
        )
        for gap in (0, 15, 60)
        for n_votes in (200, 2_000, 20_000)
    },
    "equal models, 60 votes": partial(apart, gap=0, n_votes=60),
    "equal models, two newcomers": newcomers,
    "equal models, 40 voters with tastes": partial(tastes, spread=0.0),
    "equal models, 5 voters on each prepared pair": partial(prepared, n_voters=5, spread=0.0),
    "equal models, 20 voters on each prepared pair": partial(prepared, n_voters=20, spread=0.0),
}
_ALL = KINDS | RANK_KINDS


def tournament(kind: str, number: int) -> Tournament:
    """Return one of a kind, the same in every call."""
    return _ALL[kind](np.random.default_rng([list(_ALL).index(kind), number]))


def _ratings(rng: np.random.Generator, spread: float = _SPREAD) -> Floats:
    ratings = rng.normal(0, spread, N_MODELS)
    centred: Floats = ratings - ratings.mean()
    return centred


def _pairs(rng: np.random.Generator, n: int) -> tuple[Index, Index]:
    a = rng.integers(0, N_MODELS, n)
    return a, (a + rng.integers(1, N_MODELS, n)) % N_MODELS


def _outcomes(rng: np.random.Generator, p: Floats) -> Index:
    """Draw outcome codes: 0 for a, 1 for b, 2 for a tie."""
    tie = _TIES * np.minimum(p, 1 - p)
    u = rng.random(len(p))
    return np.where(u < p - tie / 2, 0, np.where(u < p + tie / 2, 2, 1))


def _voted(
    rng: np.random.Generator,
    a: Index,
    b: Index,
    p: Floats,
    *,
    voter: Index | None = None,
    prepared: Index | None = None,
) -> Votes:
    voters = () if voter is None else tuple(f"voter-{i}" for i in range(_N_VOTERS))
    return Votes(MODELS, a, b, _outcomes(rng, p), voter=voter, voters=voters, prepared=prepared)


def _seen_by_all(ratings: Floats) -> Floats:
    """Return the Bradley-Terry ratings of a population of tastes.

    The expected score of each pair is the mean of sigma(d + e) over e ~ N(0, 2 taste^2), by Gauss-Hermite quadrature;
    the scores are fitted as if they were counts."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    d = (ratings[_A] - ratings[_B])[:, None] + np.sqrt(2) * _TASTE * nodes
    score = sigma(d) @ (weights / weights.sum())
    return fit(Pairs(MODELS, _A, _B, score, 1 - score, np.zeros(len(_A))), prior=0.0).ratings
