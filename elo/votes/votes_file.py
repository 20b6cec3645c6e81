"""Read votes files, and tables in memory, into arrays of indices, in one pass.

    sides     model_a, model_b | left, right
    outcome   winner: a|model_a|left, b|model_b|right, tie, both_bad|tie (bothbad), or the name of one of the two models
              | exactly one of winner_model_a, winner_model_b, winner_tie
    optional  count|n|weight, battle, counted, anony, kind, reasons, ledger_revision
    on request  visitor|voter|judge|worker, prepared_id, tstamp|timestamp, draw_probability, the columns of `answers`

The caller can name columns by their role, and add labels of winners; exports of other projects are in `public_formats`.
Columns without a meaning are listed in `VotesFile.unused`. Rows of another kind or time, rows with `counted` false and
rows with `anony` false are tallied without being validated; so are lines of our exports whose `battle` was read
before. Every other row must be right: an unknown outcome never becomes a tie. Names are text, even if a file has
numbers.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from db.outcome import Outcome
from elo.battles import Cells, Index, Votes
from elo.settings import Settings
from elo.votes.decoding.file_votes import FileVotes
from elo.votes.decoding.reading import BadRowError, OtherColumnsError, Reading, VotesFileError
from elo.votes.dialects.layout import EXPECTED, TIME, Layout, LayoutError, OtherNamesError
from elo.votes.dialects.names import lookalikes
from elo.votes.dialects.public_formats import FormatTable, format_for
from elo.votes.dialects.winners import Labels, Meaning
from elo.votes.files.chunks import PackedError, RowsError, Table
from elo.votes.files.csv_file import CsvFile
from elo.votes.files.json_file import open_json
from elo.votes.files.memory import MemoryTable, Values
from elo.votes.files.opening import STANDARD, Opened
from elo.votes.files.parquet_file import ParquetFile
from elo.votes.further import UnknownColumnError
from elo.votes.selection.wanted import ALL_KINDS, Tally, Wanted
from elo.votes.selection.where import Condition
from elo.votes.vote_columns import Column, VoteColumns, data_for

__all__ = [
    "BadRowError",
    "Dialect",
    "OtherColumnsError",
    "VotesFile",
    "VotesFileError",
    "VotesTable",
    "opened",
    "read_votes",
    "votes_of_columns",
]
_PROGRESS_ROWS = 100_000
MOST_ONE_BY_ONE = 20_000_000
"""Votes that a file with counts may be expanded to, where they are needed one by one."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the columns and values of a file mean, where their names do not say it."""

    named: Mapping[str, str] = field(default_factory=dict)
    """Columns by their role, one of `layout.ROLES`: {"a": "white", "b": "black", "winner": "result"}. An empty name:
    the role has no column."""
    labels: Mapping[str, Meaning] = field(default_factory=dict)
    """More spellings of the winner: {"1-0": Outcome.A}; "name" as a meaning: it is the name of a model."""
    format: str | None = None
    """One of `public_formats.FORMATS`; None: what the columns show."""
    fold_names: bool = False
    """Whether names that look the same are one, see `names.folded`."""


@dataclass(frozen=True, slots=True, eq=False)
class VotesFile:
    """The votes of files in order, and the tally of the rows left out (`bad_row`: skipped as wrong)."""

    lines: Votes
    """The rows that gave votes; each is one vote, or as many as its count."""
    counts: Index | None
    """(N,): how many votes each of `lines` stands for; None: one."""
    tally: Tally
    kind: str | None
    """The kind of the votes; None: any, or unknown."""
    revision: int | None
    """The ledger's revision, if all rows are of one export."""
    first_bad: str | None
    """The error in the first row that was skipped."""
    unused: tuple[str, ...]
    """Columns of the files whose meaning is unknown."""
    lookalikes: tuple[tuple[str, ...], ...]
    """Groups of names that look the same."""

    @property
    def n_rows(self) -> int:
        return self.tally.n_rows

    @property
    def excluded(self) -> Mapping[str, int]:
        """How many rows were left out, by reason."""
        return self.tally.excluded

    @property
    def n_other_kinds(self) -> int:
        return self.tally.n_other_kinds

    @property
    def n_other_times(self) -> int:
        return self.tally.n_other_times

    @property
    def n_votes(self) -> int:
        return len(self.lines) if self.counts is None else int(self.counts.sum())

    @property
    def votes(self) -> Votes:
        """The votes one by one. Raises VotesFileError if counts stand for more than `MOST_ONE_BY_ONE`."""
        if self.counts is None:
            return self.lines
        if self.n_votes > MOST_ONE_BY_ONE:
            raise VotesFileError(
                f"these settings need every vote by itself, and the counts stand for {self.n_votes:,}; the limit is "
                f"{MOST_ONE_BY_ONE:,}. Ratings from counts need method bradley-terry without weights, controls and "
                "clusters"
            )
        return self.lines.select(np.repeat(np.arange(len(self.lines)), self.counts))

    def data_for(self, settings: Settings) -> Cells | Votes:
        """What `rate` needs of these votes: counts, unless the settings need the votes one by one. Raises
        VotesFileError as `votes` does."""
        if self.counts is None:
            return data_for(self.lines, settings)
        lines = self.lines
        if settings.cluster == "auto" and self.n_votes > MOST_ONE_BY_ONE:  # too many to look at their voters
            lines = replace(lines, voter=None, voters=())
        if not isinstance(data_for(lines, settings), Cells):
            return data_for(self.votes, settings)
        return _counted(self.lines, self.counts)


