"""Some rows of a file as columns, whatever its format.

What the columns mean, and whether values are right, is decided in `elo.votes`.

    R rows of a chunk, V distinct values of a column
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]
Floats = NDArray[np.float64]


class RowsError(ValueError):
    """The file is not in one of the formats, or is cut off."""


class PackedError(ValueError):
    """The bytes of the file cannot be read, whatever is in them."""


class Cells(Protocol):
    """The R values of a column."""

    def coded(self, coder: "Coder") -> Index:
        """(R,): the codes of the values."""

    def values(self) -> Sequence[object]:
        """The R values as they are in the file; None: missing."""

    def value(self, row: int) -> object:
        """One of the values."""

    def numbers(self) -> Floats | None:
        """(R,): the values as numbers, seconds for times, NaN for missing ones; None if one is neither."""


@dataclass(slots=True)
class Coder:
    """The V distinct values of a column so far, each with a code: 0, 1, ... in the order of appearance. Lists are
    tuples of text and objects are text. Values of different types are different: 1 is not True."""

    found: list[object] = field(default_factory=list)
    _codes: dict[object, int] = field(default_factory=dict)
    _texts: Any = None
    """An array of pyarrow with the texts that `of_texts` has met, of which `_text_codes` are the codes."""
    _text_codes: Index = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def of(self, values: Sequence[object]) -> Index:
        """(n,): the codes of these values."""
        keys: Sequence[object] = values
        if not set(map(type, values)) <= _PLAIN:
            keys = [value if type(value) in _PLAIN else (type(value), value) for value in map(flat, values)]
        codes = self._codes
        for key in dict.fromkeys(keys):
            if key not in codes:
                codes[key] = len(codes)
                self.found.append(key[1] if type(key) is tuple else key)
        return np.fromiter(map(codes.__getitem__, keys), dtype=np.int64, count=len(keys))

    def of_texts(self, distinct: Any) -> Index:
        """(n,): the codes of an array of pyarrow without repeated values. Many texts are looked up there, because most
        of them, such as voters, come again in the next chunk."""
        import pyarrow
        import pyarrow.compute

        n = len(distinct)
        if n < _MANY_TEXTS or not pyarrow.types.is_string(distinct.type) or distinct.null_count:
            return self.of(distinct.to_pylist())
        if self._texts is None:
            self._texts, self._text_codes = distinct, self.of(distinct.to_pylist())
            return self._text_codes
        if len(self._texts) > 8 * n:  # to hash all of them takes longer
            return self.of(distinct.to_pylist())
        place = _numpy(pyarrow.compute.index_in(distinct, value_set=self._texts), np.int32, missing=-1)
        codes: Index = self._text_codes[place]
        if (new := np.flatnonzero(place < 0)).size:
            texts = distinct.take(pyarrow.array(new))
            codes[new] = self.of(texts.to_pylist())
            self._texts = pyarrow.concat_arrays([self._texts, texts])
            self._text_codes = np.concatenate([self._text_codes, codes[new]])
        return codes


_MANY_TEXTS = 1_000
_PLAIN = {str, type(None)}


def flat(value: object) -> object:
    """A value in a form that can be hashed: a list as a tuple of text, an object as text."""
    if isinstance(value, list | tuple):
        return tuple(map(str, value))
    try:
        hash(value)
    except TypeError:
        return str(value)
    return value


@dataclass(slots=True)
class ListCells:
    """Values as a list."""

    listed: Sequence[object]

    def coded(self, coder: Coder) -> Index:
        return coder.of(self.listed)

    def values(self) -> Sequence[object]:
        return self.listed

    def value(self, row: int) -> object:
        return self.listed[row]

    def numbers(self) -> Floats | None:
        if not set(map(type, self.listed)) <= {int, float, type(None)}:
            return None
        try:
            return np.array(self.listed, dtype=np.float64)
        except OverflowError:
            return None


@dataclass(slots=True)
class ArrowCells:
    """Values as an array of pyarrow."""

    array: Any

    def coded(self, coder: Coder) -> Index:
        import pyarrow

        array, kinds = self.array, pyarrow.types
        if not kinds.is_dictionary(array.type):
            if kinds.is_nested(array.type):
                return coder.of(array.to_pylist())
            array = array.dictionary_encode()
        code_of = coder.of_texts(array.dictionary)
        if array.indices.null_count:
            code_of = np.concatenate([code_of, coder.of([None])])
        codes: Index = code_of[_numpy(array.indices.cast(pyarrow.int64()), np.int64, missing=len(code_of) - 1)]
        return codes

    def values(self) -> Sequence[object]:
        import pyarrow

        array = self.array
        if pyarrow.types.is_timestamp(array.type) and array.type.unit == "ns":  # finer than Python's times
            array = array.cast(pyarrow.timestamp("us", array.type.tz), safe=False)
        values: list[object] = array.to_pylist()
        return values

    def value(self, row: int) -> object:
        return ArrowCells(self.array.slice(row, 1)).values()[0]

    def numbers(self) -> Floats | None:
        import pyarrow
        import pyarrow.compute

        array, kinds = self.array, pyarrow.types
        if kinds.is_dictionary(array.type):
            array = array.dictionary_decode()
        if kinds.is_timestamp(array.type):
            ticks = _numpy(array.cast(pyarrow.int64()), np.int64) / _PER_SECOND[array.type.unit]
            return np.where(_is_missing(array), np.nan, ticks)
        is_text = kinds.is_string(array.type) or kinds.is_large_string(array.type)
        if not is_text and not kinds.is_integer(array.type) and not kinds.is_floating(array.type):
            return None
        try:
            found = array.cast(pyarrow.float64(), safe=False)
        except pyarrow.ArrowException:
            if not is_text:
                return None
            try:  # perhaps some are empty
                found = pyarrow.compute.if_else(pyarrow.compute.equal(array, ""), None, array).cast(pyarrow.float64())
            except pyarrow.ArrowException:
                return None
        numbers: Floats = _numpy(found, np.float64, missing=0)
        if not np.isfinite(numbers).all():
            return None
        return np.where(_is_missing(found), np.nan, numbers)


def _is_missing(array: Any) -> NDArray[np.bool_]:
    import pyarrow

    if not array.null_count:
        return np.zeros(len(array), dtype=np.bool_)
    found: NDArray[np.bool_] = _numpy(array.is_null().cast(pyarrow.int8()), np.int8) == 1
    return found


def _numpy(array: Any, dtype: type[np.generic], *, missing: float = 0) -> NDArray[Any]:
    """(n,): an array of numbers. `to_numpy` and `fill_null` would import pandas, which takes half a second."""
    buffer = array.buffers()[1]
    if buffer is None:
        return np.full(len(array), missing, dtype=dtype)
    numbers = np.frombuffer(buffer, dtype=dtype)[array.offset : array.offset + len(array)]
    return np.where(_is_missing(array), missing, numbers).astype(dtype) if array.null_count else numbers


_PER_SECOND = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """R rows: the line that each starts on, the columns that were asked for and are there, and by row what is wrong
    with its syntax; the values of such a row mean nothing."""

    lines: Sequence[int]
    columns: Mapping[str, Cells]
    problems: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)


class Table(Protocol):
    """A file that is open before its first row."""

    @property
    def columns(self) -> Sequence[str]:
        """Of the header, or of the first object."""

    @property
    def unit(self) -> str:
        """What `Chunk.lines` counts: "line" or "row"."""

    @property
    def is_open_ended(self) -> bool:
        """Whether later rows may have more columns, as in JSON."""

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        """The rows in order, with those of these columns that there are; each call starts with the first row. Raises
        RowsError if the file cannot be read further."""


@dataclass(slots=True)
class Gathered:
    """Rows one by one that become a chunk."""

    names: Sequence[str]
    lines: list[int] = field(default_factory=list)
    problems: dict[int, str] = field(default_factory=dict)
    rows: list[Sequence[object]] = field(default_factory=list)

    def add(self, line: int, values: Sequence[object]) -> None:
        self.lines.append(line)
        self.rows.append(values)

    def add_problem(self, line: int, problem: str) -> None:
        self.problems[len(self.lines)] = problem
        self.add(line, (None,) * len(self.names))

    def chunk(self) -> Chunk:
        columns: Iterable[Sequence[object]] = zip(*self.rows, strict=True) if self.rows else [()] * len(self.names)
        return Chunk(
            self.lines, dict(zip(self.names, map(ListCells, columns), strict=True) if self.names else ()), self.problems
        )


CHUNK_ROWS = 2**14
"""Rows of a chunk that is gathered row by row."""
