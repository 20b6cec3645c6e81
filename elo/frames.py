"""Convert votes in memory, of any shape, to columns, and columns to a frame.

    pandas, polars, pyarrow   their frames and tables
    other frames              through their Arrow stream or the interchange protocol (`__arrow_c_stream__`,
                              `__dataframe__`), which pyarrow reads
    columns                   {"model_a": [...], "model_b": [...], "winner": [...]}, or a structured array of NumPy
    rows                      tuples (a, b, winner), or dicts such as the lines of our export

No library is imported for a frame that it did not make. What the columns mean is decided in `elo.votes`.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from operator import itemgetter
from typing import Any, Literal, get_args

import numpy as np

from db.outcome import Outcome
from elo.votes.values import shown

FrameKind = Literal["pandas", "polars", "pyarrow"]
"""The libraries whose frames `frame` makes."""
Values = Sequence[object]

_MANY = 10_000
_PLAIN = {str, int, float, bool, type(None)}
_ROW = "(model a, model b, winner)"
_EXPECTED = (
    "expected a data frame, the path of a votes file, rows such as ('lark', 'wren', 'a'), columns by name, or Votes"
)


class FrameError(ValueError):
    """The columns or rows do not form a table. The message begins with `data` and names what is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of N values each. Names may be repeated; `columns` then has the first."""

    names: tuple[str, ...]
    columns: Mapping[str, Values]
    kind: FrameKind | None = None
    """The library that it came from."""


def table(data: object) -> Table:
    """The columns of a frame, of columns by name, or of rows.

    Raises TypeError for anything else, and FrameError for rows of different kinds or lengths, or columns of several
    levels.
    """
    if _is_of("pandas", data, "DataFrame"):
        return _of_pandas(data)
    if _is_of("polars", data, "LazyFrame"):
        raise TypeError("data is a polars LazyFrame, whose rows are not known yet; pass data.collect()")
    if _is_of("polars", data, "DataFrame"):
        return _of_columns(data.columns, data.get_column, lambda column: column.to_list(), "polars")  # type: ignore[attr-defined]
    if _is_of("pyarrow", data, "Table", "RecordBatch"):
        return _of_arrow(data, "pyarrow")
    if isinstance(data, np.ndarray) and data.dtype.names is not None:
        return _of_columns(data.dtype.names, data.__getitem__, lambda column: column.tolist())
    if _is_series(data):
        raise TypeError(f"data is one column, a {_named(data)}; {_EXPECTED}")
    if isinstance(data, Mapping):
        return _of_mapping(data)
    if hasattr(data, "__arrow_c_stream__") or hasattr(data, "__dataframe__"):
        return _of_protocol(data)
    if isinstance(data, Iterable) and not isinstance(data, str | bytes):
        return _of_rows(data.tolist() if isinstance(data, np.ndarray) else list(data))
    raise TypeError(f"data is {_named(data)} {shown(data)}; {_EXPECTED}")


def frame(columns: Mapping[str, Values], kind: FrameKind | None) -> Any:
    """A frame of pandas or polars, or a table of pyarrow; by default of the first that is installed.

    Raises ImportError without the library, and ValueError for another name.
    """
    known = get_args(FrameKind)
    if kind is None:
        kind = next((name for name in known if find_spec(name) is not None), None)
        if kind is None:
            raise ImportError(
                "a frame needs pandas, polars or pyarrow, and none is installed: pip install pandas, or use the rows"
            )
    if kind not in known:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(known)}")
    try:
        library = import_module(kind)
    except ImportError as error:
        raise ImportError(f"a frame of {kind} needs {kind}, which is not installed: pip install {kind}") from error
    return library.table(dict(columns)) if kind == "pyarrow" else library.DataFrame(dict(columns))


class _Later(Sequence[object]):
    """The values of a column, converted when they are first needed: many frames have columns that nobody reads."""

    def __init__(self, column: Any, convert: Callable[[Any], Values]) -> None:
        self._column, self._convert = column, convert
        self._values: Values | None = None

    def _converted(self) -> Values:
        if self._values is None:
            self._values = self._convert(self._column)
        return self._values

    def __len__(self) -> int:
        return len(self._column)

    def __arrow_array__(self, type: object = None) -> Any:
        """The column for pyarrow, without making an object of each value."""
        import pyarrow

        column = self._column.to_arrow() if hasattr(self._column, "to_arrow") else self._column
        if isinstance(column, pyarrow.Array | pyarrow.ChunkedArray):
            return column if type is None else column.cast(type)
        return pyarrow.array(column, type=type, from_pandas=True)

    def __getitem__(self, place: Any) -> Any:
        return self._converted()[place]

    def __iter__(self) -> Iterator[object]:
        return iter(self._converted())


def _of_pandas(data: Any) -> Table:
    if data.columns.nlevels > 1:
        raise FrameError(
            f"data has columns of {data.columns.nlevels} levels, such as {data.columns[0]!r}; expected one name each"
        )
    found = [data.iloc[:, place] for place in range(data.shape[1])]
    names = list(map(str, data.columns))
    by_name = dict(zip(reversed(names), reversed(found), strict=True))
    return _of_columns(names, by_name.__getitem__, _without_missing, "pandas")


def _without_missing(series: Any) -> Values:
    """The values of a pandas Series of any dtype, with None for NaN, NaT and NA."""
    values: list[object] = series.astype(object).where(series.notna(), None).tolist()
    return values


def _of_arrow(data: Any, kind: FrameKind | None = None) -> Table:
    names = data.schema.names
    by_name = {name: place for place, name in reversed(list(enumerate(names)))}
    return _of_columns(names, lambda name: data.column(by_name[name]), lambda column: column.to_pylist(), kind)


def _of_protocol(data: object) -> Table:
    """Through pyarrow."""
    try:
        import pyarrow
        import pyarrow.interchange
    except ImportError as error:
        raise TypeError(f"data is {_named(data)}, which pyarrow can read: pip install pyarrow") from error
    if hasattr(data, "__arrow_c_stream__"):
        return _of_arrow(pyarrow.table(data))
    return _of_arrow(pyarrow.interchange.from_dataframe(data))


def _of_mapping(data: Mapping[Any, Any]) -> Table:
    for name, values in data.items():
        if isinstance(values, str | bytes) or not isinstance(values, Iterable) or not hasattr(values, "__len__"):
            raise TypeError(
                f"data has {shown(values)} for {name!r}; expected a list or an array, one value for each row"
            )
    by_name = {str(name): values for name, values in data.items()}
    return _of_columns(list(by_name), by_name.__getitem__, _listed)


def _listed(values: Any) -> Values:
    if _is_of("pandas", values, "Series", "Index"):
        return _without_missing(values)
    listed: Values = values.tolist() if isinstance(values, np.ndarray) else list(values)
    return listed


def _of_columns(
    names: Sequence[str], column: Callable[[str], Any], convert: Callable[[Any], Values], kind: FrameKind | None = None
) -> Table:
    return Table(tuple(names), {name: _Later(column(name), convert) for name in dict.fromkeys(names)}, kind)


def _of_rows(rows: Sequence[object]) -> Table:
    """Rows that are all tuples or all dicts."""
    if not rows:
        raise FrameError(f"data is empty; expected rows such as {_ROW}")
    if isinstance(rows[0], Mapping):
        return _of_dicts(rows)
    if not set(map(type, rows)) <= {tuple, list} or set(map(len, rows)) != {3}:  # type: ignore[arg-type]
        for number, row in enumerate(rows, start=1):
            if not isinstance(row, tuple | list):
                raise _wrong_row(number, row, _ROW)
            if len(row) != 3:
                raise FrameError(f"data, row {number}: {len(row)} values; expected three, {_ROW}")
    # Not zip(*rows), which makes an iterator of every row.
    columns = {name: _column([*map(itemgetter(i), rows)]) for i, name in enumerate(("model_a", "model_b", "winner"))}  # type: ignore[arg-type]
    return Table(tuple(columns), columns)


def _of_dicts(rows: Sequence[object]) -> Table:
    names: dict[str, None] = {}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise _wrong_row(number, row, "a dict, as in the first row")
        names.update(dict.fromkeys(row))
    columns = {str(name): _plain([row.get(name) for row in rows]) for name in names}  # type: ignore[attr-defined]
    return Table(tuple(columns), columns)


def _wrong_row(number: int, row: object, expected: str) -> Exception:
    message = f"data, row {number}: {_named(row)} {shown(row)}; expected {expected}"
    return TypeError(message) if number == 1 else FrameError(message)


def _column(values: list[object]) -> Values:
    """The values as they are if all are text, which pyarrow finds out in less time than `_plain`."""
    if len(values) >= _MANY:
        import pyarrow

        try:
            array = pyarrow.array(values)
        except (pyarrow.ArrowException, UnicodeEncodeError, TypeError, OverflowError):
            return _plain(values)
        if pyarrow.types.is_string(array.type):
            return _Later(array, lambda column: column.to_pylist())
    return _plain(values)


def _plain(values: Sequence[object]) -> Values:
    """Python's own values for those of NumPy, and a label for an `Outcome`."""
    if set(map(type, values)) <= _PLAIN:
        return values
    return [
        value.winner if isinstance(value, Outcome) else value.item() if isinstance(value, np.generic) else value
        for value in values
    ]


def _is_of(library: str, data: object, *classes: str) -> bool:
    """Whether it is an object of one of these classes of a library. A library that is not loaded made no object."""
    module = sys.modules.get(library)
    return module is not None and isinstance(data, tuple(getattr(module, name) for name in classes))


def _is_series(data: object) -> bool:
    return _is_of("pandas", data, "Series", "Index") or _is_of("polars", data, "Series")


def _named(data: object) -> str:
    kind = type(data)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]} {kind.__name__}"
