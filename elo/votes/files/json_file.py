"""JSON lines, JSON lists, and the tables that pandas and polars write as one JSON object.

pyarrow reads JSON lines block by block, as long as a column has one type and each line is one object; other blocks are
read line by line.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO, TextIO

import numpy as np

from elo.votes.files.chunks import CHUNK_ROWS, ArrowCells, Chunk, Gathered, RowsError, Table
from elo.votes.files.csv_file import MANY_BYTES, is_utf8
from elo.votes.files.memory import MemoryTable
from elo.votes.files.opening import Opened

_BLOCK_BYTES = 2**24
_PIECE_CHARS = 2**20
_SAMPLE_ROWS = 50
# Numbers with a point keep the spelling of the file; nothing here is computed with.
_JSON = json.JSONDecoder(parse_float=str)
_SPACE = re.compile(r"\s*")
_BOM = b"\xef\xbb\xbf"
_LINE_END, _RETURN, _BRACE = b"\n\r}"


def open_json(opened: Opened, is_header: Callable[[Sequence[str]], bool]) -> Table:
    """The table in a file that starts with a brace or a bracket. `is_header` tells columns from rows. Raises
    RowsError."""
    with opened.text() as text:
        start = text.read(4096).lstrip()[:1]
        text.seek(0)
        if start == "[":
            first = next(_list_elements(text), None)
            if first is None:
                raise RowsError("is an empty list")
            return JsonFile(opened, first, is_list=True)
        first = next(_line_elements(text))
        if first.is_object and (set(map(type, first.value.values())) - {dict, list} or _more_lines(text)):
            return JsonFile(opened, first, is_list=False)
        text.seek(0)
        try:
            document = _JSON.decode(text.read())
        except (ValueError, RecursionError):
            if not first.is_object:
                raise RowsError(f"has no object on line {first.line}: {first.problem}") from None
            return JsonFile(opened, first, is_list=False)
    return _of_document(document, is_header)


def _more_lines(text: TextIO) -> bool:
    return any(line.strip() for line in text)


def _of_document(document: Mapping[str, Any], is_header: Callable[[Sequence[str]], bool]) -> Table:
    """The table in one object, in one of the forms that pandas and polars write."""
    names, data = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(data, list):  # pandas, orient="split"
        rows = [row if isinstance(row, list) and len(row) == len(names) else None for row in data]
        if None in rows:
            wrong = rows.index(None)
            raise RowsError(f"has {_shown(data[wrong])} as row {wrong + 1} of its data; expected {len(names)} values")
        return MemoryTable({str(name): [row[i] for row in rows if row] for i, name in enumerate(names)})
    lists = [value for value in document.values() if isinstance(value, list)]
    if len(lists) == 1 and lists[0] and all(isinstance(row, dict) for row in lists[0]):  # orient="table", {"votes": []}
        return _of_objects(lists[0])
    values = list(document.values())
    if values and all(isinstance(value, list) for value in values) and len(set(map(len, values))) == 1:
        return MemoryTable(document)  # columns as lists
    if values and all(isinstance(value, dict) for value in values):
        if is_header(list(document)):  # pandas, as by default: {"model_a": {"0": ...}}
            keys = dict.fromkeys(key for column in values for key in column)
            return MemoryTable({name: [column.get(key) for key in keys] for name, column in document.items()})
        return _of_objects(values)  # orient="index"
    return _of_objects([document])


def _of_objects(rows: Sequence[Mapping[str, object]]) -> Table:
    names = dict.fromkeys(name for row in rows for name in row)
    return MemoryTable({name: [row.get(name) for row in rows] for name in names})


class _Element:
    __slots__ = ("is_object", "line", "problem", "value")

    def __init__(self, line: int, value: Any = None, problem: str | None = None) -> None:
        self.line, self.value = line, value
        self.is_object = isinstance(value, dict)
        self.problem = problem if problem is not None or self.is_object else f"{_shown(value)} is not an object"


class JsonFile:
    """Objects, one a line or in a list. A `Table`."""

    unit = "line"
    is_open_ended = True

    def __init__(self, opened: Opened, first: _Element, *, is_list: bool) -> None:
        if not first.is_object:
            raise RowsError(
                f"has no object on line {first.line}: {(first.problem or '').removesuffix(' is not an object')}"
            )
        self._opened, self._is_list = opened, is_list
        self.columns: Sequence[str] = tuple(first.value)

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        names = list(dict.fromkeys(names))
        if self._is_list or self._opened.encoding != "utf-8":
            with self._opened.text() as text:
                yield from _one_by_one(_list_elements(text) if self._is_list else _line_elements(text), names)
            return
        n_lines, types = 0, None
        with self._opened.bytes() as file:
            for block in _blocks(file):
                if types is None and (n_lines or len(block) >= MANY_BYTES):
                    types = _types(block, names)
                chunk = None if types is None else _plain(block, types, n_lines)
                yield from [chunk] if chunk is not None else _one_by_one(_elements_of(block, n_lines), names)
                n_lines += block.count(b"\n") if chunk is None else len(chunk)


def _one_by_one(elements: Iterator[_Element], names: Sequence[str]) -> Iterator[Chunk]:
    gathered = Gathered(names)
    for element in elements:
        if element.is_object:
            gathered.add(element.line, [element.value.get(name) for name in names])
        else:
            gathered.add_problem(element.line, element.problem or "")
        if len(gathered.lines) == CHUNK_ROWS:
            yield gathered.chunk()
            gathered = Gathered(names)
    yield gathered.chunk()


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, without the mark of the byte order."""
    rest = b""
    if (start := file.read(len(_BOM))) != _BOM:
        rest = start
    while more := file.read(_BLOCK_BYTES):
        whole = rest + more
        n_bytes = whole.rfind(b"\n") + 1
        if n_bytes:
            yield whole[:n_bytes]
        rest = whole[n_bytes:]
    if rest:
        yield rest + b"\n"


