"""What a rating depends on besides the votes: one frozen record, the same on the web and offline.

It is printed under every board and written into its JSON, so that any table can be made again. The defaults are the
official board's. It says how to compute, never from what: kinds of battles and files are the caller's choice.
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Literal, get_args

MAX_ROUNDS = 1_000_000
"""Of the bootstrap: more would tell nothing new, and fill the memory."""

Method = Literal["bradley-terry", "elo"]
IntervalMethod = Literal["auto", "bootstrap", "sandwich"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Ratings lie on a logistic curve: `scale` points of difference are odds of `base` to 1.

    Raises ValueError, naming the field, for a value that makes no sense.
    """

    method: Method = "bradley-terry"
    """Either the Bradley-Terry fit with intervals, which no order of votes moves, or online Elo, vote after vote."""
    prior: float = 1.0
    """Virtual ties of every model against an average opponent; 0 is the exact maximum likelihood, where there is
    one."""
    bootstrap: int = 1000
    """Rounds of resampling; 0 gives a board without bootstrap intervals."""
    seed: int = 0
    interval: IntervalMethod = "auto"
    """auto: bootstrap, but the inverse Hessian for models with under three points won or lost. The others: for all
    models."""
    base: float = 10.0
    scale: float = 400.0
    k: float = 32.0
    """Online Elo: the most that one vote can move a rating."""
    start: float = 1000.0
    """Online Elo: the rating of a model that has no battle yet."""
    mean: float = 1000.0
    """Bradley-Terry: the plain mean of the rated models."""
    level: float = 0.95
    """Share of intervals that should cover the truth."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is float:
                if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                    raise ValueError(f"{field.name} {value!r} is not a finite number")
                object.__setattr__(self, field.name, float(value))
            elif field.type is int and (isinstance(value, bool) or not isinstance(value, int)):
                raise ValueError(f"{field.name} {value!r} is not a whole number")
        for name, choices in (("method", get_args(Method)), ("interval", get_args(IntervalMethod))):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} {getattr(self, name)!r} is not one of {', '.join(choices)}")
        for name, is_right, expected in (
            ("prior", self.prior >= 0, "0 or more virtual ties"),
            ("bootstrap", 0 <= self.bootstrap <= MAX_ROUNDS, f"0 to {MAX_ROUNDS} rounds"),
            ("seed", 0 <= self.seed < 2**64, "a whole number from 0 to 2**64 - 1"),
            ("base", self.base > 1, "above 1"),
            ("scale", self.scale > 0, "above 0"),
            ("k", self.k > 0, "above 0"),
            ("level", 0 < self.level < 1, "between 0 and 1"),
        ):
            if not is_right:
                raise ValueError(f"{name} {getattr(self, name)!r} is not {expected}")

    @property
    def points_per_logit(self) -> float:
        """Rating points per unit of log-odds: 173.7178 for 400 points per factor of ten."""
        return self.scale / math.log(self.base)

    def to_json(self) -> dict[str, str | int | float]:
        return asdict(self)
