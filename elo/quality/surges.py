"""Votes for and against each model by day, from new and from old voters, with a test.

A push by many visitors with few votes each cannot be seen voter by voter, but it can be seen by model: on one day, new
voters vote for a model far more often than old voters do, and than voters of other days do. A voter is new on the day
of the first vote, and old afterwards. Days are UTC.

The votes of one day, from new or from old voters, are bets on each model (`elo.quality.bets`), for it and against it,
at odds from the ratings without that crowd (a day's new or old voters), without flagged voters, and without what was
found. A crowd may like a model more or less than others do (its prompts, where it heard of the arena): by a number that
is normal around 0, with a standard deviation estimated from all crowds (`elo.quality.tastes`), widened by a quarter,
and 35 points at least. The n votes of one voter on a model on a day count as one.

A model is found on a day when its evidence, after the last vote of some voter, reaches

    4 K_D D (D + 1) / level,      D the number of the day among those with votes, K_D the models seen up to that day

4 for new and old, for and against. The reciprocals sum to `level` over all days, models and four bets, so at most a
share `level` of arenas without a push ever show one, on however many days the report is made. Where one model is pushed
its opponents lose; so each crowd's strongest model is found first, and its battles no longer count for the others.

Where new and old voters lean alike on a day, the model or the prompts have changed rather than the voters.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Floats, Index, Votes
from elo.fit.bradley_terry import sigma
from elo.quality.bets import bets
from elo.quality.leave_out import Decided, expected
from elo.quality.tastes import taste
from elo.quality.voters.partiality import Direction
from elo.settings import Settings

Voters = Literal["new", "old"]
_VOTERS: tuple[Voters, ...] = get_args(Voters)
_WIDER = 1.25
_POINTS = Settings().points_per_logit
_LEAST_TASTE = 35 / _POINTS
_MOST_ROUNDS = 20
_DAY_S = 86_400.0
_FIRST_S, _LAST_S = -62_135_596_800.0, 253_402_300_800.0  # the years 1 to 9999, which have dates


@dataclass(frozen=True, slots=True)
class Day:
    """The votes on one model on one day, from new or from old voters."""

    day: str
    """Such as 2026-11-29."""
    model: str
    voters: Voters
    n_voters: int
    won: int
    lost: int
    tied: int
    expected: float | None
    """The share of those with a winner that the model would win by all other votes; None without one."""
    direction: Direction
    evidence: float
    """Its decimal logarithm, for this direction, after the voter after whom it is largest."""
    needed: float
    """The same at which it is found."""

    @property
    def is_found(self) -> bool:
        return self.evidence >= self.needed


@dataclass(frozen=True, slots=True)
class Surges:
    """All votes by day, new voters before old ones, and by model."""

    days: tuple[Day, ...]
    taste: float
    """The assumed standard deviation of a day's liking of a model, in points."""
    level: float
    """The largest share of arenas without a push that ever show one."""
    n_unknown: int
    """Votes without a voter or a time in the years 1 to 9999, which are left out."""

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "found": [asdict(day) for day in self.found]}

    @property
    def found(self) -> tuple[Day, ...]:
        """The strongest first."""
        return tuple(sorted((day for day in self.days if day.is_found), key=lambda day: day.needed - day.evidence))