def _types(block: bytes, names: Sequence[str]) -> dict[str, Any] | None:
    """The types of the columns in the first rows, for pyarrow; None if a column has no single one."""
    import pyarrow

    kinds: dict[str, set[type]] = {name: set() for name in names}
    try:
        for line in islice(block.splitlines(), _SAMPLE_ROWS):
            row = json.loads(line)
            for name in names:
                value = row.get(name)
                kinds[name].add(list if isinstance(value, list) else type(value))
                if isinstance(value, list) and not all(isinstance(one, str) for one in value):
                    return None
    except (ValueError, RecursionError, AttributeError):
        return None
    types = {
        frozenset[type](): pyarrow.string(),
        frozenset({str}): pyarrow.string(),
        frozenset({bool}): pyarrow.bool_(),
        frozenset({int}): pyarrow.int64(),
        frozenset({float}): pyarrow.float64(),
        frozenset({int, float}): pyarrow.float64(),
        frozenset({list}): pyarrow.list_(pyarrow.string()),
    }
    found = {name: types.get(frozenset(kind - {type(None)})) for name, kind in kinds.items()}
    return None if None in found.values() else found


def _plain(block: bytes, types: Mapping[str, Any], n_lines: int) -> Chunk | None:
    """The lines of a block, which come after `n_lines`; None if not every line is one object, or a type differs."""
    bytes_ = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(bytes_ == _LINE_END)
    n_rows, last = len(ends), bytes_[ends - 1]
    if b"\r" in block:
        last = np.where(last == _RETURN, bytes_[ends - 2], last)
    if (last != _BRACE).any() or not is_utf8(block):
        return None
    import pyarrow
    import pyarrow.json

    try:
        table = pyarrow.json.read_json(
            pyarrow.BufferReader(block),
            read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=pyarrow.schema(list(types.items())), unexpected_field_behavior="ignore"
            ),
        )
    except pyarrow.ArrowException:
        return None
    if table.num_rows != n_rows:
        return None
    return Chunk(
        range(n_lines + 1, n_lines + n_rows + 1),
        {name: ArrowCells(table.column(name).combine_chunks()) for name in types},
    )


def _elements_of(block: bytes, n_lines: int) -> Iterator[_Element]:
    lines = block.decode().split("\n")[:-1]
    return _line_elements(lines, n_lines)


def _line_elements(lines: Any, n_lines: int = 0) -> Iterator[_Element]:
    for line, text in enumerate(lines, start=n_lines + 1):
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


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
