"""How the scale is fixed, since votes determine only differences of ratings.

    mean      the plain mean of the rated models is `settings.mean`
    battles   the mean weighted by battles is `settings.mean`: a new model with few battles hardly moves the others
    anchor    the mean of some models is that of their given ratings; a single model has its rating exactly

The choice changes no difference and no order, only the width of intervals. Each is the interval of the difference to
the fixed mean, so the interval of a single anchor has width 0.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from elo.battles import Floats, Index, MissingDataError, names
from elo.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Gauge:
    """The weight of every model in the fixed mean, (K,) with sum 1, and that mean on the scale."""

    weights: Floats | None
    """None: 1/K each."""
    target: float

    @classmethod
    def of(cls, models: tuple[str, ...], battles: Index, settings: Settings) -> Self:
        """The gauge for K models with these numbers of battles, (K,).

        Anchors 1200 and 1000: the two models have a mean of 1100, and the gap that their votes give.
        Raises MissingDataError, naming the models, for an anchor that is not one of them.
        """
        if settings.gauge == "mean":
            return cls(None, settings.mean)
        if settings.gauge == "battles":
            return cls(battles / battles.sum(), settings.mean)
        number = {model: m for m, model in enumerate(models)}
        if unknown := [name for name, _ in settings.anchor if name not in number]:
            there = names(models, range(len(models)), most=20)
            raise MissingDataError(f"anchor {unknown[0]!r} is not a model with votes; those are {there}")
        weights = np.zeros(len(models))
        weights[[number[name] for name, _ in settings.anchor]] = 1 / len(settings.anchor)
        return cls(weights, sum(rating for _, rating in settings.anchor) / len(settings.anchor))

    def centred(self, r: Floats) -> Floats:
        """(K,): the ratings with their fixed mean at 0."""
        centred: Floats = r - (r.mean() if self.weights is None else self.weights @ r)
        return centred
