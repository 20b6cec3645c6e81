"""The arguments that control a rating, one for each field of `Settings`."""

import argparse
from dataclasses import fields
from typing import get_args

from elo.commands.shared.failures import UsageError
from elo.settings import BothBad, Cluster, Control, GaugeKind, IntervalMethod, Method, Settings, TieModel, Weights

_MOST_POINTS = 1_000_000


def add_rating_options(command: argparse.ArgumentParser) -> None:
    """Names are those of the fields, defaults the official board's."""
    defaults = Settings()
    add = command.add_argument_group("rating").add_argument
    add(
        "--method",
        choices=get_args(Method),
        default=defaults.method,
        help="the Bradley-Terry fit, or online Elo, vote after vote",
    )
    add(
        "--ties", choices=get_args(TieModel), default=defaults.ties,
        help="half a win each, a model of ties with its own parameter, or left out",
    )  # fmt: skip
    add(
        "--both-bad", choices=get_args(BothBad), default=defaults.both_bad,
        help="a vote for neither: a tie like any other, or left out",
    )  # fmt: skip
    add(
        "--prior", metavar="C", type=float, default=defaults.prior,
        help="virtual ties of each model against an average opponent, at least 1e-9; 0: exact maximum likelihood",
    )  # fmt: skip
    add(
        "--weights", choices=get_args(Weights), default=defaults.weights,
        help="weight of a vote: 1 / max(votes of the pair, 50), or 1 / the probability that the pair was drawn",
    )  # fmt: skip
    add("--half-life-days", metavar="D", type=float, help="a vote D days older than the newest weighs half as much")
    add(
        "--control", metavar="LIST", type=_listed, default=(),
        help=f"rate as if answers were equal in these, with commas between them: {', '.join(get_args(Control))}, or "
        "column:NAME, a column of numbers seen from side A, or NAME_a - NAME_b",
    )  # fmt: skip
    add("--ridge", metavar="R", type=float, default=defaults.ridge, help="penalty on the coefficients of --control")
    add(
        "--gauge", choices=get_args(GaugeKind),
        help="fix the mean of the models at --mean, or their mean by battles, or the anchors "
        "(default: anchor if one is given, else mean)",
    )  # fmt: skip
    add(
        "--anchor", metavar="MODEL=RATING", action="append", default=[],
        help="give this model this rating; with several, their mean is fixed",
    )  # fmt: skip
    add("--mean", metavar="M", type=float, default=defaults.mean, help="mean of the ratings")
    add(
        "--base",
        metavar="B",
        type=float,
        default=defaults.base,
        help="a difference of --scale points means odds of B to 1",
    )
    add("--scale", metavar="S", type=float, default=defaults.scale, help="points that mean odds of --base to 1")
    add("--k", metavar="K", type=float, default=defaults.k, help="most points a vote moves (method elo)")
    add("--start", metavar="R", type=float, default=defaults.start, help="rating before any vote (method elo)")
    add = command.add_argument_group("intervals").add_argument
    add(
        "--interval", choices=get_args(IntervalMethod), default=defaults.interval,
        help="auto: bootstrap, or the kind that weights and clusters need; inverse Hessian for short records",
    )  # fmt: skip
    add(
        "--bootstrap",
        metavar="N",
        type=int,
        default=defaults.bootstrap,
        help="rounds of the bootstrap; 0: no bootstrap intervals",
    )
    add("--seed", metavar="S", type=int, default=defaults.seed, help="seed of all random numbers")
    add(
        "--level",
        metavar="P",
        type=float,
        default=defaults.level,
        help="share of intervals that should contain the true rating",
    )
    add(
        "--cluster", metavar="|".join((*get_args(Cluster), "COLUMN")), default=defaults.cluster,
        help="which votes depend on each other: those on one prepared pair, of one voter, or with the same value in "
        "COLUMN; auto: pair if there are any, else voter if intervals become more than 1.1 times as wide",
    )  # fmt: skip
    add("--simultaneous", action="store_true", help="make intervals that hold for all models at once")


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Raises UsageError, naming the option."""
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
    """Raise UsageError beyond the bounds where points have no digits left or are infinite."""
    points = {name: getattr(settings, name) for name in ("mean", "start", "k", "scale")}
    points |= {f"anchor {model}": rating for model, rating in settings.anchor}
    for name, value in points.items():
        if abs(value) > _MOST_POINTS:
            raise UsageError(f"{name} {value:g} is not within {_MOST_POINTS:,} points of 0")
    if not 1 / _MOST_POINTS <= settings.points_per_logit <= _MOST_POINTS:
        raise UsageError(
            f"with base {settings.base!r} and scale {settings.scale:g} all ratings are equal or infinite; "
            "use others, such as 10 and 400"
        )


class Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows defaults, except where the default is nothing."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        has_none = action.default is None or action.default is False or action.default in ((), [])
        return action.help if has_none else super()._get_help_string(action)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))
