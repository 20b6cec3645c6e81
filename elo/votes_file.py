"""Votes files, our own exports and the public ones, as CSV, JSON or JSON lines: read in one pass into index arrays.

    sides     model_a, model_b | left, right
    outcome   winner: a|model_a|left, b|model_b|right, tie, both_bad|tie (bothbad)
              | exactly one of winner_model_a, winner_model_b, winner_tie
    optional  counted, anony, kind, reasons; every other column is left alone

Rows of another kind, rows with `counted` false and rows with `anony` false are not looked at any further, only tallied.
Every other row must be right: an unknown outcome never becomes a tie. The format is told by the first character: `[` is
a JSON list, `{` JSON lines, anything else CSV. Names are text, also where a file spells them as numbers.
"""

import csv
import json
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import TextIO

import numpy as np

from db.outcome import Outcome
from elo.battles import Votes

_SIDES = (("model_a", "model_b"), ("left", "right"))
_FLAGS = ("winner_model_a", "winner_model_b", "winner_tie")
_FLAG_OUTCOMES = (Outcome.A, Outcome.B, Outcome.TIE)
_OPTIONAL = ("kind", "counted", "anony", "reasons")
_EXPECTED = (
    "expected model_a and model_b (or left and right) with winner (or winner_model_a, winner_model_b and winner_tie)"
)
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_READ_CHARS = 2**20
_PROGRESS_ROWS = 100_000


class VotesFileError(ValueError):
    """The file cannot be used: not there, not text, not votes."""


class BadRowError(VotesFileError):
    """One row is wrong; the message names file, line, value and expectation."""


@dataclass(frozen=True, slots=True, eq=False)
class VotesFile:
    """What files held: the votes in order, and how many rows were left out by reason (`bad_row`: skipped as wrong)."""

    votes: Votes
    excluded: Mapping[str, int]
    n_rows: int
    first_bad: str | None
    """What was wrong with the first row that was skipped."""


def read_votes(
    paths: Sequence[Path],
    *,
    kind: str | None = None,
    skip_bad: bool = False,
    progress: Callable[[int], None] | None = None,
) -> VotesFile:
    """The votes of the files, one after the other, as if they were one file.

    With `kind` None, rows of kind `battle` are taken where a file has that column, all rows where it has none. A vote
    that is not counted is tallied under each of its `reasons`, else as `not_counted`; the rest as `not_anonymous` or
    `other_kind`. `progress` is told the number of rows on the way.

    Raises BadRowError for a wrong row, unless `skip_bad` tallies it; VotesFileError for a file that is missing, empty,
    not UTF-8, no votes file, or has no column for the `kind` asked for.
    """
    reader = _Reader(kind, skip_bad, progress)
    for path in paths:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader.read(path, file)
        except UnicodeDecodeError as error:
            raise VotesFileError(
                f"{path} is not UTF-8 text (byte 0x{error.object[error.start]:02x}); expected CSV, JSON or JSON lines"
            ) from error
        except OSError as error:
            raise VotesFileError(f"{path} cannot be read: {error.strerror or error}") from error
    return reader.result()


@dataclass(slots=True)
class _Row:
    """A row on its way: the line it begins on, and its values in the order of the columns asked for, or what is
    wrong."""

    line: int
    values: tuple[object, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which of a file's columns say what."""

    sides: tuple[str, str]
    outcome: tuple[str, ...]
    optional: tuple[str, ...]

    @classmethod
    def of(cls, found: Sequence[str]) -> "_Columns | None":
        sides = next((pair for pair in _SIDES if set(pair) <= set(found)), None)
        outcome = ("winner",) if "winner" in found else _FLAGS if set(_FLAGS) <= set(found) else None
        if sides is None or outcome is None:
            return None
        return cls(sides, outcome, _OPTIONAL)

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.sides, *self.outcome, *self.optional)


class _RowError(ValueError):
    """What is wrong with a row; the caller adds where."""


