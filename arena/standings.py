"""Ledger -> elo -> the board: one consistent read, one fit off the event loop, kept until the ledger's revision moves.

It holds no arithmetic of ratings (`elo`) and no SQL (`db.queries`). The numbers are those of `python -m elo recompute` on an export.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from elo.leaderboard import Leaderboard


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the board says of a model beside its numbers. `parameters` is a count, None where nobody said."""

    name: str
    organisation: str | None
    family: str | None
    licence: str | None
    parameters: int | None
    is_retired: bool


@dataclass(frozen=True, slots=True)
class Board:
    """The official board at `revision` of the ledger.

    `leaderboard.rows` are the rated models in order, `leaderboard.unrated` the names without a counted vote; `models` has a card for
    each of both. `n_counted` votes made it, `exclusions` counts those that did not, by reason (a vote may have several: `n_excluded` counts
    votes). `computed_at` is a Unix time in seconds.
    """

    leaderboard: Leaderboard
    models: Mapping[str, ModelCard]
    revision: int
    computed_at: float
    n_counted: int
    n_excluded: int
    exclusions: Mapping[str, int]

    def to_json(self) -> dict[str, object]:
        """The JSON of `recompute` plus revision, computed_at, n_counted, n_excluded and exclusions."""
        return {
            **self.leaderboard.to_json(),
            "revision": self.revision,
            "computed_at": self.computed_at,
            "n_counted": self.n_counted,
            "n_excluded": self.n_excluded,
            "exclusions": dict(self.exclusions),
        }