def surges(votes: Votes, *, level: float = 0.05, left_out: NDArray[np.bool_] | None = None) -> Surges:
    """Look for pushes on single days. `left_out` (U,): flagged voters, who do not shape the ratings.

    Raises ValueError for votes without voters or times, and for a level that is not between 0 and 1.
    """
    if votes.voter is None:
        raise ValueError("these votes do not name their voters; expected a column of voters")
    if votes.time_s is None:
        raise ValueError("these votes have no times; expected a column of times")
    if not 0 < level < 1:
        raise ValueError(f"level {level!r} is not between 0 and 1")
    is_known = (votes.voter >= 0) & (votes.time_s >= _FIRST_S) & (votes.time_s < _LAST_S)
    order = np.flatnonzero(is_known)
    order = order[np.argsort(votes.time_s[order], kind="stable")]
    n_unknown = len(votes) - len(order)
    if not order.size:
        return Surges((), _LEAST_TASTE * _POINTS, level, n_unknown)
    votes = votes.select(order)
    crowd = _Crowds.of(votes)
    outside = np.zeros(len(votes.voters), dtype=np.bool_) if left_out is None else left_out
    found = np.zeros(0, dtype=np.int64)
    for _ in range(_MOST_ROUNDS):
        compared = crowd.compared(outside, found)
        excess = compared.evidence.max(axis=0) - crowd.needed(compared.cell, level)
        over = np.flatnonzero((excess >= 0) & ~np.isin(compared.cell, found))
        if not over.size:
            break
        over = over[np.argsort(-excess[over], kind="stable")]
        strongest = np.unique(compared.cell[over] // len(votes.models), return_index=True)[1]
        found = np.concatenate([found, compared.cell[over[strongest]]])
    return Surges(tuple(crowd.days(compared, level)), compared.taste * _POINTS, level, n_unknown)


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """C cells, each a (day, new or old voters, model), sorted: bets on those with a winner."""

    cell: Index
    evidence: Floats
    """(2, C): the largest natural logarithm so far, for and against the model."""
    expected: Floats
    """(C,): the model's share."""
    taste: float


@dataclass(frozen=True, slots=True, eq=False)
class _Crowds:
    """Votes in order of time; D days and K models; a crowd is (day, new or old), and a cell (crowd, model)."""

    votes: Votes
    voter: Index
    decided: Decided
    dates: tuple[str, ...]
    crowd: Index
    """(N,): 2 x the number of the day + (1 for an old voter)."""
    models_seen: Index
    """(D,): up to each day."""

    @classmethod
    def of(cls, votes: Votes) -> "_Crowds":
        assert votes.voter is not None
        assert votes.time_s is not None
        dates, day = np.unique(np.floor(votes.time_s / _DAY_S).astype(np.int64), return_inverse=True)
        first_day = np.full(len(votes.voters), len(dates))
        np.minimum.at(first_day, votes.voter, day)
        first_seen = np.full(len(votes.models), len(dates))
        for side in (votes.a, votes.b):
            np.minimum.at(first_seen, side, day)
        names = tuple(datetime.fromtimestamp(date * _DAY_S, UTC).date().isoformat() for date in dates.tolist())
        return cls(
            votes,
            votes.voter.astype(np.int64),
            Decided.of(votes),
            names,
            crowd=2 * day + (day > first_day[votes.voter]),
            models_seen=np.cumsum(np.bincount(first_seen, minlength=len(dates) + 1))[: len(dates)],
        )

    def needed(self, cell: Index, level: float) -> Floats:
        """The natural logarithm of the evidence at which a cell is found."""
        day = cell // len(self.votes.models) // 2
        needed: Floats = np.log(4.0 * self.models_seen[day] * (day + 1) * (day + 2) / level)
        return needed

    def compared(self, left_out: NDArray[np.bool_], found: Index) -> _Compared:
        decided, K = self.decided, self.decided.n_models
        crowd = self.crowd[decided.place]
        is_out = left_out[decided.voter]
        for side in (decided.a, decided.b):
            is_out |= np.isin(crowd * K + side, found)
        others = expected(decided.without(is_out), crowd)
        cell = np.concatenate([crowd * K + decided.a, crowd * K + decided.b])
        opponent = np.roll(cell, len(crowd))
        voter = np.tile(decided.voter, 2)
        # A voter's votes follow each other, and together count as one.
        order = np.lexsort((np.tile(decided.place, 2), voter, cell))
        order = order[np.isin(cell[order], found) | ~np.isin(opponent[order], found)]
        cell, voter = cell[order], voter[order]
        won = np.concatenate([decided.points, 1 - decided.points])[order]
        d = np.concatenate([others.d, -others.d])[order]
        ballot = np.cumsum((np.diff(cell, prepend=-1) != 0) | (np.diff(voter, prepend=-1) != 0))
        weight = 1 / np.bincount(ballot)[ballot]
        starts = np.flatnonzero(np.diff(cell, prepend=-1))
        error = np.concatenate([others.of_a, others.of_b])[order][starts]
        chance = sigma(d)
        sums = [np.add.reduceat(values, starts) for values in (weight * (won - chance), weight * chance * (1 - chance))]
        is_known = ~np.isin(cell[starts], found)
        tau = max(_LEAST_TASTE, _WIDER * taste(*(x[is_known] for x in (*sums, error, cell[starts] // K))))
        evidence = bets(won, d, starts, tau**2 + error, weight)
        # Within a voter's votes, which may depend on each other, evidence is no martingale.
        is_end = np.diff(ballot, append=-1) != 0
        ways = [np.where(is_end, way, -np.inf) for way in (evidence.favours, evidence.opposes)]
        most = np.stack([np.maximum.reduceat(way, starts) for way in ways])
        share = np.add.reduceat(chance, starts) / np.diff(starts, append=len(cell))
        return _Compared(cell[starts], most, share, tau)

    def days(self, compared: _Compared, level: float) -> Iterator[Day]:
        """All cells, also those without a winner."""
        K = len(self.votes.models)
        outcome = self.votes.outcome.astype(np.int64)
        cells, at = np.unique(
            np.concatenate([self.crowd * K + self.votes.a, self.crowd * K + self.votes.b]), return_inverse=True
        )
        is_a_won, is_b_won = outcome == Outcome.A, outcome == Outcome.B
        won, lost, all_votes = (
            np.bincount(at, values, len(cells)).astype(np.int64)
            for values in (
                np.concatenate([is_a_won, is_b_won]),
                np.concatenate([is_b_won, is_a_won]),
                np.ones(len(at)),
            )
        )
        ballots = np.unique(at * len(self.votes.voters) + np.tile(self.voter, 2)) // len(self.votes.voters)
        n_voters = np.bincount(ballots, minlength=len(cells))
        needed = self.needed(cells, level) / np.log(10)
        where = dict(zip(compared.cell.tolist(), range(len(compared.cell)), strict=True))
        for i, cell in enumerate(cells.tolist()):
            crowd, model = divmod(cell, K)
            bet = where.get(cell)
            favours, opposes = (0.0, 0.0) if bet is None else (compared.evidence[:, bet] / np.log(10)).tolist()
            yield Day(
                self.dates[crowd // 2],
                self.votes.models[model],
                _VOTERS[crowd % 2],
                n_voters=int(n_voters[i]),
                won=int(won[i]),
                lost=int(lost[i]),
                tied=int(all_votes[i] - won[i] - lost[i]),
                expected=None if bet is None else float(compared.expected[bet]),
                direction="for" if favours >= opposes else "against",
                evidence=max(favours, opposes),
                needed=float(needed[i]),
            )