def _counted(lines: Votes, counts: Index) -> Cells:
    """The cells of lines that stand for several votes."""
    names, outcomes = lines.models, 4
    keys = (lines.a.astype(np.int64) * len(names) + lines.b) * outcomes + lines.outcome
    distinct, place = np.unique(keys, return_inverse=True)
    sums = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(sums, place, counts)
    pair, outcome = np.divmod(distinct, outcomes)
    a, b = np.divmod(pair, len(names))
    rows = zip(a.tolist(), b.tolist(), outcome.tolist(), sums.tolist(), strict=True)
    return Cells.from_counts((names[i], names[j], Outcome(o), n) for i, j, o, n in rows)


def read_votes(
    paths: Sequence[Path],
    *,
    dialect: Dialect | None = None,
    kind: str | None = None,
    since: float | None = None,
    until: float | None = None,
    columns: Collection[Column] = (),
    further: Sequence[str] = (),
    numbers: Collection[str] = (),
    where: Sequence[Condition] = (),
    by: str | None = None,
    skip_bad: bool = False,
    progress: Callable[[int], None] | None = None,
) -> VotesFile:
    """The votes of the files, one after the other, as if they were one file. The path "-" is standard input.

    `kind` None takes rows of kind `battle`, or all rows of a file without that column; "all" takes all rows. Of these
    it takes the votes cast from `since` and before `until`, in seconds since 1970. `columns` are read besides models
    and outcome, if any file has them. `further` are other columns by name, such as language: they become
    `Votes.further`, and every file must have them; those in `numbers` must be of numbers. Only rows for which all
    conditions `where` hold are read, and the others are tallied. A vote that does not count is tallied under each of
    its `reasons`, or as `not_counted`; one with `anony` false as `not_anonymous`; and, with a column `by`, for each of
    its values. `progress` is called with the number of rows read.

    Raises BadRowError for a wrong row, unless `skip_bad` tallies it; VotesFileError for a file that is missing, empty,
    not UTF-8, not a votes file, or without the column that `kind`, a time or a condition needs, or a further column,
    and for a condition that cannot be compared with a value.
    """
    wanted = Wanted(kind, since, until, tuple(where), by)
    reader = _reader(dialect, wanted, columns, further, numbers, skip_bad, progress)
    for path in paths:
        with opened(path, reader.dialect) as table:
            reader.read(table)
    return reader.result()


