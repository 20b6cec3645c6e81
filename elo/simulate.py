"""Simulated votes from known ratings.

Each vote has a pair drawn at random, sides drawn at random, and a voter with personal habits:

    d        = rating of A - rating of B + taste for A - taste for B + side bias     (points)
    P(tie)   = 2 t min(p, 1 - p),   p = 1 / (1 + 10^(-d / 400)),   t the voter's share of ties between equals
    P(A)     = p - P(tie) / 2,      P(B) = 1 - p - P(tie) / 2

So a tie takes from both sides alike and the expected score is p: without tastes and side bias, the given ratings are
the truth of a Bradley-Terry fit with ties as half wins. Tastes differ between voters, which flattens the curve averaged
over them, so a fit finds ratings slightly closer together than those given. Tie habits are normal on the log-odds, side
habits on the rating scale. No answers are simulated, and no voter gets tired.
"""

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Floats, Index, Votes
from elo.settings import Settings
from elo.votes.values import ValueProblem, model_name

MAX_VOTES = 100_000_000
MAX_VOTERS = 1_000_000
MAX_TASTES = 50_000_000
"""Voters times models, because a number is drawn for each."""
MAX_POINTS = 1_000_000
_CHUNK = 2**18
_BOTH_BAD = 0.5
"""Share of the votes without a winner."""
_WINNERS = tuple(outcome.winner for outcome in Outcome)


@dataclass(frozen=True, slots=True)
class Scenario:
    """An arena to simulate. Points are of the Elo scale, 400 to a factor of ten.

    Raises ValueError, naming the field, for an invalid value.
    """

    votes: int = 10_000
    models: int = 20
    spread: float = 115.0
    """Standard deviation of the ratings, around a mean of 1000; as on one public file of 26,000 votes."""
    ratings: tuple[tuple[str, float], ...] = ()
    """Names with their ratings, instead of `models` drawn with `spread`."""
    ties: float = 0.3
    """Share of votes without a winner between equal models."""
    side_bias: float = 0.0
    """Points that every voter gives to side A, the left."""
    voters: int = 0
    """How many people vote, equally often on average; 0: voters are unnamed and alike."""
    taste: float = 0.0
    """Standard deviation of a voter's personal liking of a model, in points."""
    tie_spread: float = 0.0
    """Standard deviation of voters' tie habits, on the log-odds of `ties`."""
    side_spread: float = 0.0
    """Standard deviation of voters' personal side bias, in points."""
    prepared: int = 0
    """Number of prepared pairs of answers that all votes are on; 0: every vote is on its own battle."""
    prepared_spread: float = 0.0
    """Standard deviation, in points, of how much better than usual one side of a prepared pair is."""
    seed: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is int and (isinstance(value, bool) or not isinstance(value, int)):
                raise ValueError(f"{field.name} {value!r} is not a whole number")
            if field.type is float:
                if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                    raise ValueError(f"{field.name} {value!r} is not a finite number")
                object.__setattr__(self, field.name, float(value))
        names = [name for name, _ in self.ratings]
        for name, is_right, expected in (
            ("votes", 1 <= self.votes <= MAX_VOTES, f"1 to {MAX_VOTES:,}"),
            ("models", 2 <= self.models <= 10_000, "2 to 10,000"),
            ("spread", 0 <= self.spread <= MAX_POINTS, f"0 to {MAX_POINTS:,} points"),
            ("ratings", len(set(names)) == len(names) != 1, "two or more models, each named once"),
            (
                "ratings",
                all(abs(rating) <= MAX_POINTS for _, rating in self.ratings),
                f"within {MAX_POINTS:,} points of 0",
            ),
            ("ties", 0 <= self.ties <= 1, "a share from 0 to 1"),
            ("ratings", all(map(_is_name, names)), "of valid model names, such as model-x"),
            ("voters", 0 <= self.voters <= MAX_VOTERS, f"0 to {MAX_VOTERS:,}"),
            ("taste", 0 <= self.taste <= MAX_POINTS, f"0 to {MAX_POINTS:,} points"),
            ("tie_spread", 0 <= self.tie_spread <= 100, "0 to 100"),
            ("side_bias", abs(self.side_bias) <= MAX_POINTS, f"within {MAX_POINTS:,} points of 0"),
            ("side_spread", 0 <= self.side_spread <= MAX_POINTS, f"0 to {MAX_POINTS:,} points"),
            ("prepared", 0 <= self.prepared <= MAX_VOTES, f"0 to {MAX_VOTES:,} pairs"),
            ("prepared_spread", 0 <= self.prepared_spread <= MAX_POINTS, f"0 to {MAX_POINTS:,} points"),
            (
                "voters",
                self.voters * (len(names) or self.models) <= MAX_TASTES,
                f"{MAX_TASTES:,} or less, times models",
            ),
            ("seed", 0 <= self.seed < 2**64, "a whole number from 0 to 2**64 - 1"),
        ):
            if not is_right:
                raise ValueError(f"{name} {getattr(self, name)!r} is not {expected}")
        for name in ("taste", "tie_spread", "side_spread"):
            if getattr(self, name) and not self.voters:
                raise ValueError(f"{name} {getattr(self, name):g} needs voters; give voters too")
        if self.prepared_spread and not self.prepared:
            raise ValueError(f"prepared_spread {self.prepared_spread:g} needs prepared pairs; give prepared too")


