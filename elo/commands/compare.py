"""`compare`: what moved between two boards, and whether it is more than chance."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from elo.board.compare import BoardFileError, compare, read_board
from elo.commands import HELP
from elo.commands.shared.failures import CommandError, Commands
from elo.commands.shared.output import check_targets, print_report, write_whole


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "compare",
        help=HELP["compare"],
        description="Compare two boards that recompute --json wrote.",
    )
    command.add_argument("before", metavar="A.json", type=Path, help="the first board")
    command.add_argument("after", metavar="B.json", type=Path, help="the second board")
    command.add_argument("--grown", action="store_true", help="B has all votes of A, and more")
    command.add_argument("--json", metavar="OUT", type=Path, help="also write the comparison there")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    check_targets({"--json": arguments.json}, reads=(arguments.before, arguments.after))
    try:
        found = compare(read_board(arguments.before), read_board(arguments.after), grown=arguments.grown)
    except BoardFileError as error:
        raise CommandError(str(error)) from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    if arguments.json is not None:
        write_whole(arguments.json, json.dumps(asdict(found), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    print_report(found, arguments.json)
    return 0
