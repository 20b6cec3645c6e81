"""Where the scale is fixed: votes tell differences of ratings alone, so one number is a convention.

    mean      the plain mean of the rated models is `settings.mean`
    battles   their mean by battles is: a newcomer with few of them moves nobody else
    anchor    the mean of some models is that of the ratings they are given; with one model, it has its rating exactly

The convention changes no difference and no order, but how wide intervals are: each is that of the difference to the
fixed mean, so an anchor has none at all.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from elo.battles import Floats, Index, MissingDataError, names
from elo.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Gauge:
    """What every model weighs in the mean that is fixed, (K,) with sum 1, and where that mean lies on the scale."""

    weights: Floats | None
    """None: all alike, 1/K."""
    target: float

    @classmethod
    def of(cls, models: tuple[str, ...], battles: Index, settings: Settings) -> Self:
        """The gauge for K models with so many battles each, (K,).

        Anchors 1200 and 1000: the two models have a mean of 1100, and the gap that their votes say.
        Raises MissingDataError, naming the models there are, for an anchor that is none of them.
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
