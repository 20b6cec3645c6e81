"""Everything that a rating depends on besides the votes.

It is printed under every board and written into its JSON, so any table can be made again. The defaults are the official
board's. The selection of votes (kinds of battles, files) is not part of it.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

MAX_ROUNDS = 1_000_000
"""Of the bootstrap: more would add no precision and fill the memory."""
LEAST_PRIOR = 1e-9
"""The smallest prior above 0, in virtual ties; below it, rounding errors would move the ratings."""
MOST_BY_VOTER = 50_000
"""The most votes with which cluster auto takes intervals by voter; with more, every new vote would take seconds."""
_NARROW = 1e-9
"""The least distance of a level from 0 and 1, where its quantiles are infinite."""

Method = Literal["bradley-terry", "elo"]
IntervalMethod = Literal["auto", "bootstrap", "sandwich"]
TieModel = Literal["half", "rao-kupper", "davidson", "ignore"]
BothBad = Literal["tie", "ignore"]
Cluster = Literal["auto", "none", "pair", "voter"]
"""Or a column of the votes, such as "column:prompt"."""
GaugeKind = Literal["mean", "battles", "anchor"]
Weights = Literal["none", "pair", "draw"]
Control = Literal["length", "style", "side", "speed"]
"""Or a column of numbers, such as "column:n_turns"."""
COLUMN = "column:"
"""Prefix of the name of a column in `cluster` and `control`."""

_CHOICES = {
    "method": Method,
    "interval": IntervalMethod,
    "ties": TieModel,
    "both_bad": BothBad,
    "gauge": GaugeKind,
    "weights": Weights,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Ratings lie on a logistic curve: `scale` points of difference are odds of `base` to 1.

    Raises ValueError, naming the field, for an invalid value.
    """

    method: Method = "bradley-terry"
    """The Bradley-Terry fit with intervals, independent of the order of votes, or online Elo, vote after vote."""
    prior: float = 1.0
    """Virtual ties of every model against an average opponent. Any number from 1e-9 gives ratings; 0 is the exact
    maximum likelihood, if there is one."""
    bootstrap: int = 1000
    """Rounds of resampling; 0 gives a board without bootstrap intervals."""
    seed: int = 0
    interval: IntervalMethod = "auto"
    """auto: bootstrap, but the inverse Hessian for models with fewer than three points won, points lost or decided
    battles. The others: for all models."""
    base: float = 10.0
    scale: float = 400.0
    k: float = 32.0
    """Online Elo: the most that one vote can move a rating."""
    start: float = 1000.0
    """Online Elo: the rating of a model without a battle."""
    mean: float = 1000.0
    """Bradley-Terry: the mean of the rated models, weighted by `gauge`."""
    level: float = 0.95
    """Share of intervals that should contain the true rating."""
    ties: TieModel = "half"
    """half: ties are half a win each. rao-kupper, davidson: a third outcome with its own parameter. ignore: ties are
    left out of the fit, but counted as battles."""
    both_bad: BothBad = "tie"
    """tie: a vote for neither is a tie like any other. ignore: it is left out of the fit. (The choice moves a model of
    one public file of 26,000 votes by 57 points.)"""
    cluster: str = "auto"
    """Which votes depend on each other, for intervals. auto: those on one prepared pair of answers, if votes name any;
    else those of one voter, if there are at most 50,000 votes, no control, 40 voters or more, with an effective number
    of 20 or more, and intervals by voter are more than 1.1 times as wide (median of the models; `recompute` and Python
    print this ratio for more votes, too); else none.
    pair: those on one prepared pair, and an error if votes name none. voter: those of one voter. column:NAME, or any
    other NAME: those with the same value in that column. A vote on a live battle, or without a value, is a cluster by
    itself."""
    gauge: GaugeKind = "mean"
    """How the scale is fixed, which changes the width of intervals. mean: the plain mean of the rated models is `mean`.
    battles: their mean weighted by battles is `mean`. anchor: the ratings in `anchor` are fixed."""
    anchor: tuple[tuple[str, float], ...] = ()
    """(model, rating): the scale is shifted so that the mean of these models is the mean of these ratings; with one,
    it has its rating exactly. "MODEL=RATING" is accepted too."""
    weights: Weights = "none"
    """pair: 1 / max(votes of the pair, 50). draw: 1 / probability that the pair was drawn. Both are scaled to a mean of
    1, so that the prior keeps its weight."""
    half_life_days: float | None = None
    """A vote that many days older than the newest weighs half as much; None: age does not matter."""
    simultaneous: bool = False
    """Intervals that hold for all models at once, instead of for each one, with probability `level`. (Ranks always hold
    for all pairs at once.)"""
    control: tuple[str, ...] = ()
    """What is separated from a model's strength: length and style of its answers, its side, its speed; column:NAME: the
    number in that column, or NAME_a - NAME_b, where a positive number may favour side A."""
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
            (
                "prior",
                not 0 < self.prior < LEAST_PRIOR and self.prior >= 0,
                f"0, or {LEAST_PRIOR:g} virtual ties or more",
            ),
            ("bootstrap", 0 <= self.bootstrap <= MAX_ROUNDS, f"0 to {MAX_ROUNDS:,} rounds"),
            ("seed", 0 <= self.seed < 2**64, "a whole number from 0 to 2**64 - 1"),
            ("base", self.base > 1, "above 1"),
            ("scale", self.scale > 0, "above 0"),
            ("k", self.k > 0, "above 0"),
            ("level", _NARROW <= self.level <= 1 - _NARROW, f"between 0 and 1, at least {_NARROW:g} from both"),
            ("half_life_days", self.half_life_days is None or self.half_life_days > 0, "above 0"),
            ("ridge", self.ridge >= 0, "0 or more"),
        ):
            if not is_right:
                raise ValueError(f"{name} {getattr(self, name)!r} is not {expected}")
        object.__setattr__(self, "anchor", _anchors(self.anchor))
        object.__setattr__(self, "control", _controls(self.control))
        object.__setattr__(self, "cluster", _cluster(self.cluster))
        self._check_together()

    def _check_together(self) -> None:
        """Refuse options that would do nothing, or that no interval can combine. (Numbers are accepted: those of one
        method do no harm to the other.)"""
        if self.gauge == "anchor" and not self.anchor:
            raise ValueError("gauge 'anchor' needs a model with its rating in anchor, such as gpt-4=1200")
        if self.anchor and self.gauge != "anchor":
            raise ValueError(f"anchor needs gauge 'anchor', and gauge is {self.gauge!r}; change one of them")
        if self.ridge and not self.control:
            raise ValueError("ridge is for the coefficients of control, and control is empty; set both or neither")
        of_intervals = {
            "weights": self.weights != "none",
            "half_life_days": self.half_life_days is not None,
            "control": bool(self.control),
            "cluster": self.cluster not in ("auto", "none"),
            "simultaneous": self.simultaneous,
        }
        if self.interval == "bootstrap" and (used := self._used(of_intervals)):
            raise ValueError(f"interval 'bootstrap' cannot be combined with {used}; use auto or sandwich")
        of_fits = {
            "ties": self.ties != "half",
            "both_bad": self.both_bad != "tie",
            "gauge": self.gauge != "mean",
            "interval": self.interval != "auto",
        }
        if self.method == "elo" and (used := self._used(of_fits | of_intervals)):
            raise ValueError(f"method 'elo' cannot be combined with {used}; use bradley-terry")

    def _used(self, is_used: dict[str, bool]) -> str:
        return ", ".join(f"{name} {getattr(self, name)!r}" for name, uses in is_used.items() if uses)

    @property
    def needs_votes(self) -> bool:
        """Whether the votes are needed one by one, and not only the counts of each pair and outcome. With cluster auto
        they are also needed if some are on prepared pairs, which only the caller knows."""
        return (
            self.method == "elo"
            or self.weights == "draw"
            or self.half_life_days is not None
            or bool(self.control)
            or self.cluster not in ("auto", "none")
        )

    @property
    def cluster_column(self) -> str | None:
        """The column whose values are the clusters, if any."""
        return _column(self.cluster)

    @property
    def control_columns(self) -> tuple[str, ...]:
        """The columns of numbers among `control`."""
        return tuple(name for name in map(_column, self.control) if name is not None)

    @property
    def points_per_logit(self) -> float:
        """Rating points per unit of log-odds: 173.7178 for 400 points per factor of ten."""
        return self.scale / math.log(self.base)

    @property
    def resamples(self) -> bool:
        """Whether the settings ask for bootstrap intervals. (They become those of a covariance where votes are in
        clusters, or a round has no maximum.)"""
        is_plain = self.ties in ("half", "ignore") and self.weights == "none" and self.half_life_days is None
        is_plain = is_plain and not self.control and not self.simultaneous and self.cluster in ("auto", "none")
        return self.interval == "bootstrap" or (self.interval == "auto" and is_plain)

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"anchor": dict(self.anchor), "control": list(self.control)}


