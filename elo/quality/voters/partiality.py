"""A test for voters who vote for or against one model, whatever its answers are.

Every vote with a winner is a bet (`elo.quality.bets`) on each of its two models, for it and against it, at odds from
the ratings without this voter and without the voters left out (`elo.quality.leave_out`). The evidence against a voter
is the mean of all bets, over K models and two directions:

    M = 1/(2 K) sum over m of (evidence for m + evidence against m),     both 1 for a model that the voter has not met

Each is a martingale for an honest voter, and so is their mean: no correction for the number of models or votes is due.

Honest voters have tastes: each likes or dislikes each model by a number that is normal around 0. Its standard deviation
is estimated from all voters who are not left out (`elo.quality.tastes`), widened by a quarter, because real ones are
not exactly normal, and is 60 points of the Elo scale at least: tastes of that size are honest in any arena.

Ties are left out, as `others` does: how often a voter ties is a habit.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from elo.battles import Floats, Index, Votes
from elo.fit.bradley_terry import sigma
from elo.quality.bets import Evidence, bets
from elo.quality.leave_out import Decided, expected
from elo.quality.tastes import taste
from elo.settings import Settings

Direction = Literal["for", "against"]

_WIDER = 1.25
_POINTS = Settings().points_per_logit
_LEAST_TASTE = 60 / _POINTS


@dataclass(frozen=True, slots=True)
class Leaning:
    """The model for or against which a voter's votes have the most evidence, with the votes on it that have a
    winner."""

    model: str
    direction: Direction
    won: int
    decided: int
    expected: float
    """The share of them that the model would win by the other voters' ratings."""


@dataclass(frozen=True, slots=True, eq=False)
class Partiality:
    """What the votes show of voters for or against one model.

    The bets are for each vote with a winner and a known voter twice, once for each of its models, by (voter, model) and
    in order: (R,) each.
    """

    evidence: Floats
    """(N,): for each of all votes, the natural logarithm of its voter's evidence up to then."""
    taste: float
    """The assumed standard deviation of honest tastes, in points."""
    models: tuple[str, ...]
    voter: Index
    model: Index
    place: Index
    """Among all votes."""
    won: Floats
    chance: Floats
    """That the model wins, by the other voters' ratings."""
    bets: Evidence

    def leaning(self, voter: int, until: int) -> Leaning:
        """Of the voter's votes up to place `until`, of which at least one has a winner."""
        rows = np.arange(*np.searchsorted(self.voter, [voter, voter + 1]))
        rows = rows[self.place[rows] <= until]
        # The last bet on each model: evidence of the past may since have gone.
        last = rows[np.flatnonzero(np.diff(self.model[rows], append=-1))]
        best = last[np.argmax(np.maximum(self.bets.favours[last], self.bets.opposes[last]))]
        rows = rows[self.model[rows] == self.model[best]]
        return Leaning(
            self.models[int(self.model[best])],
            "for" if self.bets.favours[best] >= self.bets.opposes[best] else "against",
            won=int(self.won[rows].sum()),
            decided=len(rows),
            expected=float(self.chance[rows].mean()),
        )


def partiality(votes: Votes, decided: Decided, left_out: NDArray[np.bool_], *, most: float) -> Partiality:
    """Compare every voter with the others, without the voters `left_out`, (U,). Evidence beyond `most`, a natural
    logarithm, counts as that much: sums stay exact."""
    assert votes.voter is not None
    K, n_votes = len(votes.models), len(votes)
    others = expected(decided.without(np.append(left_out, False)[decided.voter]), decided.voter)
    voter, model = np.tile(decided.voter, 2), np.concatenate([decided.a, decided.b])
    place = np.tile(decided.place, 2)
    order = np.lexsort((place, model, voter))
    order = order[voter[order] >= 0]
    voter, model, place = voter[order], model[order], place[order]
    won = np.concatenate([decided.points, 1 - decided.points])[order]
    d = np.concatenate([others.d, -others.d])[order]
    starts = np.flatnonzero(np.diff(voter * max(K, 1) + model, prepend=-1))
    error = np.concatenate([others.of_a, others.of_b])[order][starts]
    chance = sigma(d)
    tau = max(_LEAST_TASTE, _WIDER * _taste(won, chance, starts, error, voter[starts], left_out))
    found = bets(won, d, starts, tau**2 + error)
    wealth = np.exp(np.minimum(np.logaddexp(found.favours, found.opposes), most)) / (2 * max(K, 1))
    before = np.concatenate([np.zeros(1), wealth[:-1]])[: len(wealth)]
    before[starts] = 1 / max(K, 1)
    gain = np.bincount(place, wealth - before, n_votes).astype(np.float64)
    return Partiality(_running(gain, votes.voter), tau * _POINTS, votes.models, voter, model, place, won, chance, found)


def _taste(
    won: Floats, chance: Floats, starts: Index, error: Floats, voter: Index, left_out: NDArray[np.bool_]
) -> float:
    if not starts.size:
        return 0.0
    S, information = (np.add.reduceat(values, starts) for values in (won - chance, chance * (1 - chance)))
    is_used = ~left_out[voter]
    return taste(S[is_used], information[is_used], error[is_used], voter[is_used])


def _running(gain: Floats, voter: NDArray[np.integer]) -> Floats:
    """(N,): log(1 + the sum of the voter's gains up to this vote)."""
    order = np.argsort(voter, kind="stable")
    starts = np.flatnonzero(np.diff(voter[order], prepend=-2))
    total = np.cumsum(gain[order])
    total -= np.repeat(total[starts] - gain[order][starts], np.diff(starts, append=len(order)))
    evidence = np.empty(len(order))
    evidence[order] = np.log1p(np.maximum(total, -1 + 1e-12))
    return evidence
