"""Read votes files into arrays of indices, in one pass.

    sides     model_a, model_b | left, right
    outcome   winner: a|model_a|left, b|model_b|right, tie, both_bad|tie (bothbad)
              | exactly one of winner_model_a, winner_model_b, winner_tie
    optional  counted, anony, kind, reasons, ledger_revision
    on request  visitor|voter|judge|worker, prepared_id, tstamp|timestamp, draw_probability, the columns of `answers`

Other columns are ignored. Rows of another kind or time, rows with `counted` false and rows with `anony` false are
tallied without being validated. Every other row must be right: an unknown outcome never becomes a tie. Names are text,
even if a file has numbers. Plain CSV is read column by column (`plain_votes`), up to the first line that is not plain
or not right; both readers give the same result.
"""

import gzip
import io
import math
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO, cast

import numpy as np
from numpy.typing import NDArray

from db.outcome import Outcome
from elo.battles import Votes
from elo.columns import Cell
from elo.votes import answers, values
from elo.votes.further import NESTED, Further
from elo.votes.layout import EXPECTED, TIME, Layout, LayoutError
from elo.votes.parquet import MAGIC, ParquetRows
from elo.votes.plain_csv import NotPlainError, PlainCsv
from elo.votes.plain_votes import PlainVotes
from elo.votes.rows import CsvRows, Rows, RowsError, VoteRow, flattened, open_rows
from elo.votes.values import ValueProblem
from elo.votes.vote_columns import NO_EXTRAS, Column, Extras, VoteColumns
from elo.votes.wanted import ALL_KINDS, Tally, Wanted
from elo.votes.where import Condition, ConditionError

_GZIP = b"\x1f\x8b"
_PROGRESS_ROWS = 100_000


class VotesFileError(ValueError):
    """The file is missing, not text, or not votes."""


class BadRowError(VotesFileError):
    """One row is wrong; the message names file, line, value and what was expected."""


@dataclass(frozen=True, slots=True, eq=False)
class VotesFile:
    """The votes of files in order, and the tally of the rows left out (`bad_row`: skipped as wrong)."""

    votes: Votes
    tally: Tally
    kind: str | None
    """The kind of the votes; None: any, or unknown."""
    revision: int | None
    """The ledger's revision, if all rows are of one export."""
    first_bad: str | None
    """The error in the first row that was skipped."""

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