def _is_name(text: str) -> bool:
    try:
        return model_name("model", text) == text
    except ValueProblem:
        return False


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """The votes in order, and the true `ratings` (K,) of their models, in points."""

    votes: Votes
    ratings: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _World:
    """What is drawn once, for K models, U voters and C prepared pairs."""

    ratings: Floats
    taste: Floats
    """(U, K)"""
    ties: Floats
    """(U,)"""
    side_bias: Floats
    """(U,)"""
    prepared: NDArray[np.int32]
    """(2, C): the models of each prepared pair"""
    prepared_edge: Floats
    """(C,): the advantage of the first one there, in points"""


def simulate(scenario: Scenario) -> Simulation:
    """Simulate the votes of a scenario; the same scenario gives the same votes. Drawn models are named model-01,
    model-02, ..."""
    world_seed, votes_seed = np.random.SeedSequence(scenario.seed).spawn(2)
    world = _world(scenario, np.random.default_rng(world_seed))
    rng = np.random.default_rng(votes_seed)
    n, K = scenario.votes, len(world.ratings)
    a, b, outcome = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int8)
    voter, prepared = np.empty(n, np.int32), np.empty(n, np.int32)
    for start in range(0, n, _CHUNK):
        part = slice(start, min(start + _CHUNK, n))
        size = part.stop - part.start
        voter[part] = rng.integers(0, max(scenario.voters, 1), size)
        if scenario.prepared:
            prepared[part] = rng.integers(0, scenario.prepared, size)
            is_swapped = rng.random(size) < 0.5
            pair = world.prepared[:, prepared[part]]
            a[part], b[part] = np.where(is_swapped, pair[::-1], pair)
            edge = np.where(is_swapped, -1, 1) * world.prepared_edge[prepared[part]]
        else:
            a[part] = rng.integers(0, K, size)
            b[part] = (a[part] + rng.integers(1, K, size)) % K
            edge = np.zeros(size)
        outcome[part] = _vote(world, a[part], b[part], voter[part], edge, rng.random((2, size)))
    width = len(str(K))
    models = tuple(name for name, _ in scenario.ratings) or tuple(f"model-{i:0{width}}" for i in range(1, K + 1))
    width = len(str(scenario.voters))
    votes = Votes(
        models=models,
        a=a,
        b=b,
        outcome=outcome,
        voter=voter if scenario.voters else None,
        voters=tuple(f"voter-{i:0{width}}" for i in range(1, scenario.voters + 1)),
        prepared=prepared if scenario.prepared else None,
    )
    return Simulation(votes, world.ratings)


