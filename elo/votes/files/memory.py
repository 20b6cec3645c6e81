"""Columns in memory."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elo.votes.files.chunks import ArrowCells, Cells, Chunk, ListCells

_MANY = 10_000
Values = Sequence[object] | NDArray[Any]
"""A list, an array of numpy or of pyarrow, or anything else with a length that can be iterated."""


class MemoryTable:
    """Rows are counted from 1. A `Table`."""

    unit = "row"
    is_open_ended = False

    def __init__(self, table: Mapping[str, Values], names: Sequence[str] | None = None) -> None:
        """`names` are all names, if some are repeated."""
        self._table = table
        self.columns: Sequence[str] = tuple(table if names is None else names)
        self.n_rows = len(next(iter(table.values()), ()))

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        columns = {name: cells(self._table[name]) for name in dict.fromkeys(names) if name in self._table}
        yield Chunk(range(1, self.n_rows + 1), columns)


def cells(values: Values) -> Cells:
    """The values as cells; NaN and the missing values of pandas are missing."""
    if len(values) < _MANY and not isinstance(values, np.ndarray) and not hasattr(values, "type"):
        return ListCells([None if _is_missing(value) else value for value in values])
    import pyarrow

    if isinstance(values, pyarrow.ChunkedArray):
        return ArrowCells(values.combine_chunks())
    if isinstance(values, pyarrow.Array):
        return ArrowCells(values)
    if not isinstance(values, list | tuple | np.ndarray) and not hasattr(values, "__arrow_array__"):
        values = list(values)
    try:
        array = pyarrow.array(values, from_pandas=True)
        return ArrowCells(array.combine_chunks() if isinstance(array, pyarrow.ChunkedArray) else array)
    except (pyarrow.ArrowException, UnicodeEncodeError, TypeError, OverflowError):
        listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
        return ListCells([None if _is_missing(value) else value for value in listed])


def _is_missing(value: object) -> bool:
    return isinstance(value, float) and value != value
