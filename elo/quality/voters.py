"""Tests that find careless voters.

Careless voters vote always for one side, always for a tie, at random, or against everybody. Three tests examine every
voter after every vote. The evidence of each is how many times likelier the votes so far are under a careless rule than
under the habits of honest voters.

    sides   votes with a winner: nearly all left, or nearly all right   against the sides honest voters choose
    ties    all votes: nearly all without a winner                      against the ties honest voters give
    others  agreement with earlier votes on the same pair               against the tastes of honest voters
            (`exchangeability`): random votes, or the opposite ones

For an honest voter each is a martingale that starts at 1, and so is their mean: at most a share `level` of honest
voters ever reach 1/level, however many votes they cast (Ville 1939). So a voter can be tested after every vote
without a correction for the number of tests.

Honest voters need not be alike. Their shares of left votes and of ties are Beta distributed, their distances from the
others' taste normal around 0. The widths are estimated from all voters, assuming one in ten to be careless, then
widened by half and kept within the bounds below. So the guarantee covers people who differ by chance, independently of
each other. Honest people who agree with each other against the rest are far from the others, and may be flagged. Sides
must be drawn at random, as in the arena: else a good model that is often on the left looks like a habit.

A flag is a reason to look, not a proof. Nothing here excludes a vote.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln

from db.outcome import Outcome
from elo.battles import Floats, Index, Votes
from elo.quality.exchangeability import scores

Test = Literal["sides", "ties", "others"]
_TESTS: tuple[Test, ...] = get_args(Test)

_CARELESS = (19.0, 1.0)
"""Beta distribution of a careless voter's share: about 19 of 20."""
_CARELESS_VOTERS = 0.1
"""Share of voters assumed careless when honest habits are estimated, so that they do not pass for a habit."""
_WIDER = 1.5
"""Honest habits are assumed this much wider than estimated, because real ones are not exactly Beta or normal."""
_SIDES = ((0.4, 0.6), (20.0, 60.0))
"""Bounds of the estimated mean of left shares and of their weight a + b; the standard deviation is 0.06 to 0.11."""
_TIES = ((0.05, 0.75), (4.0, 10.0))
"""The same for tie shares: standard deviation 0.15 to 0.22 at a mean of a half."""
_TASTES = (0.15, 1.0)
"""Bounds of the standard deviation of honest voters' distances from the others; a coin's distance is 1."""


@dataclass(frozen=True, slots=True)
class Habit:
    """Shares of honest voters: Beta with this mean, and a weight in votes."""

    mean: float
    weight: float

    @property
    def beta(self) -> tuple[float, float]:
        """a and b of the distribution."""
        return self.mean * self.weight, (1 - self.mean) * self.weight

    @property
    def sd(self) -> float:
        return math.sqrt(self.mean * (1 - self.mean) / (self.weight + 1))

    def widened(self, factor: float) -> "Habit":
        """The same mean, `factor` times the standard deviation."""
        return Habit(self.mean, (self.weight + 1) / factor**2 - 1)


@dataclass(frozen=True, slots=True)
class Habits:
    """The assumed habits of honest voters."""

    left: Habit
    ties: Habit
    taste: float
    """Standard deviation of distances from the others."""


@dataclass(frozen=True, slots=True)
class Voter:
    """One voter, with the decimal logarithm of the evidence of the three tests after the last vote."""

    voter: str
    n_votes: int
    left_share: float | None
    """Of the votes with a winner; None without one."""
    tie_share: float
    distance: float | None
    """From the other voters: 0 agrees with them, 1 votes at random, 2 votes against them; None: nothing to compare."""
    sides: float
    ties: float
    others: float
    flagged_after: int | None
    """The vote at which the voter was flagged; None: never. Later votes do not remove a flag."""
    reason: Test | None
    """The test with the most evidence at that vote."""


