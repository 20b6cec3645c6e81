"""The four outcomes of a vote, with their codes and every spelling of a winner.

It imports nothing of the project, so that ratings, pages and database share one definition.
An unknown spelling is an error, never a tie.
"""

from enum import IntEnum
from typing import Self


class Outcome(IntEnum):
    """The voter's choice, seen from side A. The database stores the number."""

    A = 0
    B = 1
    TIE = 2
    BOTH_BAD = 3

    @property
    def label(self) -> str:
        """The plain spelling: a, b, tie or both_bad."""
        return self.name.lower()

    @property
    def winner(self) -> str:
        """The spelling of public votes files (column `winner`): model_a, model_b, tie or both_bad."""
        return _WINNERS[self]

    @property
    def score(self) -> float:
        """Points of side A: 1 for a win, 0 for a loss, 0.5 for a tie or both-bad."""
        return _SCORES[self]

    @property
    def swapped(self) -> "Outcome":
        """The same vote with the sides exchanged."""
        return _SWAPPED[self]

    @classmethod
    def parse(cls, spelling: str) -> Self:
        """Read one of the public spellings: `a|model_a|left`, `b|model_b|right`, `tie`, `both_bad|tie (bothbad)`.

        Raises ValueError, with the spelling, for any other. Case and spaces matter.
        """
        try:
            return cls(_SPELLINGS[spelling])
        except (KeyError, TypeError):  # a list or an object of a file has no hash
            raise ValueError(f"outcome {spelling!r} is not one of {', '.join(_SPELLINGS)}") from None


_WINNERS = {Outcome.A: "model_a", Outcome.B: "model_b", Outcome.TIE: "tie", Outcome.BOTH_BAD: "both_bad"}
_SCORES = {Outcome.A: 1.0, Outcome.B: 0.0, Outcome.TIE: 0.5, Outcome.BOTH_BAD: 0.5}
_SWAPPED = {
    Outcome.A: Outcome.B,
    Outcome.B: Outcome.A,
    Outcome.TIE: Outcome.TIE,
    Outcome.BOTH_BAD: Outcome.BOTH_BAD,
}
_SPELLINGS = {
    "a": Outcome.A,
    "model_a": Outcome.A,
    "left": Outcome.A,
    "b": Outcome.B,
    "model_b": Outcome.B,
    "right": Outcome.B,
    "tie": Outcome.TIE,
    "both_bad": Outcome.BOTH_BAD,
    "tie (bothbad)": Outcome.BOTH_BAD,
}
