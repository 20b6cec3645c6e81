"""Intervals of the same ratings by every method, for a figure that compares them.

They differ where it matters: only the inverse Hessian gives a width to a model that never lost, and for votes in
clusters the jackknife is wider than anything that takes each vote for independent.
"""

import numpy as np

from elo.battles import Floats
from elo.board.wording import common_kind
from elo.chance import short_records
from elo.chance.intervals import projected, sandwich
from elo.estimate import Estimate, Spread
from elo.fit.bradley_terry import Likelihood
from elo.fit.pointwise import pointwise


def bounds_by_kind(fitted: Estimate, spread: Spread) -> dict[str, tuple[Floats, Floats]]:
    """Kind -> lower and upper bounds, (K,) each, on the Elo scale. The first are the board's own, with short records as
    on the board; the others take votes for independent and are pointwise. With covariates there are only the board's
    own; without those there are none."""
    settings, bounds = fitted.settings, spread.intervals
    if bounds is None:
        return {}
    scale, target = settings.points_per_logit, fitted.gauge.target
    own = common_kind(set(bounds.kind))
    label = "inverse Hessian" if own == "hessian" else own
    kinds: dict[str, tuple[Floats, Floats]] = {label: (target + scale * bounds.low, target + scale * bounds.high)}
    if settings.control:
        return kinds
    likelihood = Likelihood.of(fitted.pairs, prior=settings.prior)
    reach = scale * pointwise(settings.level)
    for kind, covariance in (
        ("sandwich", sandwich(likelihood, fitted.pairs, fitted.fit)),
        ("inverse Hessian", short_records.of_votes(likelihood, fitted.pairs, fitted.fit).covariance),
    ):
        errors = reach * np.sqrt(np.maximum(np.diag(projected(covariance, fitted.gauge.weights)), 0.0))
        middle = target + scale * fitted.ratings
        kinds.setdefault(kind, (middle - errors, middle + errors))
    return kinds
