"""Simulated honest votes, and what careless voters, fans and crowds make of them.

Honest voters judge what they read, each with a personal taste for each model and personal habits of ties and sides.
Careless voters and fans are so from the first vote on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Floats, Index, Votes
from elo.fit.bradley_terry import sigma
from elo.settings import Settings
from elo.simulate import Scenario, simulate

USUAL = Scenario(
    votes=500_000, models=20, spread=115, voters=500, ties=0.45, taste=100, tie_spread=0.8, side_bias=15, side_spread=40
)
"""The voters' shares of ties have a standard deviation of 0.10 and their shares of left votes 0.06; for the 124 crowd
workers of llmfao these are 0.15 and 0.06. Tastes spread nearly as much as the ratings."""

HONEST: Mapping[str, Scenario] = {
    "usual: 20 models, 1,000 votes each": USUAL,
    "no tastes": replace(USUAL, taste=0),
    "tastes of 200 points": replace(USUAL, taste=200),
    "sides twice as wide, a bias of 40 points": replace(USUAL, side_bias=40, side_spread=80),
    "ties twice as wide": replace(USUAL, tie_spread=1.6),
    "nobody has habits": replace(USUAL, taste=0, tie_spread=0, side_bias=0, side_spread=0),
    "5 models": replace(USUAL, models=5),
    "4 models": replace(USUAL, models=4),
    "50 models": replace(USUAL, models=50),
    "50 voters, 200 votes each": replace(USUAL, voters=50, votes=10_000),
    "150 voters, 40 votes each": replace(USUAL, voters=150, votes=6_000),
    "100 voters, 5,000 votes each": replace(USUAL, voters=100),
}
CAUGHT: Mapping[str, Scenario] = {
    "usual": USUAL,
    "no tastes": HONEST["no tastes"],
    "5 models": HONEST["5 models"],
}
PUSHED: Mapping[str, Scenario] = {
    "usual": replace(USUAL, votes=250_000),
    "no tastes": replace(USUAL, votes=250_000, taste=0),
    "5 models": replace(USUAL, votes=250_000, models=5),
    "150 voters, 40 votes each, no tastes": replace(USUAL, voters=150, votes=6_000, taste=0),
}

Behaviour = Callable[[NDArray[np.integer], np.random.Generator], NDArray[np.integer]]
BEHAVIOURS: Mapping[str, Behaviour] = {
    "random: one of four buttons": lambda honest, rng: rng.integers(0, len(Outcome), len(honest)),
    "always left": lambda honest, rng: np.full(len(honest), Outcome.A),
    "always a tie": lambda honest, rng: np.full(len(honest), Outcome.TIE),
    "inverted: the worse one wins": lambda honest, rng: np.array([outcome.swapped for outcome in Outcome])[honest],
}


def behaving(votes: Votes, voters: NDArray[np.integer], behaviour: Behaviour, rng: np.random.Generator) -> Votes:
    """Return the votes with the outcomes of `voters` replaced by their behaviour."""
    assert votes.voter is not None
    outcome = votes.outcome.copy()
    chosen = np.isin(votes.voter, voters)
    outcome[chosen] = behaviour(outcome[chosen], rng)
    return replace(votes, outcome=outcome)


@dataclass(frozen=True, slots=True)
class Push:
    """What a fan does: `battles` is the share of votes in battles of the model; `pushed` the share of those that go for
    it (or against it) whatever the answers. All other votes are honest."""

    battles: float = 1.0
    pushed: float = 1.0
    direction: Literal["for", "against"] = "for"


PUSHES: Mapping[str, Push] = {
    "alone: only its battles, always for it": Push(),
    "mixed: every second vote honest, on any pair": Push(battles=0.5),
    "half pushed: only its battles, every second vote honest": Push(pushed=0.5),
    "against: only its battles, always against it": Push(direction="against"),
}


def pushing(votes: Votes, models: NDArray[np.integer], push: Push, rng: np.random.Generator) -> Votes:
    """Voter i pushes model `models[i]`. An honest vote on another pair than the simulated one takes the outcome of a
    random honest vote on that pair, seen from the same side."""
    assert votes.voter is not None
    K = len(votes.models)
    a, b, outcome = votes.a.copy(), votes.b.copy(), votes.outcome.copy()
    moved = np.flatnonzero((votes.voter < len(models)) & (rng.random(len(votes)) < push.battles))
    model = models[votes.voter[moved]]
    opponent = (model + rng.integers(1, K, len(moved))) % K
    is_left = rng.random(len(moved)) < 0.5
    a[moved], b[moved] = np.where(is_left, model, opponent), np.where(is_left, opponent, model)
    order = np.argsort(votes.a.astype(np.int64) * K + votes.b, kind="stable")
    pairs = (votes.a.astype(np.int64) * K + votes.b)[order]
    first, last = (np.searchsorted(pairs, a[moved].astype(np.int64) * K + b[moved], side) for side in ("left", "right"))
    honest = votes.outcome[order[np.minimum(first + (rng.random(len(moved)) * (last - first)).astype(int), last - 1)]]
    wins = np.where(is_left == (push.direction == "for"), Outcome.A, Outcome.B)
    outcome[moved] = np.where(rng.random(len(moved)) < push.pushed, wins, honest)
    return replace(votes, a=a, b=b, outcome=outcome)


@dataclass(frozen=True, slots=True)
class Town:
    """An arena of many visitors, day by day. Points are of the Elo scale."""

    days: int = 30
    visitors: int = 40
    """New on a day, on average; a fifth of them come again the next day."""
    votes: int = 6
    """Of a visitor on a day, on average."""
    models: int = 20
    taste: float = 100.0
    liking: float = 0.0
    """Standard deviation of what a day's visitors think of a model beyond their own tastes."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Visitors of one day, or of each day (`day` None), who were never there before."""

    visitors: int
    votes: int
    battles: float = 1.0
    """The share of their votes in battles of the model, which they give to it; the others are ties."""
    day: int | None = 20


