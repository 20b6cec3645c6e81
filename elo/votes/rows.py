"""CSV, JSON lists and JSON lines as a stream of rows.

Each row has its line number and the values of the chosen columns. The first character decides the format: `[` is a JSON
list, `{` JSON lines, anything else CSV. (Parquet, which is not text, is in `parquet`.) What the columns mean, and
whether values are right, is decided in `elo.votes.votes_file`.
"""

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Protocol, TextIO

_PIECE_CHARS = 2**20
# Numbers with a point keep the spelling of the file; nothing here is computed with.
_JSON = json.JSONDecoder(parse_float=str)
_SPACE = re.compile(r"\s*")


class RowsError(ValueError):
    """The text is not in one of the formats, or is cut off."""


@dataclass(slots=True)
class VoteRow:
    """The line that a row starts on, and its values in the order of the wanted columns; None: missing. In `values`
    lists are tuples of text and objects are text, so that they can be hashed; in `whole` they are as in the file. A row
    with a `problem` has no values."""

    line: int
    values: tuple[object, ...] = ()
    whole: tuple[object, ...] = ()
    problem: str | None = None


class Rows(Protocol):
    """A file that is open at its first row, with the columns of its header or of its first object."""

    columns: tuple[str, ...]

    def pick(self, wanted: Sequence[str], whole: Sequence[str] = ()) -> Iterator[VoteRow]:
        """The rows, once, with these columns. Raises RowsError if the file cannot be read further."""


def open_rows(file: TextIO) -> Rows:
    """Read up to the first row. `file` is text that can be rewound, opened with `newline=""`.

    Raises RowsError for an empty file, or one that is not in the format of its first character.
    """
    start = file.read(4096).lstrip()[:1]
    file.seek(0)
    if not start:
        raise RowsError("is empty")
    if start == "[":
        return _Objects(_list_elements(file))
    if start == "{":
        return _Objects(_line_elements(file))
    return CsvRows(file)


class CsvRows:
    """CSV of any kind. `header` and `n_lines` are given if that many lines have been read already; else the header is
    read first."""

    def __init__(self, file: TextIO, *, header: Sequence[str] = (), n_lines: int = 0) -> None:
        csv.field_size_limit(sys.maxsize)  # exports may have long answers in a field
        self._reader = csv.reader(file, strict=True)
        self._n_lines = n_lines
        try:
            self.columns = tuple(header) or tuple(next(row for row in self._reader if row))
        except (csv.Error, StopIteration) as error:
            raise RowsError(f"is not CSV: {error or 'it has no header'}") from error

    def pick(self, wanted: Sequence[str], whole: Sequence[str] = ()) -> Iterator[VoteRow]:
        reader, n_fields = self._reader, len(self.columns)
        # A row gets one more value for the columns that the file does not have.
        places = [self.columns.index(name) if name in self.columns else n_fields for name in (*wanted, *whole)]
        pick, n_wanted = itemgetter(*places, n_fields), len(wanted)
        while True:
            line = self._n_lines + reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield VoteRow(line, problem=f"not CSV: {error}")
                continue
            if len(row) == n_fields:
                picked = pick([*row, None])
                yield VoteRow(line, picked[:n_wanted], picked[n_wanted:-1])
            elif row:
                yield VoteRow(line, problem=f"{len(row)} values; expected {n_fields}, as in the header")


@dataclass(slots=True)
class _Element:
    line: int
    value: object = None
    problem: str | None = None


class _Objects:
    def __init__(self, elements: Iterator[_Element]) -> None:
        first = next(elements, None)
        if first is None:
            raise RowsError("is an empty list")
        if not isinstance(first.value, dict):
            raise RowsError(f"has no object on line {first.line}: {first.problem or _shown(first.value)}")
        self.columns = tuple(first.value)
        self._elements = chain([first], elements)

    def pick(self, wanted: Sequence[str], whole: Sequence[str] = ()) -> Iterator[VoteRow]:
        for element in self._elements:
            value = element.value
            if isinstance(value, dict):
                yield VoteRow(element.line, flattened(map(value.get, wanted)), tuple(map(value.get, whole)))
            else:
                yield VoteRow(element.line, problem=element.problem or f"{_shown(value)} is not an object")


def flattened(values: Iterable[object]) -> tuple[object, ...]:
    """The values in a form that can be hashed: lists as tuples of text, objects as text."""
    row = tuple(values)
    try:
        hash(row)  # nearly all rows are flat, and this is the quickest way to see it
    except TypeError:
        return tuple(map(_flat, row))
    return row


def _flat(value: object) -> object:
    if isinstance(value, list):
        return tuple(map(str, value))
    return str(value) if isinstance(value, dict) else value


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _line_elements(file: TextIO) -> Iterator[_Element]:
    for line, text in enumerate(file, start=1):
        if text.strip():
            try:
                yield _Element(line, _JSON.decode(text))
            except (ValueError, RecursionError) as error:
                yield _Element(line, problem=f"not JSON: {_told(error)}")


def _list_elements(file: TextIO) -> Iterator[_Element]:
    """The elements of a JSON list, read piece by piece. Raises RowsError where it is cut off."""
    text = _Pieces(file)
    text.skip("[")
    if text.peek() == "]":
        text.skip("]")
    else:
        while True:
            line = text.line
            yield _Element(line, text.value())
            if text.peek() != ",":
                break
            text.skip(",")
            text.peek()  # to the line that the element begins on
        text.skip("]")
    if text.peek():
        raise RowsError(f"has text after the end of its list, on line {text.line}")


class _Pieces:
    """The unread text of a file, of which only a piece is in memory, and the line that it starts on."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._piece, self._at = "", 0
        self.line = 1

    def peek(self) -> str:
        """The next character that is not a space, or "" at the end of the file."""
        while True:
            space = _SPACE.match(self._piece, self._at)
            assert space is not None
            self._go_to(space.end())
            if self._at < len(self._piece) or not self._read_on():
                return self._piece[self._at : self._at + 1]

    def skip(self, mark: str) -> None:
        found = self.peek()
        if found != mark:
            what = repr(found) if found else "the end of the file, which may have been cut"
            raise RowsError(f"is not JSON on line {self.line}: expected {mark!r}, found {what}")
        self._go_to(self._at + 1)

    def value(self) -> object:
        self.peek()
        while True:
            try:
                value, end = _JSON.raw_decode(self._piece, self._at)
            except (ValueError, RecursionError) as error:
                if not self._read_on():
                    raise RowsError(f"is not JSON in the element on line {self.line}: {_told(error)}") from error
            else:
                if end < len(self._piece) or not self._read_on():  # else a number may go on in the next piece
                    self._go_to(end)
                    return value

    def _go_to(self, place: int) -> None:
        self.line += self._piece.count("\n", self._at, place)
        self._at = place

    def _read_on(self) -> bool:
        rest = self._piece[self._at :]
        more = self._file.read(max(_PIECE_CHARS, len(rest)))
        self._piece, self._at = rest + more, 0
        return bool(more)


def _told(error: Exception) -> str:
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)
