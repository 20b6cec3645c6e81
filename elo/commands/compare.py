"""`compare`: what moved between two boards, and whether it is more than chance."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from elo.board.compare import BoardFileError, Comparison, Move, compare, read_board
from elo.board.table import aligned
from elo.commands import HELP
from elo.commands.shared.failures import CommandError, Commands
from elo.commands.shared.output import check_targets, write_whole

_SHARED = {
    "nothing": "Compared as boards of different votes, which is too careful if they share some. If the second has all "
    "votes of the first and more, use --grown.",
    "first": "The second board has all votes of the first: chance is what the new votes can have moved.",
    "all": "Both boards are of the same votes: the settings moved the ratings, not chance.",
}


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
    print(report(found))
    return 0


def report(found: Comparison) -> str:
    """The comparison as text."""
    header = ["model", "before", "after", "change", "by chance", "more than chance", "rank"]
    lines = aligned(header, [_row(move) for move in found.moves]) if found.moves else ["No model is on both boards."]
    first, second = found.votes
    lines += ["", f"{first:,} votes before, {second:,} after. {_SHARED[found.shared]}"]
    if found.moves and _signed(found.shift) != "0.0":
        lines.append(
            f"All of these models moved by {_signed(found.shift)} together. That is the mean of the scale, so `change` "
            "leaves it out."
        )
    if n_known := sum(move.verdict != "unknown" for move in found.moves):
        lines.append(f"Moved by more than chance: {found.n_moved} of {n_known}.")
    if any(move.verdict == "perhaps" for move in found.moves):
        lines.append("perhaps: by chance alone one model in twenty moves so far.")
    for names, what in ((found.came, "New"), (found.went, "Gone")):
        if names:
            lines.append(f"{what}: {', '.join(names)}.")
    for one in found.settings:
        lines.append(f"Setting {one.name}: {_value(one.before)} before, {_value(one.after)} after.")
    return "\n".join(lines)


def _row(move: Move) -> list[str]:
    before, after = move.before, move.after
    rank = f"{before.rank}" if before.rank == after.rank else f"{before.rank} -> {after.rank}"
    chance = f"+-{1.96 * move.error:.1f}" if move.error else "-"
    return [
        move.model, f"{before.rating:.1f}", f"{after.rating:.1f}", _signed(move.change), chance,
        "-" if move.verdict == "unknown" else move.verdict, rank,
    ]  # fmt: skip


def _signed(points: float) -> str:
    """With its sign, unless it rounds to 0."""
    return f"{points:+.1f}" if abs(points) >= 0.05 else "0.0"


def _value(value: object) -> str:
    return "unknown" if value is None else json.dumps(value, ensure_ascii=False)
