"""The votes of a command, from a database or from votes files."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from elo.battles import Cells, Votes
from elo.commands.shared.dialects import add_dialect_options, add_votes_option, dialect_of, print_notices
from elo.commands.shared.facts import ModelFacts
from elo.commands.shared.failures import UsageError
from elo.commands.shared.progress import Progress
from elo.settings import Settings
from elo.votes.files.opening import STANDARD
from elo.votes.selection.wanted import Tally
from elo.votes.selection.where import Condition, ConditionError
from elo.votes.values import ValueProblem, time_s
from elo.votes.vote_columns import columns_for, further_for
from elo.votes.votes_file import VotesFile, read_votes

_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class Found:
    """Votes, or their counts where those are enough, and what a board reports about their source."""

    data: Cells | Votes
    listed: Sequence[str]
    """Models that are shown even without a vote."""
    revision: int | None
    tally: Tally
    """The rows that were read and left out."""
    excluded: Mapping[str, int]
    """Votes that do not count, by reason."""
    n_others: int
    """Votes that the conditions left out."""
    kind: str | None
    where: tuple[str, ...]
    """The conditions that the votes satisfy."""
    nothing: str
    """The error message if there are no votes."""
    dated: Votes | None = None
    """The votes one by one with their times, if they were asked for; None where the source has only counts."""
    facts: Mapping[str, ModelFacts] = field(default_factory=dict)
    """What a database knows of models beside their votes."""

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
    add_where_option(group)
    group.add_argument("--skip-bad", action="store_true", help="skip wrong rows of a file, and print how many")
    add_dialect_options(command)


def add_where_option(group: "argparse._ActionsContainer") -> None:
    """Add --where."""
    group.add_argument(
        "--where", metavar="CONDITION", type=_condition, action="append", default=[],
        help="only votes with COLUMN=VALUE, such as language=ko; also !=, >= and <=, such as n_turns>=2; for a list, "
        "such as tags, = means that it contains the value; repeat it for several conditions, which must all hold",
    )  # fmt: skip


def find(
    arguments: argparse.Namespace,
    settings: Settings,
    progress: Progress,
    *,
    by: str | None = None,
    with_times: bool = False,
) -> Found:
    """The selected votes, in the form that these settings need; with a column `by` always one by one. `with_times`:
    also as `Found.dated`.

    Raises CommandError, UsageError; VotesFileError.
    """
    since, until = arguments.since, arguments.until
    if since is not None and until is not None and not since < until:
        raise UsageError(f"--since {time_text(since)} is not before --until {time_text(until)}")
    if arguments.db is not None:
        return _in_database(arguments, settings, by, progress, with_times=with_times)
    return _in_files(arguments, settings, by, progress, with_times=with_times)


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


def _condition(text: str) -> Condition:
    try:
        return Condition.parse(text)
    except ConditionError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _in_files(
    arguments: argparse.Namespace, settings: Settings, by: str | None, progress: Progress, *, with_times: bool
) -> Found:
    paths: Sequence[Path] = arguments.votes
    columns = columns_for(settings)
    if with_times and "time" not in columns:  # a figure less is better than a row less
        columns |= {"time", "time_if_right"}
    file = read_votes(
        paths,
        dialect=dialect_of(arguments),
        kind=arguments.kind,
        since=arguments.since,
        until=arguments.until,
        columns=columns,
        further=further_for(settings, by),
        numbers=settings.control_columns,
        where=arguments.where,
        by=by,
        skip_bad=arguments.skip_bad,
        progress=progress.rows,
    )
    progress.clear()
    tally = file.tally
    if tally.n_other_kinds:
        print(
            f"skipped rows of other kinds than {arguments.kind or 'battle'}: {tally.n_other_kinds:,}", file=sys.stderr
        )
    if tally.n_other_times:
        print(f"skipped rows of other times: {tally.n_other_times:,}", file=sys.stderr)
    if file.first_bad is not None:
        print(f"skipped bad rows: {tally.excluded['bad_row']:,}; the first: {file.first_bad}", file=sys.stderr)
    print_notices(file)
    return Found(
        file.votes if by is not None else file.data_for(settings),
        listed=(),
        revision=file.revision,
        tally=tally,
        excluded=tally.excluded,
        n_others=tally.n_other_values,
        kind=file.kind,
        where=tuple(map(str, arguments.where)),
        nothing=f"no votes to rate in {', '.join(map(str, paths))}: {_tallied(file)}",
        dated=file.lines if with_times and file.counts is None else None,
    )


def _tallied(file: VotesFile) -> str:
    tally = file.tally
    left_out = ", ".join(f"{reason} {n:,}" for reason, n in sorted(tally.excluded.items()))
    others = (("kinds", tally.n_other_kinds), ("times", tally.n_other_times), ("values", tally.n_other_values))
    of_others = [f", of other {what}: {n:,}" for what, n in others if n or what == "kinds"]
    return f"{tally.n_rows:,} row{'s' * (tally.n_rows != 1)}, left out: {left_out or 'none'}{''.join(of_others)}"


def _in_database(
    arguments: argparse.Namespace, settings: Settings, by: str | None, progress: Progress, *, with_times: bool
) -> Found:
    from elo.commands.shared.stored_votes import Selection, in_database, kind_of, stored_votes

    kind, span = kind_of(arguments), {"since": arguments.since, "until": arguments.until}
    selection = Selection(further_for(settings, by), arguments.where, by, with_times=with_times)
    stored, url = in_database(
        arguments.db, lambda tx, url: (stored_votes(tx, kind, settings, selection, progress, **span), url)
    )
    when = "" if arguments.since is arguments.until is None else " of that time"
    where = f" where {' and '.join(map(str, arguments.where))}" if arguments.where else ""
    label = arguments.kind or "battle"
    return Found(
        stored.data,
        listed=stored.listed,
        revision=stored.revision,
        tally=selection.tally,
        excluded=selection.tally.excluded,
        n_others=selection.tally.n_other_values,
        kind=None if kind is None else kind.label,
        where=tuple(map(str, arguments.where)),
        nothing=f"no counted votes of kind {label}{when}{where} in {url} (revision {stored.revision})",
        dated=stored.dated,
        facts={model: ModelFacts(size=float(n)) for model, n in stored.parameters.items()},
    )
