"""CSV with any separator.

The separator is the one with which the header has the columns of votes: a comma, a semicolon, a tab or a bar; a first
line such as `sep=;` names another. Nearly all files are plain, and pyarrow reads those, block by block. A block is
plain if it is UTF-8, has quotes only around complete fields without quotes in them, carriage returns only before a
line's end, no line end within a field, and as many fields in every line as the header, not all of them empty. From the
first block that is not plain, the rest is read row by row. Lines without any value, which spreadsheets write at the
end, are skipped.
"""

import csv
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, TextIO

import numpy as np

from elo.votes.files.chunks import CHUNK_ROWS, ArrowCells, Chunk, Gathered, RowsError
from elo.votes.files.opening import Opened

SEPARATORS = ",;\t|"
_BLOCK_BYTES = 2**24
_LONGEST_LINE = 2**24
MANY_BYTES = 2**20
"""Fewer are read without pyarrow, which takes as long to load as NumPy."""
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
_LINE_END, _RETURN, _QUOTE = b'\n\r"'


class CsvFile:
    """The rows below the header. A `Table`."""

    unit = "line"
    is_open_ended = False

    def __init__(self, opened: Opened, is_header: Callable[[Sequence[str]], bool]) -> None:
        """`is_header` finds the separator. Raises RowsError without a header."""
        csv.field_size_limit(sys.maxsize)  # exports may have long answers in a field
        self._opened = opened
        with opened.text() as text:
            first = text.readline()
            named = _SEPARATOR_LINE.fullmatch(first)
            headers = []
            for separator in named[1] if named else SEPARATORS:
                text.seek(0)
                if named:
                    text.readline()
                headers.append((separator, *_header(text, separator, int(named is not None))))
                if is_header(headers[-1][1]):
                    break
            else:
                headers = headers[:1]
        self.separator, self.columns, self._n_lines = headers[-1]

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        present = [name for name in dict.fromkeys(names) if name in self.columns]
        n_lines, mostly_distinct = self._n_lines, set[str]()
        with self._opened.bytes() as file:
            head = [file.readline(_LONGEST_LINE) for _ in range(n_lines)]
            is_plain = self._opened.encoding == "utf-8" and all(_is_line(line) for line in head)
            n_bytes = sum(map(len, head))
            for block in _blocks(file) if is_plain else ():
                if n_lines == self._n_lines and len(block) < MANY_BYTES:
                    break
                chunk = self._plain(block, present, n_lines, mostly_distinct)
                if chunk is None:
                    break
                yield chunk
                n_bytes += len(block)
                n_lines += len(chunk)
            else:
                if is_plain:
                    return
        with self._opened.text(offset=n_bytes if is_plain else 0) as text:
            if not is_plain:
                for _ in range(n_lines):
                    next(text)
            yield from self._row_by_row(text, present, n_lines)

    def _plain(self, block: bytes, names: Sequence[str], n_lines: int, mostly_distinct: set[str]) -> Chunk | None:
        """The lines of a block, which come after `n_lines`; None if they are not plain. A column whose values are
        mostly distinct, such as times, is found here, and in later blocks it is read without a dictionary."""
        if not _has_plain_marks(block, self.separator) or self._has_empty_lines(block):
            return None
        import pyarrow
        import pyarrow.csv

        text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
        places = [self.columns.index(name) for name in names]
        numbers = [str(place) for place in range(len(self.columns))]  # names may be empty, or repeated
        try:
            table = pyarrow.csv.read_csv(
                pyarrow.BufferReader(block),
                read_options=pyarrow.csv.ReadOptions(
                    column_names=numbers, block_size=len(block) + 1, use_threads=False
                ),
                parse_options=pyarrow.csv.ParseOptions(delimiter=self.separator),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=[numbers[place] for place in places],
                    column_types={
                        numbers[place]: pyarrow.string() if name in mostly_distinct else text
                        for name, place in zip(names, places, strict=True)
                    },
                    strings_can_be_null=False,
                    check_utf8=False,  # it has been checked
                ),
            )
        except pyarrow.ArrowException:
            return None
        n_rows = block.count(b"\n")
        if table.num_rows != n_rows:
            return None
        columns = {name: ArrowCells(_whole(column)) for name, column in zip(names, table.columns, strict=True)}
        for name, cells in columns.items():
            if name not in mostly_distinct and 2 * len(cells.array.dictionary) > n_rows:
                mostly_distinct.add(name)
        return Chunk(range(n_lines + 1, n_lines + n_rows + 1), columns)

    def _has_empty_lines(self, block: bytes) -> bool:
        """Whether a line has separators alone."""
        empty = b"\n" + self.separator.encode() * (len(self.columns) - 1)
        starts = empty[1:] + b"\n", empty[1:] + b"\r"
        return block.startswith(starts) or any(b"\n" + start in block for start in starts)

    def _row_by_row(self, text: TextIO, names: Sequence[str], n_lines: int) -> Iterator[Chunk]:
        reader = csv.reader(text, strict=True, delimiter=self.separator)
        n_fields, places = len(self.columns), [self.columns.index(name) for name in names]
        gathered = Gathered(names)
        while True:
            line = n_lines + reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                gathered.add_problem(line, f"not CSV: {error}")
                continue
            if not any(row):
                continue
            if len(row) == n_fields:
                gathered.add(line, [row[place] for place in places])
            else:
                gathered.add_problem(line, f"{len(row)} values; expected {n_fields}, as in the header")
            if len(gathered.lines) == CHUNK_ROWS:
                yield gathered.chunk()
                gathered = Gathered(names)
        yield gathered.chunk()


def _header(text: TextIO, separator: str, n_skipped: int) -> tuple[tuple[str, ...], int]:
    """The fields of the header, and the number of lines up to its end; `n_skipped` have been read already."""
    reader = csv.reader(text, strict=True, delimiter=separator)
    try:
        return tuple(next(row for row in reader if row)), n_skipped + reader.line_num
    except (csv.Error, StopIteration) as error:
        raise RowsError(f"is not CSV: {error or 'it has no header'}") from error


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, also the last one, however the file ends; up to a line that is too long."""
    rest = b""
    while more := file.read(_BLOCK_BYTES):
        whole = rest + more
        n_bytes = whole.rfind(b"\n") + 1
        if n_bytes:
            yield whole[:n_bytes]
        rest = whole[n_bytes:]
        if len(rest) > _LONGEST_LINE:
            yield rest  # without a line's end: not plain
            return
    if rest:
        yield rest + b"\n"


def _is_line(text: bytes) -> bool:
    """Whether the text is one line with its end."""
    return text.endswith(b"\n") and b"\r" not in text.removesuffix(b"\n").removesuffix(b"\r")


def _has_plain_marks(block: bytes, separator: str) -> bool:
    """Whether a block is UTF-8 with line ends and quotes only where they are plain."""
    has_returns = b"\r" in block and block.count(b"\r") != block.count(b"\r\n")
    if not block.endswith(b"\n") or has_returns or not is_utf8(block):
        return False
    if b'"' not in block:
        return True
    bytes_ = np.frombuffer(block, dtype=np.uint8)
    quotes = np.flatnonzero(bytes_ == _QUOTE)
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    edges = np.array([ord(separator), _LINE_END], dtype=np.uint8)
    is_first = (opening == 0) | np.isin(bytes_[opening - 1], edges)
    is_last = np.isin(bytes_[closing + 1], [*edges, _RETURN])
    return bool(is_first.all() and is_last.all())


def is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _whole(column: Any) -> Any:
    """A chunked array as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
