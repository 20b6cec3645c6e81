"""Bets that votes favour one model, at the odds of honest voters.

A group of votes on one model m, by one voter or by the voters of one day, has y_i = 1 where m won. Honest voters have
tastes: in this group m is stronger than its rating by t, which is normal around 0, and each vote shows more of it.

    q_i  = sigma(k (d_i + mean)),   k = 1 / sqrt(1 + pi v / 8)       honest chance that m wins, given the votes before
    v   <- v / (1 + w v k^2 q (1 - q)),   mean <- mean + w v k (y - q)      what vote i shows of t (one step of Newton)

with d_i the rating of m minus its opponent's without the group's votes, mean = 0 and v = taste^2 + error of m's rating
before the first vote. The bet puts a share f of what it has on m, at fair odds:

    evidence = product over i of (1 + f (y_i / q_i - 1))^w_i,     the mean over f of 1/2 and 9/10

For an honest group each factor has mean 1 given the votes before, so the evidence is a martingale that starts at 1, and
reaches 1/alpha with probability alpha at most (Ville 1939). Against m the same with 1 - y and 1 - q. A bettor grows
rich where somebody votes for m in a share f of its battles, whatever the answers, and more often than a taste explains.
(Betting: Waudby-Smith and Ramdas, arXiv 2010.09686. k: MacKay 1992, evidence framework.)

Weights w_i of 1/n make the n votes of one voter count as one. The factor is then at most their mean, by the inequality
of arithmetic and geometric means, so its mean is at most 1 however much these votes depend on each other.

    n votes, G groups, whose votes follow each other
"""

from dataclasses import dataclass

import numpy as np

from elo.battles import Floats, Index
from elo.fit.bradley_terry import sigma

_SHARES = (0.5, 0.9)
_BLOCK = 1024
"""After so many votes of a group, and again as many, one more vote at a time shares its odds: t is known by then, and a
voter with a million votes takes thousands of steps instead of a million."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """(n,) each: the natural logarithm of the evidence after each vote, that the group votes for or against m."""

    favours: Floats
    opposes: Floats


def bets(won: Floats, d: Floats, starts: Index, variance: Floats, weight: Floats | None = None) -> Evidence:
    """`won` (n,): 1 where m won; `d` (n,): m's rating minus its opponent's, in log-odds; `starts` (G,): the first vote
    of each group; `variance` (G,): taste^2 + error; `weight` (n,): 1 each if None.

    Three wins at d = 0 without tastes: factors 1.5 and 1.9 each time, so the evidence is (1.5^3 + 1.9^3) / 2 = 5.1.
    """
    weight = np.ones(len(won)) if weight is None else weight
    sizes = np.diff(starts, append=len(won))
    order = np.argsort(-sizes, kind="stable")
    first, longest = starts[order], sizes[order]
    mean, v = np.zeros(len(starts)), variance[order].astype(np.float64)
    gains = np.zeros((2, len(_SHARES), len(won)))
    step = 0
    while len(longest) and step < longest[0]:
        at = step + np.arange(1 + step // _BLOCK)[:, None]
        n = int(np.searchsorted(-longest, -step))  # groups with more votes than this
        is_there = at < longest[:n]
        i, group = (first[:n] + at)[is_there], np.broadcast_to(np.arange(n), is_there.shape)[is_there]
        y, w = won[i], weight[i]
        k = 1 / np.sqrt(1 + np.pi * v[group] / 8)
        d_now = k * (d[i] + mean[group])
        q, rest = sigma(d_now), sigma(-d_now)
        for row, f in enumerate(_SHARES):
            gains[0, row, i] = w * np.log1p(f * (y / q - 1))
            gains[1, row, i] = w * np.log1p(f * ((1 - y) / rest - 1))
        mean[:n] += v[:n] * np.bincount(group, w * k * (y - q), n)
        v[:n] /= 1 + v[:n] * np.bincount(group, w * k**2 * q * rest, n)
        step += len(at)
    total = np.cumsum(gains, axis=2)
    before = (total[:, :, starts] - gains[:, :, starts]).repeat(sizes, axis=2)
    evidence = np.logaddexp.reduce(total - before, axis=1) - np.log(len(_SHARES))
    return Evidence(evidence[0], evidence[1])
