"""Votes on control battles: the same model on both sides.

Over many of them, only its place can make one side win more often, so these votes measure side bias without ratings.
Ties are to be expected more often than in other battles. The votes count in no rating.
"""

from dataclasses import asdict, dataclass
from math import log10

import numpy as np

from db.outcome import Outcome
from elo.battles import Floats, Index
from elo.quality.shares import Share

_OF_CONTROLS = frozenset({"control", "not_counted"})


def would_count(reasons: frozenset[str]) -> bool:
    """Whether a control vote would count if its battle were not a control battle: not if a side failed, for
    example."""
    return reasons <= _OF_CONTROLS


@dataclass(frozen=True, slots=True)
class Bias:
    """What the left side is worth, in points of the rating scale, with a 95 % interval."""

    points: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Controls:
    """The votes on control battles that would count but for that."""

    votes: int
    left: Share
    """Votes for side A among those with a winner."""
    ties: Share
    """Votes without a winner, including both-bad."""
    both_bad: Share

    @classmethod
    def of(cls, outcome: Index, voter: Index) -> "Controls | None":
        """Count outcomes and voters, (n,) each, the voter -1 where unknown. None without votes."""
        if not len(outcome):
            return None

        def share(hits: Floats, among: Floats) -> Share:
            if (voter < 0).any():
                return Share.of(int(hits.sum()), int(among.sum()))
            return Share.by_voter(*(np.bincount(voter, which).astype(np.float64) for which in (hits, among)))

        every = np.ones(len(outcome))
        is_decided = (outcome == Outcome.A) | (outcome == Outcome.B)
        return cls(
            votes=len(outcome),
            left=share((outcome == Outcome.A).astype(np.float64), is_decided.astype(np.float64)),
            ties=share((outcome >= Outcome.TIE).astype(np.float64), every),
            both_bad=share((outcome == Outcome.BOTH_BAD).astype(np.float64), every),
        )

    @property
    def bias(self) -> Bias | None:
        """The advantage of the left side: 55 % of the votes are 35 points. None where a share is 0 or 1."""
        shares = (self.left.share, self.left.low, self.left.high)
        if any(share is None or not 0 < share < 1 for share in shares):
            return None
        middle, low, high = (400 * log10(share / (1 - share)) for share in shares if share is not None)
        return Bias(middle, low, high)

    def to_json(self) -> dict[str, object]:
        bias = self.bias
        return {
            "votes": self.votes,
            "left": self.left.to_json(),
            "ties": self.ties.to_json(),
            "both_bad": self.both_bad.to_json(),
            "bias": bias and asdict(bias),
        }