@dataclass(slots=True)
class _Reader:
    kind: str | None
    skip_bad: bool
    progress: Callable[[int], None] | None
    numbers: dict[str, int] = field(default_factory=dict)
    a: "array[int]" = field(default_factory=lambda: array("i"))
    b: "array[int]" = field(default_factory=lambda: array("i"))
    outcome: "array[int]" = field(default_factory=lambda: array("b"))
    excluded: Counter[str] = field(default_factory=Counter)
    n_rows: int = 0
    first_bad: str | None = None

    def result(self) -> VotesFile:
        columns = (np.frombuffer(column, dtype=column.typecode) for column in (self.a, self.b, self.outcome))
        votes = Votes(tuple(self.numbers), *columns)
        return VotesFile(votes, dict(self.excluded), self.n_rows, self.first_bad)

    def read(self, path: Path, file: TextIO) -> None:
        start = file.read(4096).lstrip()[:1]
        file.seek(0)
        if not start:
            raise VotesFileError(f"{path} is empty; {_EXPECTED}")
        rows = {"[": _json_rows, "{": _jsonl_rows}.get(start, _csv_rows)(path, file)
        columns = next(rows)
        assert isinstance(columns, _Columns)
        if self.kind is not None and "kind" not in columns.optional:
            raise VotesFileError(f"{path} has no column kind, so its rows of kind {self.kind!r} cannot be told apart")
        known: dict[tuple[object, ...], tuple[int, int, int]] = {}
        for row in rows:
            assert isinstance(row, _Row)
            self.n_rows += 1
            if self.progress and self.n_rows % _PROGRESS_ROWS == 0:
                self.progress(self.n_rows)
            try:
                if row.problem is not None:
                    raise _RowError(row.problem)
                vote = known.get(row.values)
                if vote is None:
                    vote = self.vote(columns, row.values)
                    if vote is None:
                        continue
                    if all(type(value) is str for value in row.values[:2]):  # else 1 and True would be one name
                        known[row.values] = vote
            except _RowError as problem:
                message = f"{path}, line {row.line}: {problem}"
                if not self.skip_bad:
                    raise BadRowError(message) from problem
                self.first_bad = self.first_bad or message
                self.excluded["bad_row"] += 1
                continue
            self.a.append(vote[0])
            self.b.append(vote[1])
            self.outcome.append(vote[2])

    def vote(self, columns: _Columns, values: tuple[object, ...]) -> tuple[int, int, int] | None:
        """The vote as numbers, or None where the row is left out and tallied."""
        value = dict(zip(columns.all, values, strict=True))
        if value.get("kind") not in (None, "", self.kind or "battle"):
            self.excluded["other_kind"] += 1
            return None
        if not _truth("counted", value.get("counted"), default=True):
            self.excluded.update(_reasons(value.get("reasons")) or ("not_counted",))
            return None
        if not _truth("anony", value.get("anony"), default=True):
            self.excluded["not_anonymous"] += 1
            return None
        side_a, side_b = (_name(side, value[side]) for side in columns.sides)
        if side_a == side_b:
            raise _RowError(f"{columns.sides[0]} and {columns.sides[1]} are both {side_a!r}; expected two models")
        outcome = _outcome([value[column] for column in columns.outcome])
        numbers = self.numbers
        return numbers.setdefault(side_a, len(numbers)), numbers.setdefault(side_b, len(numbers)), int(outcome)