_DAY_S = 86_400.0
_TIES = 0.3


def town(scene: Town, seed: int, crowd: Crowd | None = None, *, model: int = 0) -> Votes:
    """The votes of all days, in any order of time."""
    rng = np.random.default_rng(seed)
    points, K = Settings().points_per_logit, scene.models
    strength = np.sort(rng.normal(0, 115, K))
    new = np.repeat(np.arange(scene.days), rng.poisson(scene.visitors, scene.days))
    again = np.flatnonzero((rng.random(len(new)) < 0.2) & (new < scene.days - 1))
    visitor, day = np.concatenate([np.arange(len(new)), again]), np.concatenate([new, new[again] + 1])
    n = 1 + rng.poisson(scene.votes - 1, len(day))
    voter, day = np.repeat(visitor, n), np.repeat(day, n)
    worth = (
        strength + rng.normal(0, scene.taste, (len(new), K))[voter] + rng.normal(0, scene.liking, (scene.days, K))[day]
    )
    a = rng.integers(0, K, len(voter))
    b = (a + rng.integers(1, K, len(voter))) % K
    rows = np.arange(len(voter))
    wins = rng.random(len(voter)) < sigma((worth[rows, a] - worth[rows, b]) / points)
    outcome = np.where(rng.random(len(voter)) < _TIES, Outcome.TIE, np.where(wins, Outcome.A, Outcome.B))
    columns = [a, b, outcome, voter, day]
    if crowd is not None:
        days = np.arange(scene.days) if crowd.day is None else np.array([crowd.day])
        columns = [
            np.concatenate(both) for both in zip(columns, _crowd(crowd, days, len(new), model, K, rng), strict=True)
        ]
    a, b, outcome, voter, day = columns
    names = tuple(f"visitor-{i}" for i in range(int(voter.max()) + 1))
    time_s = _DAY_S * (20_000 + day + rng.random(len(day)))
    return Votes(tuple(f"m{i:02}" for i in range(K)), a, b, outcome, voter=voter, voters=names, time_s=time_s)


def _crowd(crowd: Crowd, days: Index, first: int, model: int, K: int, rng: np.random.Generator) -> list[Index]:
    n = len(days) * crowd.visitors * crowd.votes
    a = np.full(n, model)
    elsewhere = rng.random(n) >= crowd.battles
    a[elsewhere] = (model + rng.integers(1, K, elsewhere.sum())) % K
    b = (a + rng.integers(1, K, n)) % K
    outcome = np.where(elsewhere, Outcome.TIE, Outcome.A)
    swapped = rng.random(n) < 0.5
    a, b = np.where(swapped, b, a), np.where(swapped, a, b)
    outcome = np.where(swapped & ~elsewhere, Outcome.B, outcome)
    visitor = first + np.repeat(np.arange(len(days) * crowd.visitors), crowd.votes)
    return [a, b, outcome, visitor, np.repeat(days, crowd.visitors * crowd.votes)]


TOWNS: Mapping[str, Town] = {
    "30 days of 40 new visitors, 20 models": Town(),
    "days that like models, 50 points": Town(liking=50),
    "days that like models, 100 points": Town(liking=100),
    "5 models": Town(models=5),
    "20 votes of each": Town(votes=20),
    "120 days of 10 new visitors": Town(days=120, visitors=10),
}
CROWDS: Mapping[str, Crowd] = {
    "200 visitors, 3 votes each, all its battles": Crowd(200, 3),
    "200 visitors, 3 votes each, a fifth its battles": Crowd(200, 3, battles=0.2),
    "200 visitors, one vote each": Crowd(200, 1),
    "50 visitors, 3 votes each": Crowd(50, 3),
    "20 visitors, 3 votes each": Crowd(20, 3),
    "5 visitors on each of 30 days, 3 votes each": Crowd(5, 3, day=None),
}


def honest_votes(scenario: Scenario, seed: int) -> Votes:
    return simulate(replace(scenario, seed=seed)).votes


def standing(votes: Votes) -> Floats:
    """(K,): the share of votes with a winner that each model won."""
    is_a, is_b = votes.outcome == Outcome.A, votes.outcome == Outcome.B
    won = np.bincount(np.concatenate([votes.a[is_a], votes.b[is_b]]), minlength=len(votes.models))
    lost = np.bincount(np.concatenate([votes.b[is_a], votes.a[is_b]]), minlength=len(votes.models))
    share: Floats = won / np.maximum(won + lost, 1)
    return share
