"""What a rating depends on besides the votes: one frozen record, the same on the web and offline.

It is printed under every board and written into its JSON, so that any table can be made again. The defaults are the
official board's. It says how to compute, never from what: kinds of battles and files are the caller's choice.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

MAX_ROUNDS = 1_000_000
"""Of the bootstrap: more would tell nothing new, and fill the memory."""
_NARROW = 1e-9
"""From a level to 0 or 1, where its quantiles are no number."""

Method = Literal["bradley-terry", "elo"]
IntervalMethod = Literal["auto", "bootstrap", "sandwich"]
TieModel = Literal["half", "rao-kupper", "davidson", "ignore"]
BothBad = Literal["tie", "ignore"]
Cluster = Literal["auto", "none", "pair", "voter"]
Gauge = Literal["mean", "battles", "anchor"]
Weights = Literal["none", "pair", "draw"]
Control = Literal["length", "style", "side", "speed"]

_CHOICES = {
    "method": Method,
    "interval": IntervalMethod,
    "ties": TieModel,
    "both_bad": BothBad,
    "cluster": Cluster,
    "gauge": Gauge,
    "weights": Weights,
}


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
    """auto: bootstrap, but the inverse Hessian for models with under three points won or lost, or three battles that
    were no tie. The others: for all models."""
    base: float = 10.0
    scale: float = 400.0
    k: float = 32.0
    """Online Elo: the most that one vote can move a rating."""
    start: float = 1000.0
    """Online Elo: the rating of a model that has no battle yet."""
    mean: float = 1000.0
    """Bradley-Terry: the mean of the rated models, each weighing as `gauge` says."""
    level: float = 0.95
    """Share of intervals that should cover the truth."""
    ties: TieModel = "half"
    """half: ties are half a win each. rao-kupper, davidson: a third outcome with a parameter of its own. ignore: they
    are left out of the fit (not of the counts of battles)."""
    both_bad: BothBad = "tie"
    """tie: a vote for neither is a tie like any other. ignore: it is left out of the fit. (The choice moves a model of
    one public file of 26,000 votes by 57 points.)"""
    cluster: Cluster = "auto"
    """Which votes hang together, for intervals. auto: those on one prepared pair of answers, where votes name one.
    pair: the same, and an error where votes name none. voter: those of one voter. A vote on a live battle is a cluster
    of its own."""
    gauge: Gauge = "mean"
    """Where the scale is fixed, which changes how wide intervals are. mean: the plain mean of the rated models is
    `mean`. battles: their mean by battles. anchor: the ratings in `anchor`."""
    anchor: tuple[tuple[str, float], ...] = ()
    """(model, rating): the scale is shifted so that the mean of these models is the mean of these ratings; with one,
    it has its rating exactly. "MODEL=RATING" is taken too."""
    weights: Weights = "none"
    """pair: 1 / max(votes of the pair, 50). draw: 1 / probability that the pair was drawn. Both are scaled to a mean of
    1 a vote, so that the prior weighs what it does without."""
    half_life_days: float | None = None
    """A vote so much older than the newest one weighs half as much as it; None: age does not matter."""
    simultaneous: bool = False
    """Intervals that cover all models at once, rather than each one, with the probability `level`."""
    control: tuple[Control, ...] = ()
    """What is told apart from a model's strength: length and style of its answers, the side it stood on, its speed."""
    ridge: float = 0.0
    """Precision of a normal prior with mean 0 on each coefficient of `control`, in log-odds per standard deviation of
    its covariate over the battles: ridge / 2 * |beta|^2 is taken from the log-likelihood of all battles."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is float or (field.type == float | None and value is not None):
                number = _number(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
                if not math.isfinite(number):
                    raise ValueError(f"{field.name} {value!r} is not a finite number")
                object.__setattr__(self, field.name, number)
            elif field.type is int and (isinstance(value, bool) or not isinstance(value, int)):
                raise ValueError(f"{field.name} {value!r} is not a whole number")
            elif field.type is bool and not isinstance(value, bool):
                raise ValueError(f"{field.name} {value!r} is not true or false")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in get_args(choices):
                raise ValueError(f"{name} {getattr(self, name)!r} is not one of {', '.join(get_args(choices))}")
        for name, is_right, expected in (
            ("prior", self.prior >= 0, "0 or more virtual ties"),
            ("bootstrap", 0 <= self.bootstrap <= MAX_ROUNDS, f"0 to {MAX_ROUNDS} rounds"),
            ("seed", 0 <= self.seed < 2**64, "a whole number from 0 to 2**64 - 1"),
            ("base", self.base > 1, "above 1"),
            ("scale", self.scale > 0, "above 0"),
            ("k", self.k > 0, "above 0"),
            ("level", _NARROW <= self.level <= 1 - _NARROW, f"between 0 and 1, {_NARROW:g} from either at least"),
            ("half_life_days", self.half_life_days is None or self.half_life_days > 0, "above 0"),
            ("ridge", self.ridge >= 0, "0 or more"),
        ):
            if not is_right:
                raise ValueError(f"{name} {getattr(self, name)!r} is not {expected}")
        object.__setattr__(self, "anchor", _anchors(self.anchor))
        object.__setattr__(self, "control", _controls(self.control))
        self._check_together()

    def _check_together(self) -> None:
        """Options that would do nothing, or that no interval knows how to join, are refused. (Numbers are not: those
        of one method do no harm to the other.)"""
        if self.gauge == "anchor" and not self.anchor:
            raise ValueError("gauge 'anchor' needs a model with its rating in anchor, such as gpt-4=1200")
        if self.anchor and self.gauge != "anchor":
            raise ValueError(f"anchor is used by gauge 'anchor' alone, and gauge is {self.gauge!r}; change one of them")
        if self.ridge and not self.control:
            raise ValueError("ridge is for the coefficients of control, and control is empty; set both or none")
        if self.control and self.ties not in ("half", "ignore"):
            raise ValueError(f"control does not know ties {self.ties!r}; use half or ignore")
        of_intervals = {
            "weights": self.weights != "none",
            "half_life_days": self.half_life_days is not None,
            "control": bool(self.control),
            "cluster": self.cluster in ("pair", "voter"),
            "simultaneous": self.simultaneous,
        }
        if self.interval == "bootstrap" and (told := self._told(of_intervals)):
            raise ValueError(f"interval 'bootstrap' does not know {told}; use auto or sandwich")
        of_fits = {
            "ties": self.ties != "half",
            "both_bad": self.both_bad != "tie",
            "gauge": self.gauge != "mean",
            "interval": self.interval != "auto",
        }
        if self.method == "elo" and (told := self._told(of_fits | of_intervals)):
            raise ValueError(f"method 'elo' does not know {told}; use bradley-terry")

    def _told(self, is_used: dict[str, bool]) -> str:
        return ", ".join(f"{name} {getattr(self, name)!r}" for name, uses in is_used.items() if uses)

    @property
    def needs_votes(self) -> bool:
        """Whether the votes one by one are needed, and not only how often each pair met with each outcome. With
        cluster auto they are needed too wherever votes on prepared pairs are among them: that only the caller knows."""
        return (
            self.method == "elo"
            or self.weights == "draw"
            or self.half_life_days is not None
            or bool(self.control)
            or self.cluster in ("pair", "voter")
        )

    @property
    def points_per_logit(self) -> float:
        """Rating points per unit of log-odds: 173.7178 for 400 points per factor of ten."""
        return self.scale / math.log(self.base)

    @property
    def resamples(self) -> bool:
        """Whether intervals are the bootstrap's, where every round has a maximum and no votes hang together; else they
        come from a covariance."""
        is_plain = self.ties in ("half", "ignore") and self.weights == "none" and self.half_life_days is None
        is_plain = is_plain and not self.control and not self.simultaneous and self.cluster in ("auto", "none")
        return self.interval == "bootstrap" or (self.interval == "auto" and is_plain)

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"anchor": dict(self.anchor), "control": list(self.control)}


def _anchors(given: Iterable[object]) -> tuple[tuple[str, float], ...]:
    if isinstance(given, str):
        raise ValueError(f"anchor {given!r} is not a list, such as [{given!r}]")
    anchors: dict[str, float] = {}
    for one in given:
        name, rating = one.rpartition("=")[::2] if isinstance(one, str) else _two(one)
        value = _number(rating)
        if not isinstance(name, str) or not name or not math.isfinite(value):
            raise ValueError(f"anchor {one!r} is not a model with its rating, such as gpt-4=1200")
        if name in anchors:
            raise ValueError(f"anchor {name!r} is given twice")
        anchors[name] = value
    return tuple(anchors.items())


def _number(value: Any) -> float:
    """NaN for what is none, or too large for a float."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _two(value: object) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, tuple | list) and len(value) == 2 else (None, None)


def _controls(given: Iterable[str]) -> tuple[Control, ...]:
    known = get_args(Control)
    if isinstance(given, str):
        raise ValueError(f"control {given!r} is not a list, such as [{given!r}]")
    for name in (given := tuple(given)):
        if name not in known:
            raise ValueError(f"control {name!r} is not one of {', '.join(known)}")
    return tuple(name for name in known if name in given)