def looks_at_voters(settings: Settings) -> bool:
    """Whether `cluster` auto looks at who cast the votes (see `chance.voters`)."""
    return settings.cluster == "auto" and settings.method == "bradley-terry" and not settings.control


def may_take_voters(settings: Settings, n_votes: int) -> bool:
    """Whether intervals of so many votes may become those by voter, by what `cluster` auto finds."""
    return looks_at_voters(settings) and n_votes <= MOST_BY_VOTER


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
    """NaN for anything but a number, and for one too large for a float."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _two(value: object) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, tuple | list) and len(value) == 2 else (None, None)


def _column(value: str) -> str | None:
    return value.removeprefix(COLUMN) if value.startswith(COLUMN) else None


def _cluster(given: object) -> str:
    """A name that is none of the known ones is that of a column."""
    if not isinstance(given, str) or not given.removeprefix(COLUMN).strip():
        raise ValueError(
            f"cluster {given!r} is not one of {', '.join(get_args(Cluster))}, or a column such as 'column:prompt'"
        )
    return given if given in get_args(Cluster) or given.startswith(COLUMN) else f"{COLUMN}{given}"


def _controls(given: Iterable[str]) -> tuple[str, ...]:
    """The known ones in one order, then columns in the order given, each once."""
    known = get_args(Control)
    if isinstance(given, str):
        raise ValueError(f"control {given!r} is not a list, such as [{given!r}]")
    for name in (given := tuple(given)):
        if name not in known and not (isinstance(name, str) and _column(name)):
            raise ValueError(
                f"control {name!r} is not one of {', '.join(known)}, or a column of numbers such as 'column:n_turns'"
            )
    return tuple(dict.fromkeys([*(name for name in known if name in given), *given]))
