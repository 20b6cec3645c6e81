"""The estimate of a covariate's coefficient, or of the parameter of ties."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coefficient:
    """In log-odds, with the bounds of its interval; the module that makes it defines the unit."""

    name: str
    value: float
    low: float
    high: float
