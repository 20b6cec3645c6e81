"""`recompute`: a board as a table, JSON, CSV and figures.

An export of the same votes gives the numbers of the web board, digit for digit.
"""

import argparse
import json
from pathlib import Path

from elo import estimate
from elo.battles import Votes
from elo.board.leaderboard import Leaderboard, board_csv, board_from, rate_online
from elo.board.table import table
from elo.commands import HELP
from elo.commands.shared.failures import CommandError, Commands
from elo.commands.shared.output import check_folder, check_targets, write_whole
from elo.commands.shared.progress import Progress
from elo.commands.shared.rating_options import Formatter, add_rating_options, settings_from
from elo.commands.shared.sources import add_source_options, files_read, find, time_text
from elo.estimate import Estimate, Spread


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "recompute",
        help=HELP["recompute"],
        description="Rate the votes of a database or of files, and print the table.",
        formatter_class=Formatter,
    )
    add_source_options(command)
    add_rating_options(command)
    out = command.add_argument_group("output")
    out.add_argument("--json", metavar="OUT", type=Path, help="the board with its settings, source and fit")
    out.add_argument("--csv", metavar="OUT", type=Path, help="the rows of the board")
    out.add_argument("--plots", metavar="DIR", type=Path, help="figures: charts as SVG, pairs of models as HTML tables")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments)
    check_targets({"--json": arguments.json, "--csv": arguments.csv}, reads=files_read(arguments))
    if arguments.plots is not None:
        check_folder(arguments.plots, "--plots")
    progress = Progress()
    found = find(arguments, settings, progress)
    if not found.has_votes:
        raise CommandError(found.nothing)
    fitted, spread = None, None
    if settings.method == "elo":
        assert isinstance(found.data, Votes)
        board = rate_online(found.data, settings, listed=found.listed)
    else:
        fitted = estimate.fit(found.data, settings)
        spread = estimate.spread(fitted, progress=progress.rounds)
        board = board_from(fitted, spread, listed=found.listed)
    board = board.sourced(
        revision=found.revision,
        excluded=found.tally.excluded,
        kind=found.kind,
        since=time_text(arguments.since),
        until=time_text(arguments.until),
        where=found.where,
        where_left_out=found.tally.n_other_values,
    )
    progress.clear()
    if arguments.json is not None:
        content = json.dumps(board.to_json(), ensure_ascii=False, indent=2, allow_nan=False)
        write_whole(arguments.json, content + "\n")
    if arguments.csv is not None:
        write_whole(arguments.csv, board_csv(board))
    if arguments.plots is not None:
        _draw(arguments.plots, board, fitted, spread)
    print(table(board))
    return 0


def _draw(folder: Path, board: Leaderboard, fitted: Estimate | None, spread: Spread | None) -> None:
    from elo.board.matrices import Matrices
    from elo.board.plots import write_figures

    matrices = None
    if fitted is not None and spread is not None:
        rounds = None if spread.intervals is None else spread.intervals.rounds
        matrices = Matrices.of(
            fitted.counted, fitted.ratings, rounds=rounds, score=fitted.expected_score, group=fitted.group
        )
    try:
        write_figures(folder, board, matrices)
    except OSError as error:
        raise CommandError(f"the figures cannot be written to {folder}: {error.strerror or error}") from error
