"""What the draw knows of the models, from the counted votes of the last board: no draw waits for another one.

The ratings are those of a Bradley-Terry fit with ties as half wins and a prior of one virtual tie, whatever the board's
own settings are: they decide which votes to ask for next, and are shown nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from elo.battles import Cells, Floats, Index, record
from elo.board.planning import expected_shrinkage
from elo.fit.bradley_terry import Fit, fit

_PRIOR = 1.0
_OF_PRIOR = 4 / _PRIOR
"""The variance of a model without a vote, in squared log-odds: the prior's information is c / 4 there."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The models with a counted vote, how many `votes` each has, and the fit of all; nothing without votes."""

    models: tuple[str, ...] = ()
    votes: Index = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    fit: Fit | None = None

    def votes_of(self, names: Sequence[str]) -> Floats:
        """(K,): the counted votes of these K models."""
        votes = dict(zip(self.models, self.votes.tolist(), strict=True))
        return np.array([votes.get(name, 0) for name in names], dtype=np.float64)

    def shrinkage_of(self, names: Sequence[str]) -> Floats:
        """(K, K): how much one more vote on each pair is expected to shrink the summed variance of these K models. A
        model without a vote has what the prior says: an average rating, and a standard error of 347 points."""
        place = {model: i for i, model in enumerate(self.models)}
        at = np.array([place.get(name, -1) for name in names], dtype=np.int64)
        voted = np.flatnonzero(at >= 0)
        r, inverse = np.zeros(len(at)), _OF_PRIOR * np.eye(len(at))
        if self.fit is not None and voted.size:
            r[voted] = self.fit.r[at[voted]]
            inverse[np.ix_(voted, voted)] = self.fit.inverse[np.ix_(at[voted], at[voted])]
        return expected_shrinkage(inverse, r)


def known_from(cells: Cells) -> Known:
    """Fit the counted votes: milliseconds for 50 models, whatever the number of votes."""
    pairs = cells.pairs()
    if not pairs.n_models:
        return Known()
    return Known(pairs.models, record(pairs).battles, fit(pairs, prior=_PRIOR))
