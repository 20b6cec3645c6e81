"""`recompute`: a board from a database or from votes files, as a table and as JSON.

It gives the numbers of the web board, digit for digit, on an export of the same votes.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from elo.battles import Cells, Votes
from elo.commands.failures import CommandError, Commands, UsageError
from elo.commands.output import check_target, write_whole
from elo.commands.progress import Progress
from elo.leaderboard import Leaderboard, rate, rate_online
from elo.settings import Settings
from elo.table import table
from elo.votes_file import VotesFile, read_votes


def add_to(commands: Commands) -> None:
    defaults = Settings()
    command = commands.add_parser(
        "recompute",
        help="rate all votes of a database or of files",
        description="Rates all votes of a database or of files, prints the table and writes it as JSON.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--db", metavar="URL", help="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
    source.add_argument(
        "--votes", metavar="FILE", type=Path, nargs="+", help="CSV, JSON or JSON lines; several are one"
    )
    command.add_argument("--method", choices=("bradley-terry", "elo"), default=defaults.method, help="how to rate")
    command.add_argument(
        "--prior", metavar="C", type=float, default=defaults.prior,
        help="virtual ties of each model against an average opponent; 0: exact maximum likelihood",
    )  # fmt: skip
    command.add_argument(
        "--bootstrap", metavar="N", type=int, default=defaults.bootstrap, help="rounds; 0: no intervals"
    )
    command.add_argument("--seed", metavar="S", type=int, default=defaults.seed, help="of the bootstrap")
    command.add_argument(
        "--k", metavar="K", type=float, default=defaults.k, help="most points a vote moves (method elo)"
    )
    command.add_argument(
        "--kind", metavar="KIND",
        help="kind of battles, such as battle or quick; default: battle, and all rows of a file without that column",
    )  # fmt: skip
    command.add_argument("--skip-bad", action="store_true", help="leave wrong rows of a file out, and say how many")
    command.add_argument("--json", metavar="OUT", type=Path, help="write the board there too")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    if arguments.json is not None:
        check_target(arguments.json, "--json")
    progress = Progress()
    if arguments.db is not None:
        board = _from_database(arguments.db, arguments.kind, settings, progress)
    else:
        board = _from_files(arguments.votes, arguments.kind, arguments.skip_bad, settings, progress)
    progress.clear()
    if arguments.json is not None:
        write_whole(arguments.json, json.dumps(board.to_json(), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    print(table(board))
    return 0


def _settings(arguments: argparse.Namespace) -> Settings:
    try:
        return Settings(
            method=arguments.method,
            prior=arguments.prior,
            bootstrap=arguments.bootstrap,
            seed=arguments.seed,
            k=arguments.k,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


def _from_files(
    paths: Sequence[Path], kind: str | None, skip_bad: bool, settings: Settings, progress: Progress
) -> Leaderboard:
    file = read_votes(paths, kind=kind, skip_bad=skip_bad, progress=progress.rows)
    progress.clear()
    if file.n_other_kinds:
        print(f"rows of other kinds than {kind or 'battle'}, left aside: {file.n_other_kinds}", file=sys.stderr)
    if file.first_bad is not None:
        print(f"bad rows left out: {file.excluded['bad_row']}; the first: {file.first_bad}", file=sys.stderr)
    if not len(file.votes):
        raise CommandError(f"no votes to rate in {', '.join(map(str, paths))}: {_tallied(file)}")
    if settings.method == "elo":
        board = rate_online(file.votes, settings)
    else:
        board = rate(Cells.from_votes(file.votes), settings, progress=progress.rounds)
    return board.sourced(revision=file.revision, excluded=file.excluded)


def _tallied(file: VotesFile) -> str:
    left_out = ", ".join(f"{reason} {n}" for reason, n in sorted(file.excluded.items()))
    return f"{file.n_rows} rows, left out: {left_out or 'none'}, of other kinds: {file.n_other_kinds}"


def _from_database(url: str, kind_label: str | None, settings: Settings, progress: Progress) -> Leaderboard:
    from db import queries
    from db.codes import Kind
    from db.errors import DatabaseError
    from db.session import open_database

    try:
        kind = Kind.parse(kind_label) if kind_label is not None else Kind.BATTLE
    except ValueError as error:
        raise CommandError(str(error)) from error
    try:
        database = open_database(url, create=False)
        try:
            with database.read() as tx:
                revision = queries.ledger_state(tx).revision
                excluded = {reason.label: n for reason, n in queries.exclusions(tx, kind).items()}
                listed = [model.info.name for model in queries.list_models(tx) if model.retired_at is None]
                if settings.method == "elo":
                    votes = Votes.from_rows(queries.votes_in_order(tx, kind))
                else:
                    cells = Cells.from_counts(queries.cells(tx, kind))
        finally:
            database.close()
    except DatabaseError as error:
        raise CommandError(str(error)) from error
    if settings.method == "elo":
        board = rate_online(votes, settings, listed=listed)
    else:
        board = rate(cells, settings, listed=listed, progress=progress.rounds)
    if not board.rows:
        raise CommandError(f"no counted votes of kind {kind.label} in {database.url} (revision {revision})")
    return board.sourced(revision=revision, excluded=excluded)
