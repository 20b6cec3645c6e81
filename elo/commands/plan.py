"""`plan`: which battles to play next.

It prints how many more battles would separate neighbours, which models have no battles between them, and which pairs
are most informative.
"""

import argparse
import json
from pathlib import Path

from elo.commands import HELP
from elo.commands.shared.failures import CommandError, Commands, UsageError
from elo.commands.shared.output import check_targets, print_report, write_whole
from elo.commands.shared.progress import Progress
from elo.commands.shared.rating_options import Formatter, add_rating_options, settings_from
from elo.commands.shared.sources import add_source_options, files_read, find


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "plan",
        help=HELP["plan"],
        description="Plan battles with today's ratings.",
        formatter_class=Formatter,
    )
    add_source_options(command)
    add_rating_options(command)
    out = command.add_argument_group("plan and output")
    out.add_argument(
        "--chance",
        metavar="P",
        type=float,
        default=0.8,
        help="probability with which the planned battles separate neighbours",
    )
    out.add_argument("--json", metavar="OUT", type=Path, help="also write the plan there")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from elo import estimate
    from elo.board.planning import plan

    settings = settings_from(arguments)
    if settings.method != "bradley-terry":
        raise UsageError(f"method {settings.method!r} has no standard errors to plan with; use bradley-terry")
    if settings.bootstrap == 0 and settings.resamples:
        raise UsageError("bootstrap 0 gives no standard errors to plan with; use 1 round or more, or interval sandwich")
    if not 0 < arguments.chance < 1:
        raise UsageError(f"chance {arguments.chance!r} is not between 0 and 1")
    check_targets({"--json": arguments.json}, reads=files_read(arguments))
    progress = Progress()
    found = find(arguments, settings, progress)
    if not found.has_votes:
        raise CommandError(found.nothing)
    fitted = estimate.fit(found.data, settings)
    planned = plan(fitted, estimate.spread(fitted, progress=progress.rounds), chance=arguments.chance)
    progress.clear()
    if arguments.json is not None:
        text = json.dumps(planned.to_json(), ensure_ascii=False, indent=2, allow_nan=False)
        write_whole(arguments.json, text + "\n")
    print_report(planned, arguments.json)
    return 0
