"""A Bradley-Terry fit of the votes with a winner, and the same fit without the votes of one group.

A voter, or the new voters of a day, must not be judged by ratings that their own votes made. So each group's votes are
compared with the ratings of all the others.

    r       the likeliest ratings of the votes in use, prior of one virtual tie (`bradley_terry`)
    r - u   the same without group u, by one Newton step from r:  r - (H - H_u)^-1 g_u
            (H minus the Hessian, H_u and g_u the group's part of it and of the gradient). For a group with less than a
            twentieth of a parameter's information, H^-1 g_u, which is the same to one part in twenty of itself

A voter's votes on one model are alike where voters have tastes, so they are less informative than votes of as many
voters. Vote i of voter u on models a and b weighs

    w_i = 1 / (1 + 0.2 taste^2 (n - 1)),    n = the larger of the voter's numbers of votes on a and on b

with a taste of 100 points: 100 votes of one voter on one model weigh as much as 13 of different voters. That is the
best weight if tastes have that size, and it bounds what a few voters with many votes can do to the ratings against
which they are judged. A vote of an unknown voter weighs 1.

    N votes with a winner, K models, G groups
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Floats, Index, Pairs, Votes
from elo.fit import bradley_terry
from elo.fit.bradley_terry import Fit, sigma
from elo.settings import Settings

_TASTE = 100 / Settings().points_per_logit
_PRIOR = 1.0
_SMALL = 0.05
_NUMBERS = 2**22
"""In one chunk of matrices."""


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """N votes with a winner: their places among all votes, models, voters (-1: unknown), and points of a, 0 or 1."""

    n_models: int
    place: Index
    a: Index
    b: Index
    voter: Index
    points: Floats
    weight: Floats

    @classmethod
    def of(cls, votes: Votes) -> "Decided":
        """Raises ValueError for votes without voters."""
        if votes.voter is None:
            raise ValueError("these votes do not name their voters; expected a column of voters")
        place = np.flatnonzero((votes.outcome == Outcome.A) | (votes.outcome == Outcome.B))
        a, b, voter = (column[place].astype(np.int64) for column in (votes.a, votes.b, votes.voter))
        points = (votes.outcome[place] == Outcome.A).astype(np.float64)
        K = len(votes.models)
        return cls(K, place, a, b, voter, points, _weights(a, b, voter, K))

    def without(self, chosen: NDArray[np.bool_]) -> "Decided":
        """The same votes; those chosen, (N,), weigh nothing."""
        return replace(self, weight=np.where(chosen, 0.0, self.weight))


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What the others make of each vote: `d` (N,), the rating of a minus that of b, in log-odds, and the error variance
    of a's and of b's rating."""

    d: Floats
    of_a: Floats
    of_b: Floats


def _weights(a: Index, b: Index, voter: Index, n_models: int) -> Floats:
    if not len(a):
        return np.ones(0)
    keys = np.concatenate([voter * n_models + a, voter * n_models + b])
    _, at, counts = np.unique(keys, return_inverse=True, return_counts=True)
    n = counts[at].reshape(2, -1).max(axis=0)
    weight: Floats = np.where(voter < 0, 1.0, 1 / (1 + 0.2 * _TASTE**2 * (n - 1)))
    return weight


def expected(votes: Decided, group: Index) -> Expected:
    """The ratings behind each vote without its group, (N,); a group of -1 is not left out."""
    K = votes.n_models
    if not len(votes.a):
        return Expected(*np.zeros((3, 0)))
    fit = _fit(votes)
    p = sigma(fit.r[votes.a] - fit.r[votes.b])
    h, g = votes.weight * p * (1 - p), votes.weight * (votes.points - p)
    error = np.diag(bradley_terry.centred(fit.inverse))
    d, of_a, of_b = fit.r[votes.a] - fit.r[votes.b], error[votes.a], error[votes.b]
    order = np.argsort(group, kind="stable")
    order = order[group[order] >= 0]
    if not order.size:
        return Expected(d, of_a, of_b)
    number = np.cumsum(np.diff(group[order], prepend=group[order[0]]) != 0)
    a, b = votes.a[order], votes.b[order]
    inverse = fit.inverse
    leverage = np.bincount(number, h[order] * (inverse[a, a] + inverse[b, b] - 2 * inverse[a, b]))
    hessian = np.linalg.inv(inverse)
    for is_large, size in ((False, K), (True, K * K)):
        for chunk in _chunks(number, (leverage >= _SMALL) == is_large, max(1, _NUMBERS // size)):
            rows = order[chunk]
            x = np.unique(number[chunk], return_inverse=True)[1]
            U, a, b = int(x[-1]) + 1, votes.a[rows], votes.b[rows]
            gradient = np.zeros((U, K))
            np.add.at(gradient, (x, a), g[rows])
            np.add.at(gradient, (x, b), -g[rows])
            if is_large:
                matrix = np.tile(hessian, (U, 1, 1))
                for i, j, sign in ((a, a, -1), (b, b, -1), (a, b, 1), (b, a, 1)):
                    np.add.at(matrix, (x, i, j), sign * h[rows])
                rest = np.linalg.inv(matrix)
                step = np.einsum("ukl,ul->uk", rest, gradient)
                rest -= rest.mean(axis=1, keepdims=True)
                rest -= rest.mean(axis=2, keepdims=True)
                of_a[rows], of_b[rows] = rest[x, a, a], rest[x, b, b]
            else:
                step = gradient @ inverse
            d[rows] -= step[x, a] - step[x, b]
    return Expected(d, of_a, of_b)


def _chunks(number: Index, is_chosen: NDArray[np.bool_], most: int) -> list[Index]:
    """The rows of the chosen groups, (G,), of at most so many groups at a time; `number` (N,) ascends."""
    rows = np.flatnonzero(is_chosen[number])
    if not rows.size:
        return []
    rank = np.cumsum(np.diff(number[rows], prepend=-1) != 0) - 1
    return np.split(rows, np.searchsorted(rank, np.arange(most, int(rank[-1]) + 1, most)))


def _fit(votes: Decided) -> Fit:
    K = votes.n_models
    first, second = np.minimum(votes.a, votes.b), np.maximum(votes.a, votes.b)
    won = np.where(votes.a < votes.b, votes.points, 1 - votes.points)
    pair, at = np.unique(first * K + second, return_inverse=True)
    a_won, a_lost = (np.bincount(at, votes.weight * of, len(pair)).astype(np.float64) for of in (won, 1 - won))
    names = tuple(map(str, range(K)))
    pairs = Pairs(names, pair // max(K, 1), pair % max(K, 1), a_won, a_lost, tied=np.zeros(len(pair)))
    return bradley_terry.fit(pairs, prior=_PRIOR)
