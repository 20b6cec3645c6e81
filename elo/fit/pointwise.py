"""How many standard errors the interval of one model reaches."""

from statistics import NormalDist


def pointwise(level: float, freedom: int | None = None) -> float:
    """1.96 at level 0.95, 2.02 with 39 degrees of freedom."""
    upper = (1 + level) / 2
    if freedom is None:
        return NormalDist().inv_cdf(upper)
    from scipy.special import stdtrit

    return float(stdtrit(freedom, upper))
