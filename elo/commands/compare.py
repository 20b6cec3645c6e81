"""`compare`: what moved between two boards, and whether it is more than chance."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from elo.board.compare import BoardFileError, Comparison, Move, compare, read_board
from elo.board.table import aligned
from elo.commands.shared.failures import CommandError, Commands
from elo.commands.shared.output import check_targets, write_whole

_SHARED = {
    "nothing": "Taken as boards of different votes, which is too careful where they share some. If the second has all "
    "votes of the first and more, say --grown.",
    "first": "The second board has all votes of the first: chance is what the new ones can have moved.",
    "all": "Both boards are of the same votes: what moved was moved by the settings, and nothing by chance.",
}


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "compare",
        help="what moved between two boards, and whether it is more than chance",
        description="Holds two boards against each other, as recompute --json writes them.",
    )
    command.add_argument("before", metavar="A.json", type=Path, help="the first board")
    command.add_argument("after", metavar="B.json", type=Path, help="the second")
    command.add_argument("--grown", action="store_true", help="B has all votes of A, and more")
    command.add_argument("--json", metavar="OUT", type=Path, help="write the comparison there too")
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
    print(told(found))
    return 0


def told(found: Comparison) -> str:
    """The comparison as text."""
    header = ["model", "before", "after", "change", "by chance", "more than chance", "rank"]
    lines = aligned(header, [_row(move) for move in found.moves]) if found.moves else ["No model is on both boards."]
    first, second = found.votes
    lines += ["", f"{first} votes before, {second} after. {_SHARED[found.shared]}"]
    if found.moves and _signed(found.shift) != "0.0":
        lines.append(
            f"All of these models moved by {_signed(found.shift)} together: that is the scale's mean, and left out of "
            "`change`."
        )
    if n_known := sum(move.verdict != "unknown" for move in found.moves):
        lines.append(f"Moved by more than chance: {found.n_moved} of {n_known}.")
    if any(move.verdict == "perhaps" for move in found.moves):
        lines.append("perhaps: one model in twenty would move so far by chance alone.")
    for names, what in ((found.came, "Came"), (found.went, "Went")):
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
    """With its sign, and none where it rounds to nothing."""
    return f"{points:+.1f}" if abs(points) >= 0.05 else "0.0"


def _value(value: object) -> str:
    return "not known" if value is None else json.dumps(value, ensure_ascii=False)