@dataclass(frozen=True, slots=True)
class Examination:
    """All voters, by number of votes, then by name."""

    voters: tuple[Voter, ...]
    habits: Habits
    level: float
    """The largest share of honest voters that is ever flagged."""
    seed: int
    n_unknown: int
    """Votes of unknown voters, which count only as others' opinions."""

    @property
    def flagged(self) -> tuple[Voter, ...]:
        return tuple(voter for voter in self.voters if voter.flagged_after is not None)


def examine(votes: Votes, *, level: float = 0.05, seed: int = 0) -> Examination:
    """Test every voter after every vote. The votes are in the order in which they were cast.

    In an arena of 20 models whose voters have personal tastes, a voter who always votes left is flagged after 10
    votes, always a tie after 7, against everybody after 32, and at random after 191 (medians; bench/voters.py).
    Raises ValueError for votes without voters, and for a level that is not between 0 and 1.
    """
    if votes.voter is None:
        raise ValueError("these votes do not name their voters; expected a column of voters")
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} is not between 0 and 1")
    tracks = _tracks(votes, seed)
    habits = _habits(tracks)
    evidence = np.stack(
        [
            _sides(tracks.left, tracks.decided, habits.left),
            _ties(tracks.n - tracks.decided, tracks.n, habits.ties),
            _others(tracks.disagreement, tracks.information, habits.taste),
        ]
    )
    mean = np.logaddexp.reduce(evidence, axis=0) - np.log(len(_TESTS))
    is_over = np.flatnonzero(mean >= -np.log(level))
    flagged_at = dict(zip(tracks.voter[is_over[::-1]].tolist(), is_over[::-1].tolist(), strict=True))  # keeps the first
    found = []
    for voter, start, last in zip(
        tracks.voter[tracks.starts].tolist(), tracks.starts.tolist(), tracks.ends.tolist(), strict=True
    ):
        at = flagged_at.get(voter)
        decided, spread = int(tracks.decided[last]), float(tracks.information[last])
        sides, ties, others = (evidence[:, last] / np.log(10)).tolist()
        found.append(
            Voter(
                voter=votes.voters[voter],
                n_votes=last - start + 1,
                left_share=int(tracks.left[last]) / decided if decided else None,
                tie_share=1 - decided / (last - start + 1),
                distance=float(tracks.disagreement[last]) / spread if spread else None,
                sides=sides,
                ties=ties,
                others=others,
                flagged_after=None if at is None else at - start + 1,
                reason=None if at is None else _TESTS[int(np.argmax(evidence[:, at]))],
            )
        )
    found.sort(key=lambda voter: (-voter.n_votes, voter.voter))
    return Examination(tuple(found), habits, level, seed, n_unknown=int((votes.voter < 0).sum()))


@dataclass(frozen=True, slots=True, eq=False)
class _Tracks:
    """The votes of known voters, by voter and in order, with running sums within each voter, (N,) each."""

    voter: Index
    n: Index
    decided: Index
    left: Index
    disagreement: Floats
    """Sum of shift z."""
    information: Floats
    """Sum of shift^2: disagreement is normal with mean distance x information and variance information."""
    starts: Index
    """(U,): the first vote of each voter."""
    ends: Index
    """(U,): the last vote of each voter."""


def _tracks(votes: Votes, seed: int) -> _Tracks:
    assert votes.voter is not None
    found = scores(votes, seed=seed)
    order = np.argsort(votes.voter, kind="stable")
    order = order[votes.voter[order] >= 0]
    voter, outcome = votes.voter[order].astype(np.int64), votes.outcome[order]
    starts = np.flatnonzero(np.diff(voter, prepend=-1))
    sizes = np.diff(starts, append=len(voter))

    def running(values: Floats) -> Floats:
        total = np.cumsum(values)
        within: Floats = total - np.repeat(total[starts] - values[starts], sizes)
        return within

    left, decided = outcome == Outcome.A, (outcome == Outcome.A) | (outcome == Outcome.B)
    shift = found.shift[order]
    return _Tracks(
        voter,
        n=running(np.ones(len(voter))).astype(np.int64),
        decided=running(decided.astype(np.float64)).astype(np.int64),
        left=running(left.astype(np.float64)).astype(np.int64),
        disagreement=running(shift * found.z[order]),
        information=running(shift**2),
        starts=starts,
        ends=starts + sizes - 1,
    )