def _name(column: str, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value
    raise _RowError(f"{column} is {_shown(value)}; expected the name of a model")


def _outcome(values: Sequence[object]) -> Outcome:
    if len(values) == 1:
        try:
            return Outcome.parse(values[0] if isinstance(values[0], str) else str(values[0]))
        except ValueError:
            spellings = "a, model_a, left; b, model_b, right; tie; both_bad, tie (bothbad)"
            raise _RowError(f"winner is {_shown(values[0])}; expected one of {spellings}") from None
    flags = [_truth(column, value, default=None) for column, value in zip(_FLAGS, values, strict=True)]
    if sum(flags) != 1:
        raise _RowError(f"{', '.join(_FLAGS)} are {', '.join(map(_shown, values))}; expected exactly one that is 1")
    return _FLAG_OUTCOMES[flags.index(True)]


def _truth(column: str, value: object, *, default: bool | None) -> bool:
    if value in (None, "") and default is not None:
        return default
    truth = _TRUTHS.get(str(value).strip().lower())
    if truth is None:
        raise _RowError(f"{column} is {_shown(value)}; expected true or false")
    return truth


def _reasons(value: object) -> tuple[str, ...]:
    """A JSON list, or a cell with the reasons separated by spaces, commas or semicolons."""
    if isinstance(value, tuple):
        return tuple(str(reason) for reason in value)
    return tuple(str(value).replace(",", " ").replace(";", " ").split()) if value else ()


def _shown(value: object) -> str:
    if value is None:
        return "missing"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _no_columns(path: Path, found: Sequence[str]) -> VotesFileError:
    hint = "; the values must be separated by commas" if len(found) == 1 and any(c in found[0] for c in ";\t|") else ""
    return VotesFileError(
        f"{path} is no votes file: it has {', '.join(map(repr, found[:12])) or 'nothing'}; {_EXPECTED}{hint}"
    )


def _csv_rows(path: Path, file: TextIO) -> Iterator[_Columns | _Row]:
    csv.field_size_limit(sys.maxsize)  # exports may hold whole answers in a field
    reader = csv.reader(file, strict=True)
    try:
        header = next(row for row in reader if row)
    except (csv.Error, StopIteration) as error:
        raise VotesFileError(f"{path} cannot be read as CSV: {error or 'no header'}; {_EXPECTED}") from error
    columns = _Columns.of(header)
    if columns is None:
        raise _no_columns(path, header)
    columns = _Columns(columns.sides, columns.outcome, tuple(column for column in _OPTIONAL if column in header))
    yield columns
    pick = itemgetter(*(header.index(column) for column in columns.all))
    n_fields = len(header)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _Row(line, problem=f"not CSV: {error}")
            continue
        if len(row) == n_fields:
            yield _Row(line, pick(row))
        elif row:
            yield _Row(line, problem=f"{len(row)} values; expected {n_fields}, as in the header")


def _of_object(columns: _Columns, line: int, value: object) -> _Row:
    if not isinstance(value, dict):
        return _Row(line, problem=f"{_shown(value)} is no JSON object; expected one with {', '.join(columns.all[:3])}")
    values = (value.get(column) for column in columns.all)
    return _Row(
        line, tuple(tuple(v) if isinstance(v, list) else v if not isinstance(v, dict) else str(v) for v in values)
    )


_JSON = json.JSONDecoder(parse_float=str)


def _jsonl_rows(path: Path, file: TextIO) -> Iterator[_Columns | _Row]:
    columns = None
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            value = _JSON.decode(text)
        except json.JSONDecodeError as error:
            if columns is None:
                raise VotesFileError(
                    f"{path}, line {line}: not JSON ({error.msg} at character {error.colno})"
                ) from error
            yield _Row(line, problem=f"not JSON: {error.msg} at character {error.colno}")
            continue
        if columns is None:
            columns = _Columns.of(list(value))
            if columns is None:
                raise _no_columns(path, list(value))
            yield columns
        yield _of_object(columns, line, value)


def _json_rows(path: Path, file: TextIO) -> Iterator[_Columns | _Row]:
    columns = None
    for line, value in _json_elements(path, file):
        if columns is None:
            found = list(value) if isinstance(value, dict) else []
            columns = _Columns.of(found)
            if columns is None:
                raise _no_columns(path, found)
            yield columns
        yield _of_object(columns, line, value)
    if columns is None:
        raise VotesFileError(f"{path} is an empty list; {_EXPECTED}")


def _json_elements(path: Path, file: TextIO) -> Iterator[tuple[int, object]]:
    """(line, element) of a JSON list, read piece by piece. A list that breaks off cannot be read on: it ends the
    reading."""
    buffer, line, is_whole = "", 1, False
    expects, can_end = "[", False
    while True:
        rest = buffer.lstrip()
        line += buffer.count("\n", 0, len(buffer) - len(rest))
        buffer = rest
        if expects and buffer:
            if buffer[0] == "]" and (can_end or expects == ","):
                if (buffer[1:] + file.read()).strip():
                    raise VotesFileError(f"{path}, line {line}: text after the end of the list")
                return
            if buffer[0] != expects[0] and expects != "value":
                raise VotesFileError(f"{path}, line {line}: not JSON: expected {expects!r} or ']', found {buffer[0]!r}")
            if expects != "value":
                can_end, expects, buffer = expects == "[", "value", buffer[1:]
                continue
            try:
                value, end = _JSON.raw_decode(buffer)
            except json.JSONDecodeError as error:
                if is_whole:
                    where = line + buffer.count("\n", 0, error.pos)
                    raise VotesFileError(f"{path}, line {where}: not JSON: {error.msg}") from error
            else:
                if end < len(buffer) or is_whole:
                    yield line, value
                    line += buffer.count("\n", 0, end)
                    buffer, expects, can_end = buffer[end:], ",", False
                    continue
        more = file.read(max(_READ_CHARS, len(buffer)))
        if not more and is_whole:
            raise VotesFileError(f"{path}, line {line}: the list has no end; the file may have been cut")
        is_whole = not more
        buffer += more
