"""A number that a fit found besides the ratings: of a covariate, or of ties."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coefficient:
    """In log-odds, with the bounds of its interval; whoever made it says per what."""

    name: str
    value: float
    low: float
    high: float