def _world(scenario: Scenario, rng: np.random.Generator) -> _World:
    if scenario.ratings:
        ratings = np.array([rating for _, rating in scenario.ratings], dtype=np.float64)
    else:
        ratings = 1000 + scenario.spread * _standard(rng.normal(size=scenario.models))
    K, U = len(ratings), max(scenario.voters, 1)
    with np.errstate(divide="ignore", over="ignore"):  # ties 0 and 1 are the ends of the log-odds
        tie_odds = np.log(scenario.ties) - np.log1p(-scenario.ties) + scenario.tie_spread * rng.normal(size=U)
        ties = 1 / (1 + np.exp(-tie_odds))
    first = rng.integers(0, K, scenario.prepared, dtype=np.int32)
    second = (first + rng.integers(1, K, scenario.prepared, dtype=np.int32)) % K
    return _World(
        ratings,
        taste=scenario.taste * rng.normal(size=(U, K)),
        ties=ties,
        side_bias=scenario.side_bias + scenario.side_spread * rng.normal(size=U),
        prepared=np.stack([first, second]),
        prepared_edge=scenario.prepared_spread * rng.normal(size=scenario.prepared),
    )


def _standard(values: Floats) -> Floats:
    """With mean 0 and standard deviation 1, so that the ratings have exactly the scenario's spread."""
    centred = values - values.mean()
    standard: Floats = centred / centred.std()
    return standard


class Expected(NamedTuple):
    """The expected score of a side, and half the probability of a tie: P(A) = score - half_tie."""

    score: Floats
    half_tie: Floats


def expected(gap: Floats, ties: Floats | float) -> Expected:
    """What a voter with the share `ties` of ties between equals does where one side is `gap` points better."""
    with np.errstate(over="ignore"):  # far enough behind, the chance is 0
        p: Floats = 1 / (1 + np.exp(-gap / Settings().points_per_logit))
    return Expected(p, ties * np.minimum(p, 1 - p))


def _vote(
    world: _World, a: NDArray[np.int32], b: NDArray[np.int32], voter: NDArray[np.int32], edge: Floats, u: Floats
) -> Index:
    """(n,): outcome codes; `u` are two uniform numbers for each vote, for the outcome and for the kind of tie."""
    gap = world.ratings[a] - world.ratings[b] + world.taste[voter, a] - world.taste[voter, b]
    p, half_tie = expected(gap + edge + world.side_bias[voter], world.ties[voter])
    tie = np.where(u[1] < _BOTH_BAD, Outcome.BOTH_BAD, Outcome.TIE)
    outcome: Index = np.where(u[0] < p - half_tie, Outcome.A, np.where(u[0] < p + half_tie, tie, Outcome.B))
    return outcome


def write_votes(votes: Votes, file: TextIO, *, progress: Callable[[int], None] | None = None) -> None:
    """As CSV that `recompute` reads: model_a, model_b, winner, and visitor and prepared_id where the votes have them.

    `progress` is called with the number of rows written.
    """
    columns = ["model_a", "model_b", "winner"]
    columns += ["visitor"] * (votes.voter is not None) + ["prepared_id"] * (votes.prepared is not None)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for start in range(0, len(votes), _CHUNK):
        part = slice(start, start + _CHUNK)
        values = [
            [votes.models[i] for i in votes.a[part].tolist()],
            [votes.models[i] for i in votes.b[part].tolist()],
            [_WINNERS[code] for code in votes.outcome[part].tolist()],
        ]
        if votes.voter is not None:
            values.append([votes.voters[i] for i in votes.voter[part].tolist()])
        if votes.prepared is not None:
            values.append([f"prepared-{i + 1}" for i in votes.prepared[part].tolist()])
        writer.writerows(zip(*values, strict=True))
        if progress is not None:
            progress(min(start + _CHUNK, len(votes)))
