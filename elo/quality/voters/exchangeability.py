"""The Chatbot Arena's test of whether a vote agrees with the votes of others.

Each vote with a winner is compared with the votes with a winner that others had cast on the same pair before. Seen from
the model that most of them prefer, it agrees or disagrees; its p-value is the share of votes that disagree at least as
much (Chiang et al. 2024, arXiv 2403.04132, equation 10). There are only two values, so nearly all votes are tied, and
as written p is far too large and flags no voter. Here ties are broken at random: p is then uniform on (0, 1), exactly
and independently of the earlier ones, if the pair's votes could have been cast in any order.

Votes without a winner are left out: the frequency of ties is a habit, not disagreement. `voters` judges the scores.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from db.outcome import Outcome
from elo.battles import Floats, Index, Votes

_VIRTUAL = 2.0  # votes added for each model of a pair to estimate how one-sided the pair is


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """N votes as normal scores of their p-values: `z` (N,), N(0, 1) for a vote like all others, larger for one that
    disagrees; `shift` (N,), the mean of z if the voter had tossed a coin, which is 0 if there is nothing to compare (no
    winner, no earlier vote, a pair with evenly divided votes)."""

    z: Floats
    shift: Floats


def scores(votes: Votes, *, seed: int) -> Scores:
    """Every voter has a personal stream of random numbers, by seed and name. So a score depends only on the voter's
    votes up to then and on earlier votes on the same pair."""
    assert votes.voter is not None
    z, shift = np.zeros(len(votes)), np.zeros(len(votes))
    decided = np.flatnonzero((votes.outcome == Outcome.A) | (votes.outcome == Outcome.B))
    if not decided.size:
        return Scores(z, shift)
    a, b = votes.a[decided].astype(np.int64), votes.b[decided].astype(np.int64)
    voter = votes.voter[decided].astype(np.int64)
    is_first = (votes.outcome[decided] == Outcome.A) == (a < b)  # of the pair's two models, the first one won
    pair = np.minimum(a, b) * len(votes.models) + np.maximum(a, b)
    own = pair * (int(voter.max()) + 2) + voter + 1
    u = _uniform(voter, votes.voters, seed)
    for_first = _before(pair, is_first) - _before(own, is_first) + is_first
    for_second = _before(pair, ~is_first) - _before(own, ~is_first) + ~is_first
    n, fewer = for_first + for_second, np.minimum(for_first, for_second)
    disagrees = np.where(is_first, for_first < for_second, for_second < for_first)
    share = fewer / n
    is_comparable = (for_first != for_second) & (fewer > 0)
    p = np.where(disagrees, u * share, share + u * (1 - share))
    z[decided] = np.where(is_comparable, -ndtri(np.clip(p, 1e-12, 1 - 1e-12)), 0.0)
    shift[decided[is_comparable]] = _shift_of_a_coin(fewer[is_comparable], n[is_comparable])
    return Scores(z, shift)


def _uniform(voter: Index, names: tuple[str, ...], seed: int) -> Floats:
    """(N,): the first number of a voter's stream for the first vote, and so on; 0.5 for votes of unknown voters."""
    u = np.full(len(voter), 0.5)
    order = np.argsort(voter, kind="stable")
    starts = np.flatnonzero(np.diff(voter[order], prepend=-2))
    for own in np.split(order, starts[1:]):
        if (number := int(voter[own[0]])) >= 0:
            name = hashlib.blake2b(names[number].encode("utf-8", "surrogatepass"), digest_size=8).digest()
            key = np.array([seed, int.from_bytes(name, "little")], dtype=np.uint64)
            u[own] = np.random.Generator(np.random.Philox(key=key)).random(len(own))
    return u


def _shift_of_a_coin(fewer: Index, n: Index) -> Floats:
    """(N,): the mean of z when the last of n votes, of which `fewer` are in the minority, was a coin's.

    Given these n votes, an honest last one is any of them. A coin's is in the minority with the odds
    fewer / f : (n - fewer) / (1 - f), where f is the true share of the minority, estimated a little nearer to a half
    than that of the votes.
    """
    share, f = fewer / n, (fewer + _VIRTUAL) / (n + 2 * _VIRTUAL)
    in_minority = fewer / f / (fewer / f + (n - fewer) / (1 - f))
    density = np.exp(-(ndtri(share) ** 2) / 2) / np.sqrt(2 * np.pi)
    shift: Floats = density * (in_minority / share - (1 - in_minority) / (1 - share))
    return shift


def _before(group: Index, counted: NDArray[np.bool_]) -> Index:
    """(N,): how many earlier votes of the same group are counted."""
    order = np.argsort(group, kind="stable")
    running: Index = np.cumsum(counted[order]) - counted[order]
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sizes = np.diff(starts, append=len(group))
    earlier = np.empty(len(group), dtype=np.int64)
    earlier[order] = running - np.repeat(running[starts], sizes)
    return earlier