def votes_of_columns(
    table: Mapping[str, Values],
    *,
    dialect: Dialect | None = None,
    kind: str | None = None,
    since: float | None = None,
    until: float | None = None,
    columns: Collection[Column] = (),
    further: Sequence[str] = (),
    numbers: Collection[str] = (),
    where: Sequence[Condition] = (),
    by: str | None = None,
    skip_bad: bool = False,
    name: str = "the table",
) -> VotesFile:
    """The votes of a table in memory: its columns by name, each with one value a row, as lists or as arrays of numpy or
    pyarrow.

    Columns are found by their names as in a file. The other arguments are those of `read_votes`.

    Raises BadRowError and VotesFileError like `read_votes`, with `name` in place of the path and rows counted from 1.
    """
    lengths = {column: len(values) for column, values in table.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{column!r} {n:,}" for column, n in lengths.items())
        raise VotesFileError(f"{name} has columns of different lengths: {shown}; expected one value a row in each")
    wanted = Wanted(kind, since, until, tuple(where), by)
    reader = _reader(dialect, wanted, columns, further, numbers, skip_bad, None)
    with _errors_of(name):
        reader.read(VotesTable.of(MemoryTable(table), reader.dialect, name))
    return reader.result()


def _reader(
    dialect: Dialect | None,
    wanted: Wanted,
    columns: Collection[Column],
    further: Sequence[str],
    numbers: Collection[str],
    skip_bad: bool,
    progress: Callable[[int], None] | None,
) -> "_Reader":
    dialect = dialect or Dialect()
    into = VoteColumns(frozenset(columns), further=further)
    reading = Reading(wanted, into, frozenset(numbers), dialect.fold_names, skip_bad)
    return _Reader(dialect, reading, progress)


@dataclass(slots=True)
class _Reader:
    dialect: Dialect
    reading: Reading
    progress: Callable[[int], None] | None
    has_kinds: bool = True
    unused: dict[str, None] = field(default_factory=dict)
    n_unreported: int = 0

    def read(self, table: "VotesTable") -> None:
        layout, reading = table.layout, self.reading
        table.check_selection(reading.wanted)
        self.has_kinds &= "kind" in layout.fixed
        reading.columns.known |= layout.known()
        unused = table.unused
        votes = FileVotes(table.rows, layout, reading, table.labels, table.name)
        self.unused |= dict.fromkeys(column for column in unused if column not in votes.names)
        for chunk in table.rows.chunks(votes.names):
            votes.take(chunk)
            self.report(len(chunk))
        votes.check_end()

    def report(self, n_rows: int) -> None:
        """Count these rows, and now and then call `progress`."""
        self.n_unreported += n_rows
        if self.progress and self.n_unreported >= _PROGRESS_ROWS:
            self.n_unreported = 0
            self.progress(self.reading.tally.n_rows)

    def result(self) -> VotesFile:
        reading = self.reading
        revision = next(iter(reading.revisions)) if len(reading.revisions) == 1 else None
        counts = reading.columns.counts
        return VotesFile(
            reading.columns.votes(),
            np.frombuffer(counts, dtype=np.int64) if counts else None,
            reading.tally,
            reading.wanted.one_kind if self.has_kinds else None,
            revision if isinstance(revision, int) else None,
            reading.first_bad,
            tuple(self.unused),
            lookalikes(reading.columns.models.numbers),
        )


@dataclass(frozen=True, slots=True)
class VotesTable:
    """A file or table whose rows are votes, with what its columns mean, and its name for messages."""

    rows: Table
    layout: Layout
    labels: Labels
    name: str

    @classmethod
    def of(cls, table: Table, dialect: Dialect, name: str) -> "VotesTable":
        """Raises LayoutError."""
        is_found = dialect.format is None and _is_header(table.columns, dialect.named)
        format_ = None if is_found else format_for(dialect.format, table.columns)
        if format_ is None:
            layout = Layout.of(table.columns, dialect.named)
            layout.check_counts(table.columns, dialect.named)
            return cls(table, layout, Labels(dialect.labels), name)
        rows = FormatTable(table, format_)
        layout = Layout.of(rows.columns, {**rows.named, **dialect.named})
        return cls(rows, layout, Labels({**format_.labels, **dialect.labels}), name)

    @property
    def unused(self) -> list[str]:
        """The columns whose meaning is unknown."""
        known = self.rows.known if isinstance(self.rows, FormatTable) else ()
        return [name for name in self.layout.unused(self.rows.columns) if name not in known]

    def check_selection(self, wanted: Wanted) -> None:
        """Raise VotesFileError without a column that the selection of rows needs."""
        if wanted.kind is not None and wanted.kind != ALL_KINDS and "kind" not in self.layout.fixed:
            raise VotesFileError(f"{self.name} has no column kind, so rows of kind {wanted.kind!r} cannot be selected")
        if wanted.has_times and self.layout.time is None:
            raise VotesFileError(
                f"{self.name} has no column {' or '.join(TIME)}, so votes cannot be selected by time; "
                "a column of another name can be named: --columns time=created_at (in Python, "
                "columns={'time': 'created_at'})"
            )


def _is_header(columns: Sequence[str], named: Mapping[str, str]) -> bool:
    try:
        Layout.of(columns, named)
    except LayoutError:
        return False
    return True


@contextmanager
def opened(path: Path, dialect: Dialect | None = None) -> Iterator[VotesTable]:
    """A votes file of any format, for readers that need more than `Votes` has. Errors in the file, also while its rows
    are read, are raised as VotesFileError."""
    dialect = dialect or Dialect()
    name = "standard input" if path == STANDARD else str(path)
    if path != STANDARD:
        _check_file(path)
    with _errors_of(name), Opened(path) as file:
        yield VotesTable.of(_table(file, dialect), dialect, name)


def _table(file: Opened, dialect: Dialect) -> Table:
    if file.is_parquet:
        return ParquetFile(file)

    def is_header(columns: Sequence[str]) -> bool:
        return _is_header(columns, dialect.named) or format_for(None, columns) is not None

    with file.text() as text:
        start = text.read(4096).lstrip()[:1]
    if not start:
        raise RowsError("is empty")
    return open_json(file, is_header) if start in "[{" else CsvFile(file, is_header)


def _check_file(path: Path) -> None:
    if path.is_fifo():
        raise VotesFileError(f"{path} is a pipe, and votes are read more than once; write them to a file first")
    if path.is_dir():
        raise VotesFileError(f"{path} is a folder; name the files in it")
    if path.exists() and not path.is_file():  # a device may never end
        raise VotesFileError(f"{path} is not a regular file; expected CSV, JSON or JSON lines")


@contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Raise errors of the file as VotesFileError."""
    try:
        yield
    except OtherNamesError as error:
        raise OtherColumnsError(f"{name} {error}") from error
    except (LayoutError, UnknownColumnError, PackedError) as error:
        raise VotesFileError(f"{name} {error}") from error
    except RowsError as error:
        raise VotesFileError(f"{name} {error}; {EXPECTED}") from error
    except UnicodeDecodeError as error:
        raise VotesFileError(
            f"{name} is not UTF-8 text (byte 0x{error.object[error.start]:02x}); save it as UTF-8"
        ) from error
    except OSError as error:
        raise VotesFileError(f"{name} cannot be read: {error.strerror or error}") from error
