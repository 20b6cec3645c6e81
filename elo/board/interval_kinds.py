"""The intervals of one estimate made in every way there is, for a figure that shows whether they agree.

They differ where it matters: a model that never lost has no width but by the inverse Hessian, and votes that hang
together are wider by the jackknife than by anything that takes each for independent.
"""

import numpy as np

from elo.battles import Floats
from elo.chance import short_records
from elo.chance.intervals import projected, sandwich
from elo.estimate import Estimate
from elo.fit.bradley_terry import Likelihood
from elo.fit.pointwise import pointwise
from elo.settings import Settings


def bounds_by_kind(found: Estimate, settings: Settings) -> dict[str, tuple[Floats, Floats]]:
    """Kind -> lower and upper bounds, (K,) each, on the Elo scale; the board's own first, for models with short records
    as the board makes them. The others take votes for independent and are pointwise. No board's own: nothing. With
    covariates there is the board's own alone."""
    if found.bounds is None:
        return {}
    scale, target = settings.points_per_logit, found.gauge.target
    own = next((kind for kind in found.bounds.kind if kind != "hessian"), "hessian")
    label = "inverse Hessian" if own == "hessian" else own
    kinds = {label: (target + scale * found.bounds.low, target + scale * found.bounds.high)}
    if settings.control:
        return kinds
    likelihood = Likelihood.of(found.pairs, prior=settings.prior)
    reach = scale * pointwise(settings.level)
    for kind, covariance in (
        ("sandwich", sandwich(likelihood, found.pairs, found.fit)),
        ("inverse Hessian", short_records.of_votes(likelihood, found.pairs, found.fit).covariance),
    ):
        errors = reach * np.sqrt(np.maximum(np.diag(projected(covariance, found.gauge.weights)), 0.0))
        middle = target + scale * found.ratings
        kinds.setdefault(kind, (middle - errors, middle + errors))
    return kinds
