"""The votes of a command, from a database or from votes files."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from elo.battles import Cells, Votes
from elo.commands.shared.dialects import add_dialect_options, add_votes_option, dialect_of, print_notices
from elo.commands.shared.failures import CommandError, UsageError
from elo.commands.shared.progress import Progress
from elo.settings import Settings
from elo.votes.files.opening import STANDARD
from elo.votes.values import ValueProblem, time_s
from elo.votes.vote_columns import columns_for, data_for, gathered, reads_answers
from elo.votes.votes_file import VotesFile, read_votes
from elo.votes.wanted import ALL_KINDS

_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Found:
    """Votes, or their counts where those are enough, and what a board reports about their source."""

    data: Cells | Votes
    listed: Sequence[str]
    """Models that are shown even without a vote."""
    revision: int | None
    excluded: Mapping[str, int]
    kind: str | None
    nothing: str
    """The error message if there are no votes."""

    @property
    def has_votes(self) -> bool:
        return bool(len(self.data) if isinstance(self.data, Votes) else self.data.n_votes)


def add_source_options(command: argparse.ArgumentParser) -> None:
    """Add --db, --votes and the options that select votes."""
    group = command.add_argument_group("votes")
    source = group.add_mutually_exclusive_group(required=True)
    source.add_argument("--db", metavar="URL", help="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
    add_votes_option(source)
    group.add_argument(
        "--kind", metavar="KIND",
        help="kind of battles, such as battle or quick, or all (default: battle; all rows of a file without that "
        "column)",
    )  # fmt: skip
    group.add_argument(
        "--since", metavar="TIME", type=_time,
        help="only votes cast then or later: a date, a date and time (UTC, or with an offset) or seconds since 1970",
    )  # fmt: skip
    group.add_argument("--until", metavar="TIME", type=_time, help="only votes cast before then")
    group.add_argument("--skip-bad", action="store_true", help="skip wrong rows of a file, and print how many")
    add_dialect_options(command)


def find(arguments: argparse.Namespace, settings: Settings, progress: Progress) -> Found:
    """The selected votes, in the form that these settings need.

    Raises CommandError, UsageError; VotesFileError.
    """
    since, until = arguments.since, arguments.until
    if since is not None and until is not None and not since < until:
        raise UsageError(f"--since {time_text(since)} is not before --until {time_text(until)}")
    if arguments.db is not None:
        return _in_database(arguments, settings, progress)
    return _in_files(arguments, settings, progress)


def files_read(arguments: argparse.Namespace) -> list[Path]:
    """The files of --votes and --db, which no output may replace."""
    if arguments.db is None:
        return [path for path in arguments.votes if path != STANDARD]
    return [Path(arguments.db.removeprefix(_SQLITE).partition("?")[0])] if arguments.db.startswith(_SQLITE) else []


def time_text(seconds: float | None) -> str | None:
    """A moment as text, in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _time(text: str) -> float:
    try:
        seconds = time_s("it", text)
        time_text(seconds)
    except (ValueProblem, ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a time; expected one such as 2026-01-31, 2026-01-31T12:00 or 1769860800"
        ) from None
    return seconds


def _in_files(arguments: argparse.Namespace, settings: Settings, progress: Progress) -> Found:
    paths: Sequence[Path] = arguments.votes
    file = read_votes(
        paths,
        dialect=dialect_of(arguments),
        kind=arguments.kind,
        since=arguments.since,
        until=arguments.until,
        columns=columns_for(settings),
        skip_bad=arguments.skip_bad,
        progress=progress.rows,
    )
    progress.clear()
    if file.n_other_kinds:
        print(f"skipped rows of other kinds than {arguments.kind or 'battle'}: {file.n_other_kinds:,}", file=sys.stderr)
    if file.n_other_times:
        print(f"skipped rows of other times: {file.n_other_times:,}", file=sys.stderr)
    if file.first_bad is not None:
        print(f"skipped bad rows: {file.excluded['bad_row']:,}; the first: {file.first_bad}", file=sys.stderr)
    print_notices(file)
    return Found(
        file.data_for(settings),
        listed=(),
        revision=file.revision,
        excluded=file.excluded,
        kind=file.kind,
        nothing=f"no votes to rate in {', '.join(map(str, paths))}: {_tallied(file)}",
    )


def _tallied(file: VotesFile) -> str:
    left_out = ", ".join(f"{reason} {n:,}" for reason, n in sorted(file.excluded.items()))
    times = f", of other times: {file.n_other_times:,}" if file.n_other_times else ""
    return f"{file.n_rows:,} rows, left out: {left_out or 'none'}, of other kinds: {file.n_other_kinds:,}{times}"


def _in_database(arguments: argparse.Namespace, settings: Settings, progress: Progress) -> Found:
    from db import queries
    from db.codes import BattleKind
    from db.errors import DatabaseError
    from db.session import open_database

    label, span = arguments.kind or BattleKind.BATTLE.label, {"since": arguments.since, "until": arguments.until}
    try:
        kind = None if label == ALL_KINDS else BattleKind.parse(label)
    except ValueError as error:
        raise CommandError(f"{error}, {ALL_KINDS}") from error
    data: Cells | Votes
    try:
        database = open_database(arguments.db, create=False)
        try:
            with database.read() as tx:
                revision = queries.ledger_state(tx).revision
                excluded = {reason.label: n for reason, n in queries.exclusions(tx, kind, **span).items()}
                listed = [model.info.name for model in queries.list_models(tx) if model.retired_at is None]
                # Only quick battles are on prepared pairs; of all others counts may do, and are read much faster
                is_clustered = kind in (BattleKind.QUICK, None) and bool(queries.cells(tx, BattleKind.QUICK, **span))
                if settings.method == "elo":
                    data = Votes.from_rows(progress.reading(queries.votes_in_order(tx, kind, **span)))
                elif settings.needs_votes or (settings.cluster == "auto" and is_clustered):
                    columns = columns_for(settings)
                    rows = queries.rated_votes(
                        tx, kind, with_answers="features" in columns, with_texts=reads_answers(settings), **span
                    )
                    data = data_for(gathered(progress.reading(rows), columns), settings)
                else:
                    data = Cells.from_counts(queries.cells(tx, kind, **span))
        finally:
            database.close()
    except DatabaseError as error:
        raise CommandError(str(error)) from error
    when = "" if arguments.since is arguments.until is None else " of that time"
    return Found(
        data,
        listed=listed,
        revision=revision,
        excluded=excluded,
        kind=None if kind is None else kind.label,
        nothing=f"no counted votes of kind {label}{when} in {database.url} (revision {revision})",
    )
