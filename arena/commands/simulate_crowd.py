"""`simulate-crowd`: voters who know the right answers hold battles in a running arena."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from functools import partial

from arena.commands import Commands

_DEFAULT_URL = "http://127.0.0.1:7860"


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "simulate-crowd",
        help="let simulated voters hold battles in a running arena with the demo models",
        description="Hold battles through the pages of a running arena, as browsers do. The voters ask what the demo"
        " models have learned and vote for the right answer; some vote by chance, some always for A. The votes are"
        " real: use an arena with a database of its own. Exit code 1 if the board has a wrong order.",
    )
    count = partial(_number, low=1)
    command.add_argument("--url", default=_DEFAULT_URL, help="address of the arena (default: %(default)s)")
    for option, kind, default, metavar, what in (
        ("--battles", _number, 1000, "N", "battles that the crowd holds together"),
        ("--quick", _number, 0, "N", "screens of quick rounds that it judges as well"),
        ("--voters", count, 25, "N", "voters in the crowd"),
        ("--at-once", count, 10, "N", "voters at a time"),
        ("--careless", _share, 0.1, "SHARE", "share of the voters who vote by chance"),
        ("--left", _share, 0.1, "SHARE", "share of the voters who always vote for A"),
        ("--seed", int, 0, "N", "seed of the questions and votes"),
    ):
        command.add_argument(option, type=kind, default=default, metavar=metavar, help=f"{what} (default: %(default)s)")
    command.add_argument(
        "--campaign", default="", metavar="TOKEN", help="a campaign that each voter judges as well, by its link's token"
    )
    command.set_defaults(run=run, when_stopped="the votes so far are stored")


def run(options: argparse.Namespace, _env: Mapping[str, str]) -> int:
    from arena.crowd.pages import CrowdError
    from arena.crowd.report import report, wrong_pairs
    from arena.crowd.visits import Plan, visit
    from elo.commands.shared.progress import Progress

    plan = Plan(
        n_battles=options.battles,
        n_voters=options.voters,
        n_at_once=options.at_once,
        careless=options.careless,
        left=options.left,
        seed=options.seed,
        n_screens=options.quick,
        campaign=options.campaign,
    )
    progress, failed = Progress(), ""
    try:
        crowd = asyncio.run(visit(options.url, plan, lambda n: progress.count("voting", "votes", n)))
    except* CrowdError as errors:
        failed = str(errors.exceptions[0])
    progress.clear()
    if failed:
        print("error:", failed, file=sys.stderr)
        return 1
    print(report(crowd))
    is_wrong = wrong_pairs(crowd.battles) or wrong_pairs(crowd.quick)
    return 1 if is_wrong or crowd.n_votes < plan.n_battles else 0


def _number(text: str, *, low: int = 0) -> int:
    if not text.isdecimal() or int(text) < low:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number of at least {low}")
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a share from 0 to 0.5")
    return share