def read_votes(
    paths: Sequence[Path],
    *,
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
    """The votes of the files, one after the other, as if they were one file.

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
    into = VoteColumns(frozenset(columns), further=further)
    reader = _Reader(wanted, into, skip_bad, progress, numbers=frozenset(numbers))
    for path in paths:
        with _errors_of(path):
            reader.read(path)
    return reader.result()


def votes_of_columns(
    table: Mapping[str, Sequence[object] | NDArray[Any]],
    *,
    named: Mapping[str, str] | None = None,
    labels: Mapping[str, Outcome] | None = None,
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
    """The votes of a table in memory: its columns by name, each with one value a row, as lists or arrays.

    Columns are found by their names as in a file. `named` says which column has a role that its name does not say
    (`{"a": "white", "b": "black", "winner": "result"}`), `labels` are more spellings of the winner
    (`{"1-0": Outcome.A}`). The other arguments are those of `read_votes`.

    Raises BadRowError and VotesFileError like `read_votes`, with `name` in place of the path and rows counted from 1.
    """
    lengths = {column: len(values) for column, values in table.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{column!r} {n:,}" for column, n in lengths.items())
        raise VotesFileError(f"{name} has columns of different lengths: {shown}; expected one value a row in each")
    reader = _Reader(
        Wanted(kind, since, until, tuple(where), by),
        VoteColumns(frozenset(columns), further=further),
        skip_bad,
        None,
        named or {},
        labels or {},
        frozenset(numbers),
    )
    rows = _TableRows(table, tuple(table))
    try:
        reader.read_rows(name, rows, reader.layout(name, rows), unit="row")
    except LayoutError as error:
        raise VotesFileError(f"{name} {error}") from error
    return reader.result()


@dataclass(slots=True)
class _TableRows:
    """Columns in memory as rows, counted from 1."""

    table: Mapping[str, Sequence[object] | NDArray[Any]]
    columns: tuple[str, ...]

    def pick(self, wanted: Sequence[str], whole: Sequence[str] = ()) -> Iterator[VoteRow]:
        n_rows = len(next(iter(self.table.values()), ()))
        nothing = [None] * n_rows
        columns = [self._values(column) if column in self.table else nothing for column in (*wanted, *whole)]
        for number, row in enumerate(zip(*columns, strict=True), start=1):
            yield VoteRow(number, flattened(row[: len(wanted)]), row[len(wanted) :])

    def _values(self, column: str) -> Sequence[object]:
        values = self.table[column]
        listed = values.tolist() if isinstance(values, np.ndarray) else values
        return [None if value != value else value for value in listed]  # NaN: missing


@dataclass(slots=True)
class _Reader:
    wanted: Wanted
    columns: VoteColumns
    skip_bad: bool
    progress: Callable[[int], None] | None
    named: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Outcome] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    tally: Tally = field(default_factory=Tally)
    has_kinds: bool = True
    revisions: set[object] = field(default_factory=set)
    first_bad: str | None = None
    n_unreported: int = 0

    def result(self) -> VotesFile:
        revision = self.revisions.pop() if len(self.revisions) == 1 else None
        return VotesFile(
            self.columns.votes(),
            self.tally,
            self.wanted.one_kind if self.has_kinds else None,
            revision if isinstance(revision, int) else None,
            self.first_bad,
        )

    def read(self, path: Path) -> None:
        if _is_parquet(path):
            rows: Rows = ParquetRows(path)
            self.read_rows(path, rows, self.layout(path, rows), unit="row")
            return
        with _text(path) as text:
            rows = open_rows(text)
            layout = self.layout(path, rows)
            further = self.further(rows)
            is_nested = not set(further.picked).isdisjoint(NESTED) or bool(further.awaited)
            looks_at_answers = "features" in self.columns.wanted and bool(layout.answers)
            if not isinstance(rows, CsvRows) or looks_at_answers or is_nested:
                self.read_rows(path, rows, layout)
                return
        rest = self.read_plain(path, rows.columns, layout, further)
        if rest is not None:
            with _text(path, offset=rest.offset) as text:
                header = rows.columns if rest.offset else ()
                self.read_rows(path, CsvRows(text, header=header, n_lines=rest.n_lines), layout)

    def layout(self, path: Path | str, rows: Rows) -> Layout:
        layout = Layout.of(rows.columns, self.named)
        if self.wanted.kind is not None and self.wanted.kind != ALL_KINDS and "kind" not in rows.columns:
            raise VotesFileError(f"{path} has no column kind, so rows of kind {self.wanted.kind!r} cannot be selected")
        if self.wanted.has_times and layout.time is None:
            raise VotesFileError(f"{path} has no column {' or '.join(TIME)}, so votes cannot be selected by time")
        self.has_kinds &= "kind" in rows.columns
        self.columns.known |= layout.known()
        return layout

    @property
    def further_names(self) -> tuple[str, ...]:
        """Those that the votes carry, then those that only conditions and the tally need."""
        others = (*(condition.column for condition in self.wanted.where), self.wanted.by)
        return tuple(dict.fromkeys([*self.columns.further, *(name for name in others if name is not None)]))

    def further(self, rows: Rows) -> Further:
        """Where these rows have the further columns and those of the conditions."""
        is_first_row = not isinstance(rows, CsvRows | ParquetRows | _TableRows)
        return Further.of(self.further_names, rows.columns, numbers=self.numbers, is_first_row=is_first_row)

    def read_plain(self, path: Path, columns: Sequence[str], layout: Layout, further: Further) -> PlainCsv | None:
        """Take the votes of the file up to the first line that is not plain or not right. Return None at the end of the
        file, else where that line is."""
        votes = PlainVotes(layout, columns, self.wanted, further, self.columns, self.tally)
        with _bytes(path) as file:
            plain = PlainCsv(file, columns)
            for block in plain.blocks():
                try:
                    votes.take(block)
                except NotPlainError:
                    break
                self.report(len(block))
        self.revisions |= votes.revisions
        return None if plain.is_whole else plain

    def read_rows(self, path: Path | str, rows: Rows, layout: Layout, *, unit: str = "line") -> None:
        known: dict[tuple[object, ...], tuple[int, int, int]] = {}  # most rows repeat a few combinations
        wants_extras, has_times = bool(self.columns.wanted), self.wanted.has_times
        further, n_kept = self.further(rows), len(self.columns.further)
        selects = has_times or bool(self.wanted.where)
        models, n_base = self.columns.models, len(layout.base)
        picked = (*layout.base, *layout.extras) if wants_extras or has_times else layout.base
        of_answers = layout.answers if "features" in self.columns.wanted else ()
        for row in rows.pick(picked, (*of_answers, *further.picked)):
            self.tally.n_rows += 1
            self.report(1)
            cells = row.values[:n_base]
            vote = known.get(cells)
            found = further.cells(row.whole[len(of_answers) :]) if further.names and row.problem is None else ()
            try:
                if vote is None:
                    if (battle := self.battle(row, layout, found)) is None:
                        continue
                elif selects and not self.is_selected(row, layout, found):
                    continue
                extras = self.extras(row, layout) if wants_extras else NO_EXTRAS
                if n_kept:
                    further.check(found)
                    extras = replace(extras, further=found[:n_kept])
            except ConditionError as error:
                raise VotesFileError(f"{path}, {unit} {row.line}: {error}") from error
            except ValueProblem as problem:
                self.skip(f"{path}, {unit} {row.line}: {problem}")
                continue
            if vote is None:
                assert battle is not None
                vote = models.of(battle.model_a), models.of(battle.model_b), int(battle.outcome)
                if all(type(cell) is str for cell in cells[:2]):  # because 1 and True are the same key
                    known[cells] = vote
            self.columns.add_numbered(*vote, extras)
        further.check_found()

    def skip(self, message: str) -> None:
        if not self.skip_bad:
            raise BadRowError(message)
        self.first_bad = self.first_bad or message
        self.tally.excluded["bad_row"] += 1

    def report(self, n_rows: int) -> None:
        """Count these rows, and now and then call `progress`."""
        self.n_unreported += n_rows
        if self.progress and self.n_unreported >= _PROGRESS_ROWS:
            self.n_unreported = 0
            self.progress(self.tally.n_rows)

    def battle(self, found: VoteRow, layout: Layout, further: Sequence[Cell]) -> "_Battle | None":
        """The battle, or None where the row is left out and tallied."""
        if found.problem is not None:
            raise ValueProblem(found.problem)
        row = dict(zip(layout.base, found.values, strict=False))
        self.revisions.add(row["ledger_revision"])
        if not self.wanted.is_kind(row["kind"]):
            self.tally.n_other_kinds += 1
            return None
        if not self.is_selected(found, layout, further):
            return None
        if not values.truth("counted", row["counted"], default=True):
            self.tally.exclude(values.reasons(row["reasons"]) or ("not_counted",), self.by(further))
            return None
        if not values.truth("anony", row["anony"], default=True):
            self.tally.exclude(["not_anonymous"], self.by(further))
            return None
        side_a, side_b = (values.model_name(side, row[side]) for side in layout.sides)
        if side_a == side_b:
            raise ValueProblem(f"{layout.sides[0]} and {layout.sides[1]} are both {side_a!r}; expected two models")
        return _Battle(side_a, side_b, values.outcome([row[column] for column in layout.outcome], self.labels))

    def by(self, further: Sequence[Cell]) -> Cell | None:
        """The cell of the column `by`."""
        return None if self.wanted.by is None else further[self.further_names.index(self.wanted.by)]

    def is_selected(self, row: VoteRow, layout: Layout, further: Sequence[Cell]) -> bool:
        """Whether the row is of the wanted time and all conditions hold; the others are tallied."""
        if self.wanted.has_times and not self.is_in_time(row, layout):
            return False
        if not self.wanted.where:
            return True
        cells = dict(zip(self.further_names, further, strict=True))
        holds = all(condition.holds(cells[condition.column]) for condition in self.wanted.where)
        self.tally.n_other_values += not holds
        return holds

    def is_in_time(self, row: VoteRow, layout: Layout) -> bool:
        """Whether the vote was cast in the wanted time; the others are tallied."""
        column, value = layout.time or "", row.values[layout.place_of_time]
        time_s = values.time_s(column, value)
        if math.isnan(time_s):
            raise ValueProblem(f"{column} is {values.shown(value)}; expected seconds since 1970 or a date")
        is_in = self.wanted.is_time(time_s)
        self.tally.n_other_times += not is_in
        return is_in

    def extras(self, row: VoteRow, layout: Layout) -> Extras:
        """The wanted columns of a vote besides models and outcome."""
        wanted = self.columns.wanted
        voter, prepared, time, probability = row.values[len(layout.base) :]
        return Extras(
            voter=values.label(layout.voter or "", voter) if "voter" in wanted else None,
            prepared=values.label(layout.prepared or "", prepared) if "prepared" in wanted else None,
            time_s=values.time_s(layout.time or "", time) if "time" in wanted else math.nan,
            draw_probability=(
                values.probability(layout.draw_probability or "", probability)
                if "draw_probability" in wanted
                else math.nan
            ),
            features=(
                answers.of_row(dict(zip(layout.answers, row.whole, strict=False)), *map(str, row.values[:2]))
                if "features" in wanted
                else NO_EXTRAS.features
            ),
        )


class _Battle(NamedTuple):
    """Two models and the outcome."""

    model_a: str
    model_b: str
    outcome: Outcome


@contextmanager
def opened(path: Path) -> Iterator[Rows]:
    """The rows of a votes file of any format, for readers that need other columns than `Votes` has. Errors in the file,
    also while its rows are read, are raised as VotesFileError."""
    with _errors_of(path):
        if _is_parquet(path):
            yield ParquetRows(path)
        else:
            with _text(path) as text:
                yield open_rows(text)


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Raise errors of the file as VotesFileError."""
    if path.is_fifo():
        raise VotesFileError(f"{path} is a pipe, and votes are read more than once; write them to a file first")
    if path.is_dir():
        raise VotesFileError(f"{path} is a folder; name the files in it")
    if path.exists() and not path.is_file():  # a device may never end
        raise VotesFileError(f"{path} is not a regular file; expected CSV, JSON or JSON lines")
    try:
        yield
    except LayoutError as error:
        raise VotesFileError(f"{path} {error}") from error
    except RowsError as error:
        raise VotesFileError(f"{path} {error}; {EXPECTED}") from error
    except UnicodeDecodeError as error:
        raise VotesFileError(
            f"{path} is not UTF-8 text (byte 0x{error.object[error.start]:02x}); save it as UTF-8"
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise VotesFileError(
            f"{path} is a gzip file that cannot be unpacked: {error}; download or pack it again"
        ) from error
    except OSError as error:
        raise VotesFileError(f"{path} cannot be read: {error.strerror or error}") from error


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def _bytes(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked if it is a gzip file."""
    with path.open("rb") as file:
        is_packed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if not is_packed:
            yield file
        else:
            with gzip.open(file) as unpacked:
                yield cast(BinaryIO, unpacked)


@contextmanager
def _text(path: Path, offset: int = 0) -> Iterator[TextIO]:
    """The file's text from that byte on."""
    with _bytes(path) as file:
        file.seek(offset)
        with io.TextIOWrapper(file, encoding="utf-8" if offset else "utf-8-sig", newline="") as text:
            yield text