def _sides(left: Index, decided: Index, honest: Habit) -> Floats:
    evidence: Floats = _careless_sides(left, decided) - _chance(left, decided, *honest.beta)
    return evidence


def _careless_sides(left: Index, decided: Index) -> Floats:
    """Nearly all left, or nearly all right."""
    a, b = _CARELESS
    either: Floats = np.logaddexp(_chance(left, decided, a, b), _chance(left, decided, b, a)) - np.log(2)
    return either


def _ties(tied: Index, n: Index, honest: Habit) -> Floats:
    evidence: Floats = _careless_ties(tied, n) - _chance(tied, n, *honest.beta)
    return evidence


def _careless_ties(tied: Index, n: Index) -> Floats:
    return _chance(tied, n, *_CARELESS)


def _others(S: Floats, C: Floats, taste: float) -> Floats:
    evidence: Floats = _careless_distance(S, C) - _chance_of_distance(S, C, taste)
    return evidence


def _careless_distance(S: Floats, C: Floats) -> Floats:
    """The distance of random votes, 1, or of opposite ones, 2."""
    either: Floats = np.logaddexp(S - C / 2, 2 * S - 2 * C) - np.log(2)
    return either


def _chance(k: Index, n: Index, a: float, b: float) -> Floats:
    """Log-probability of one order of k hits in n if the share is Beta(a, b)."""
    chance: Floats = betaln(a + k, b + n - k) - betaln(a, b)
    return chance


def _chance_of_distance(S: Floats, C: Floats, taste: float) -> Floats:
    """Log of how many times likelier scores are under distances N(0, taste^2) than under no distance at all."""
    widened = 1 + taste**2 * C
    chance: Floats = taste**2 * S**2 / (2 * widened) - np.log(widened) / 2
    return chance


def _habits(tracks: _Tracks) -> Habits:
    """The likeliest honest habits, given that some voters are careless, then widened."""
    at = tracks.ends
    n, decided, left = tracks.n[at], tracks.decided[at], tracks.left[at]
    S, C = tracks.disagreement[at], tracks.information[at]
    grid = np.linspace(*_TASTES, 86)
    careless = _careless_distance(S, C)
    taste = grid[np.argmax([_mixed(_chance_of_distance(S, C, taste), careless) for taste in grid])]
    return Habits(
        left=_likeliest(left, decided, _careless_sides(left, decided), *_SIDES).widened(_WIDER),
        ties=_likeliest(n - decided, n, _careless_ties(n - decided, n), *_TIES).widened(_WIDER),
        taste=_WIDER * float(taste),
    )


def _likeliest(k: Index, n: Index, careless: Floats, means: tuple[float, float], weights: tuple[float, float]) -> Habit:
    """The Beta distribution of honest shares under which k hits in n, (U,) each, are likeliest, within the bounds."""

    def loss(at: Floats) -> float:
        return -_mixed(_chance(k, n, *Habit(float(at[0]), float(np.exp(at[1]))).beta), careless)

    bounds = [means, tuple(np.log(weights))]
    found = minimize(loss, [np.mean(bound) for bound in bounds], bounds=bounds, method="L-BFGS-B")
    return Habit(float(found.x[0]), float(np.exp(found.x[1])))


def _mixed(honest: Floats, careless: Floats) -> float:
    """Log-likelihood if some voters are careless."""
    return float(np.logaddexp(np.log1p(-_CARELESS_VOTERS) + honest, np.log(_CARELESS_VOTERS) + careless).sum())
