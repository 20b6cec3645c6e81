"""`simulate`: a votes file from known ratings.

`elo.simulate` has the model of voters with tastes, habits and prepared pairs.
"""

import argparse
import json
from pathlib import Path

from elo.board.notes import counted
from elo.commands import HELP
from elo.commands.shared.failures import Commands, UsageError
from elo.commands.shared.output import check_targets, print_report, whole_file, write_whole
from elo.commands.shared.progress import Progress
from elo.simulate import Scenario, simulate, write_votes

_OPTIONS = (
    ("--votes", "N", int, "number of votes"),
    ("--models", "K", int, "number of models, called model-01 and so on"),
    ("--spread", "POINTS", float, "standard deviation of their ratings, around 1000"),
    ("--ties", "SHARE", float, "share of votes without a winner between equal models"),
    ("--side-bias", "POINTS", float, "points that the left side gains"),
    ("--voters", "U", int, "number of voters; 0: no voter is named"),
    ("--taste", "POINTS", float, "standard deviation of a voter's personal liking of a model"),
    ("--tie-spread", "SD", float, "standard deviation of voters' tie habits, in log-odds"),
    ("--side-spread", "POINTS", float, "standard deviation of voters' personal side bias"),
    ("--prepared", "C", int, "number of prepared pairs of answers that all votes are on; 0: live battles"),
    (
        "--prepared-spread",
        "POINTS",
        float,
        "standard deviation of how much better than usual one side of such a pair is",
    ),
    ("--seed", "S", int, "the same seed gives the same votes"),
)


def add_to(commands: Commands) -> None:
    defaults = Scenario()
    command = commands.add_parser(
        "simulate",
        help=HELP["simulate"],
        description="Write a votes file from known ratings, for recompute.",
    )
    command.add_argument("output", metavar="OUT.csv", type=Path, help="the votes file to write")
    for option, metavar, kind, what in _OPTIONS:
        default = getattr(defaults, option.removeprefix("--").replace("-", "_"))
        what = f"{what} (default {default:,g})"
        command.add_argument(option, metavar=metavar, type=kind, default=default, help=what)
    command.add_argument(
        "--rating", metavar="NAME=POINTS", action="append", default=[],
        help="a model and its rating, instead of drawn models; give it once for each",
    )  # fmt: skip
    command.add_argument("--truth", metavar="OUT.json", type=Path, help="write the true ratings there")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    for name in ("models", "spread"):
        if arguments.rating and getattr(arguments, name) != getattr(Scenario(), name):
            raise UsageError(f"--{name} is for drawn models, and --rating names them; leave one out")
    names = [option.removeprefix("--").replace("-", "_") for option, *_ in _OPTIONS]
    try:
        scenario = Scenario(
            **{name: getattr(arguments, name) for name in names}, ratings=tuple(map(_rating, arguments.rating))
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    check_targets({"OUT.csv": arguments.output, "--truth": arguments.truth})
    found, progress = simulate(scenario), Progress()
    with whole_file(arguments.output) as file:
        write_votes(found.votes, file, progress=lambda n: progress.count("writing", "votes", n))
    progress.clear()
    if arguments.truth is not None:
        truth = {name: float(rating) for name, rating in zip(found.votes.models, found.ratings, strict=True)}
        write_whole(arguments.truth, json.dumps({"ratings": truth}, ensure_ascii=False, indent=2) + "\n")
    votes, models = counted(len(found.votes), "vote"), counted(len(found.votes.models), "model")
    wrote = f"wrote {votes} on {models} to {arguments.output}"
    print_report(wrote, arguments.output, arguments.truth)
    return 0


def _rating(text: str) -> tuple[str, float]:
    name, equals, points = text.rpartition("=")
    try:
        if not (name and equals):
            raise ValueError
        return name, float(points)
    except ValueError:
        raise ValueError(f"rating {text!r} is not NAME=POINTS, such as model-x=1200") from None
