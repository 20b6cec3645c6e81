"""The arguments that say how to rate, one for each field of `Settings`, and the settings that they make."""

import argparse
from dataclasses import fields
from typing import get_args

from elo.commands.shared.failures import UsageError
from elo.settings import BothBad, Cluster, Control, Gauge, IntervalMethod, Method, Settings, TieModel, Weights

_MOST_POINTS = 1_000_000


def add_rating_options(command: argparse.ArgumentParser) -> None:
    """Their names are those of the fields, their defaults the official board's."""
    defaults = Settings()
    add = command.add_argument_group("how to rate").add_argument
    add("--method", choices=get_args(Method), default=defaults.method, help="the fit, or Elo vote after vote")
    add(
        "--ties", choices=get_args(TieModel), default=defaults.ties,
        help="half a win each, a model of ties with a parameter of its own, or left out",
    )  # fmt: skip
    add(
        "--both-bad", choices=get_args(BothBad), default=defaults.both_bad,
        help="what a vote for neither is: a tie like any other, or left out",
    )  # fmt: skip
    add(
        "--prior", metavar="C", type=float, default=defaults.prior,
        help="virtual ties of each model against an average opponent; 0: exact maximum likelihood",
    )  # fmt: skip
    add(
        "--weights", choices=get_args(Weights), default=defaults.weights,
        help="of votes: 1 / max(votes of the pair, 50), or 1 / the chance that the pair was drawn",
    )  # fmt: skip
    add("--half-life-days", metavar="D", type=float, help="a vote so much older than the newest weighs half as much")
    add(
        "--control", metavar="LIST", type=_listed, default=(),
        help=f"rate for equal {', '.join(get_args(Control))}: those named, with commas between",
    )  # fmt: skip
    add("--ridge", metavar="R", type=float, default=defaults.ridge, help="on the coefficients of --control")
    add(
        "--gauge", choices=get_args(Gauge),
        help="what lies at --mean: the mean of the models, or their mean by battles; or anchors "
        "(default: anchor where one is given, else mean)",
    )  # fmt: skip
    add(
        "--anchor", metavar="MODEL=RATING", action="append", default=[],
        help="give this model this rating; of several, the mean is kept",
    )  # fmt: skip
    add("--mean", metavar="M", type=float, default=defaults.mean, help="mean of the ratings")
    add("--base", metavar="B", type=float, default=defaults.base, help="--scale points are odds of B to 1")
    add("--scale", metavar="S", type=float, default=defaults.scale, help="points that are odds of --base to 1")
    add("--k", metavar="K", type=float, default=defaults.k, help="most points a vote moves (method elo)")
    add("--start", metavar="R", type=float, default=defaults.start, help="rating before any vote (method elo)")
    add = command.add_argument_group("how sure it is").add_argument
    add(
        "--interval", choices=get_args(IntervalMethod), default=defaults.interval,
        help="auto: bootstrap, or what weights and clusters ask for; inverse Hessian for short records",
    )  # fmt: skip
    add("--bootstrap", metavar="N", type=int, default=defaults.bootstrap, help="rounds; 0: no such intervals")
    add("--seed", metavar="S", type=int, default=defaults.seed, help="of all random numbers")
    add("--level", metavar="P", type=float, default=defaults.level, help="share of intervals that cover the truth")
    add(
        "--cluster", choices=get_args(Cluster), default=defaults.cluster,
        help="votes that hang together; auto: those on one prepared pair, where there are some",
    )  # fmt: skip
    add("--simultaneous", action="store_true", help="intervals that hold for all models at once")


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Raises UsageError, naming the option, for what makes no sense."""
    values = {field.name: getattr(arguments, field.name) for field in fields(Settings)}
    if values["gauge"] is None:
        values["gauge"] = "anchor" if values["anchor"] else "mean"
    try:
        settings = Settings(**values)
    except ValueError as error:
        raise UsageError(str(error)) from error
    _check_points(settings)
    return settings


def _check_points(settings: Settings) -> None:
    """Beyond these bounds points have no digits left, or are infinite. Raises UsageError."""
    points = {name: getattr(settings, name) for name in ("mean", "start", "k", "scale")}
    points |= {f"anchor {model}": rating for model, rating in settings.anchor}
    for name, value in points.items():
        if abs(value) > _MOST_POINTS:
            raise UsageError(f"{name} {value:g} is not within {_MOST_POINTS} points of 0")
    if not 1 / _MOST_POINTS <= settings.points_per_logit <= _MOST_POINTS:
        raise UsageError(
            f"with base {settings.base!r} and scale {settings.scale:g} all ratings lie on one point or far "
            "beyond any; use others, such as 10 and 400"
        )


class Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Tells defaults, but not that nothing is the default."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        has_none = action.default is None or action.default is False or action.default in ((), [])
        return action.help if has_none else super()._get_help_string(action)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))
