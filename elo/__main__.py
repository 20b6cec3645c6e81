"""`python -m elo recompute`: a board from a database or from votes files, as a table and as JSON; `check`: is the live
online Elo of a database what its votes give?

`recompute` gives the numbers of the web board, digit for digit, on an export of the same votes. `check` does all that
`python -m db check` does, which knows no formula, and replays the ratings too.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from elo.battles import Cells, Votes
from elo.bradley_terry import ConvergenceError, NoMaximumError
from elo.leaderboard import Leaderboard, rate, rate_online
from elo.online import settings_of, update
from elo.settings import Settings
from elo.table import table
from elo.votes_file import BadRowError, VotesFile, VotesFileError, read_votes


class CommandError(Exception):
    """Ends the command with this message and exit status 1."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "check":
            return check(arguments.db)
        recompute(arguments, _settings(parser, arguments))
    except (CommandError, VotesFileError, NoMaximumError, ConvergenceError) as error:
        hint = "; --skip-bad leaves such rows out" if isinstance(error, BadRowError) else ""
        print(f"error: {error}{hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 130
    return 0


def _settings(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> Settings:
    try:
        return Settings(
            method=arguments.method,
            prior=arguments.prior,
            bootstrap=arguments.bootstrap,
            seed=arguments.seed,
            k=arguments.k,
        )
    except ValueError as error:
        parser.error(str(error))


def _parser() -> argparse.ArgumentParser:
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m elo", description="Ratings from votes.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
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
    command = commands.add_parser("check", help="look for anything in a database that must not be, live ratings too")
    command.add_argument(
        "--db", metavar="URL", required=True, help="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    )
    return parser


def check(url: str) -> int:
    """Print what is wrong in the database, or that nothing is; the exit code. Raises `CommandError` where it cannot be
    opened."""
    from db import queries
    from db.errors import DatabaseError
    from db.integrity import problems
    from db.session import open_database

    try:
        database = open_database(url, create=False)
        try:
            with database.read() as tx:
                state = queries.ledger_state(tx)
                known = None
                if (settings := settings_of(state.elo_name)) is not None:
                    known = queries.OnlineElo(state.elo_name, settings.start, partial(update, settings=settings))
                found = problems(tx, known)
        finally:
            database.close()
    except DatabaseError as error:
        raise CommandError(str(error)) from error
    if state.elo_revision != state.revision:
        ratings = "its online ratings are out of date, and the next vote replays them"
    elif known is None:
        ratings = "no vote has moved its online ratings" if not state.elo_name else f"no replay of {state.elo_name!r}"
    else:
        ratings = f"its online ratings equal their replay ({state.elo_name})"
    print("\n".join(found) or f"{database.url} is sound; {ratings}")
    return 1 if found else 0


def recompute(arguments: argparse.Namespace, settings: Settings) -> None:
    if arguments.json is not None:
        _check_target(arguments.json)
    progress = Progress()
    if arguments.db is not None:
        board = _from_database(arguments.db, arguments.kind, settings, progress)
    else:
        board = _from_files(arguments.votes, arguments.kind, arguments.skip_bad, settings, progress)
    progress.clear()
    if arguments.json is not None:
        _write_whole(arguments.json, json.dumps(board.to_json(), ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    print(table(board))


def _from_files(
    paths: Sequence[Path], kind: str | None, skip_bad: bool, settings: Settings, progress: "Progress"
) -> Leaderboard:
    file = read_votes(paths, kind=kind, skip_bad=skip_bad, progress=lambda n: progress.show(f"reading: {n} rows"))
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


def _from_database(url: str, kind_label: str | None, settings: Settings, progress: "Progress") -> Leaderboard:
    from db import queries  # here, so that votes files are rated without loading SQLAlchemy
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


def _check_target(path: Path) -> None:
    """Before any work: can the file be written at all?"""
    if path.is_dir():
        raise CommandError(f"{path} is a folder; give --json the name of a file")
    if path.exists() and not path.is_file():
        raise CommandError(f"{path} is no ordinary file and would be replaced by one; give --json another name")
    if not path.absolute().parent.is_dir():
        raise CommandError(f"there is no folder {path.absolute().parent} for --json {path.name}; make it first")


def _write_whole(path: Path, text: str) -> None:
    """All or nothing: an old file stays until the new one is safe on disk."""
    draft = path.absolute().with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with draft.open("x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror or error}") from error


@dataclass(slots=True)
class Progress:
    """One line on standard error, rewritten on a terminal; elsewhere a line every few seconds. Short work shows
    nothing."""

    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)
    shown_at: float = field(init=False, default=float("-inf"))
    has_line: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    def rounds(self, done: int, n_rounds: int) -> None:
        self.show(f"bootstrap: {done} of {n_rounds} rounds")

    def show(self, text: str) -> None:
        now = self.clock()
        is_terminal = sys.stderr.isatty()
        if now - self.began < 1 or now - self.shown_at < (0.1 if is_terminal else 5):
            return
        self.shown_at = now
        print(f"\r\033[K{text}" if is_terminal else text, end="" if is_terminal else "\n", file=sys.stderr, flush=True)
        self.has_line = is_terminal

    def clear(self) -> None:
        if self.has_line:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self.has_line = False


if __name__ == "__main__":
    sys.exit(main())
