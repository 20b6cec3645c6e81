"""`recompute`: a board as a table, JSON, CSV and figures.

An export of the same votes gives the numbers of the web board, digit for digit.
"""

import argparse
import json
from pathlib import Path

from elo import estimate
from elo.battles import Votes
from elo.board.leaderboard import Leaderboard, board_csv, board_from, rate_online
from elo.board.table import aligned, table
from elo.commands.shared.failures import CommandError, Commands, UsageError
from elo.commands.shared.output import check_folder, check_targets, write_whole
from elo.commands.shared.progress import Progress
from elo.commands.shared.rating_options import Formatter, add_rating_options, settings_from
from elo.commands.shared.sources import add_source_options, files_read, find, time_text
from elo.estimate import Estimate, Spread
from elo.online import OrderSpread, spread_over_orders
from elo.settings import Settings


def add_to(commands: Commands) -> None:
    command = commands.add_parser(
        "recompute",
        help="rate the votes of a database or of files",
        description="Rate the votes of a database or of files, and print the table.",
        formatter_class=Formatter,
    )
    add_source_options(command)
    add_rating_options(command)
    command.add_argument(
        "--orders", metavar="N", type=int,
        help="method elo: also print the spread of its ratings over N random orders of the same votes",
    )  # fmt: skip
    out = command.add_argument_group("output")
    out.add_argument("--json", metavar="OUT", type=Path, help="the board with its settings, source and fit")
    out.add_argument("--csv", metavar="OUT", type=Path, help="the rows of the board")
    out.add_argument("--plots", metavar="DIR", type=Path, help="figures: charts as SVG, pairs of models as HTML tables")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments)
    if arguments.orders is not None and (settings.method != "elo" or arguments.orders < 2):
        raise UsageError(
            f"--orders {arguments.orders}: use 2 or more with --method elo; order does not move the Bradley-Terry fit"
        )
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
        excluded=found.excluded,
        kind=found.kind,
        since=time_text(arguments.since),
        until=time_text(arguments.until),
    )
    content, text = board.to_json(), table(board)
    if arguments.orders is not None:
        assert isinstance(found.data, Votes)
        orders = spread_over_orders(
            found.data,
            settings,
            orders=arguments.orders,
            progress=lambda n, of: progress.count("replaying", "orders", n, of),
        )
        content["orders"], text = orders.to_json(), f"{text}\n\n{_orders_text(orders, settings)}"
    progress.clear()
    if arguments.json is not None:
        write_whole(arguments.json, json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    if arguments.csv is not None:
        write_whole(arguments.csv, board_csv(board))
    if arguments.plots is not None:
        _draw(arguments.plots, board, fitted, spread)
    print(text)
    return 0


def _orders_text(found: OrderSpread, settings: Settings) -> str:
    rows = sorted(
        zip(found.models, found.median.tolist(), found.low.tolist(), found.high.tolist(), strict=True),
        key=lambda row: (-row[1], row[0]),
    )
    header = ["model", "median", f"{100 * settings.level:g} % of the orders"]
    lines = aligned(header, [[model, f"{mid:.1f}", f"{low:.1f} to {high:.1f}"] for model, mid, low, high in rows])
    lines += ["", f"The same votes in {found.orders:,} random orders: the effect of order alone, not an interval."]
    return "\n".join(lines)


def _draw(folder: Path, board: Leaderboard, fitted: Estimate | None, spread: Spread | None) -> None:
    from elo.board.interval_kinds import bounds_by_kind
    from elo.board.matrices import Matrices
    from elo.board.plots import write_figures

    matrices, bounds = None, None
    if fitted is not None and spread is not None:
        bounds = bounds_by_kind(fitted, spread)
        rounds = None if spread.intervals is None else spread.intervals.rounds
        matrices = Matrices.of(
            fitted.counted, fitted.ratings, rounds=rounds, score=fitted.expected_score, group=fitted.group
        )
    try:
        write_figures(folder, board, matrices, bounds)
    except OSError as error:
        raise CommandError(f"the figures cannot be written to {folder}: {error.strerror or error}") from error
