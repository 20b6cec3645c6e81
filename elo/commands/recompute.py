"""`recompute`: a board as a table, JSON, CSV and figures.

An export of the same votes gives the numbers of the web board, digit for digit.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from elo.board.leaderboard import board_csv
from elo.board.table import table
from elo.commands import HELP
from elo.commands.recompute_by import rated_by
from elo.commands.shared.facts import read_facts
from elo.commands.shared.failures import Commands, UsageError
from elo.commands.shared.output import check_folder, check_targets, print_report, write_whole
from elo.commands.shared.progress import Progress
from elo.commands.shared.rated import rated
from elo.commands.shared.rating_options import Formatter, add_rating_options, settings_from
from elo.commands.shared.sources import add_source_options, files_read, find


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
    out.add_argument(
        "--by", metavar="COLUMN",
        help="a board for each value of that column, such as language; a vote with a list, such as tags, is on the "
        "board of each value in it; --plots makes a folder for each board",
    )  # fmt: skip
    out.add_argument("--json", metavar="OUT", type=Path, help="the board with its settings, source and fit")
    out.add_argument("--csv", metavar="OUT", type=Path, help="the rows of the board")
    out.add_argument(
        "--plots", metavar="DIR", type=Path,
        help="figures: charts as SVG, pairs of models as HTML tables; ratings over time if the votes have times",
    )  # fmt: skip
    out.add_argument(
        "--models", metavar="FILE", type=Path,
        help="with --plots: size, price and speed of models, for ratings against them; CSV or JSON with the columns "
        "model, parameters, price_out and tokens_per_s, such as an arena's /leaderboard.csv?columns=all; a database "
        "knows the sizes",
    )  # fmt: skip
    out.add_argument(
        "--top",
        metavar="N",
        type=int,
        help="with --plots: number of models in a chart, best first; 0: all (default 40)",
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments)
    check_targets({"--json": arguments.json, "--csv": arguments.csv}, reads=files_read(arguments))
    if arguments.plots is not None:
        check_folder(arguments.plots, "--plots")
    if arguments.top is not None and (arguments.top < 0 or arguments.plots is None):
        raise UsageError(f"--top {arguments.top}: use 0 or more, with --plots; the table has all models")
    if arguments.models is not None and arguments.plots is None:
        raise UsageError(f"--models {arguments.models}: only figures need it; add --plots")
    facts = {} if arguments.models is None else read_facts(arguments.models)
    progress = Progress()
    found = find(arguments, settings, progress, by=arguments.by, with_times=arguments.plots is not None)
    found = replace(found, facts={**found.facts, **facts})
    if arguments.by is None:
        one = rated(found, settings, arguments, progress)
        content, rows, text = one.board.to_json(), board_csv(one.board), table(one.board)
        draw = one.draw
    else:
        several = rated_by(found, arguments.by, settings, arguments, progress)
        content, rows, text, draw = several.to_json(), several.to_csv(), several.to_text(), several.draw
    progress.clear()
    if arguments.json is not None:
        write_whole(arguments.json, json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    if arguments.csv is not None:
        write_whole(arguments.csv, rows)
    if arguments.plots is not None:
        draw(arguments.plots, top=arguments.top)
    print_report(text, arguments.json, arguments.csv)
    return 0
