"""Votes in memory, of any shape, give the same columns; and columns make a frame of the library asked for."""

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from db.outcome import Outcome
from elo import frames
from elo.frames import FrameError, frame, table

COLUMNS: dict[str, list[str | None]] = {
    "model_a": ["lark", "wren", None],
    "model_b": ["wren", "lark", "robin"],
    "winner": ["a", "tie", "b"],
}
MAKERS: Mapping[str, Callable[[Any], Any]] = {
    "pandas": pd.DataFrame,
    "pandas, other index": lambda columns: pd.DataFrame(columns, index=["x", "y", "y"]),
    "pandas, categories": lambda columns: pd.DataFrame(columns).astype("category"),
    "pandas, objects": lambda columns: pd.DataFrame(columns).astype(object),
    "pandas, Arrow": lambda columns: pd.DataFrame(columns).astype(pd.ArrowDtype(pa.string())),
    "polars": pl.DataFrame,
    "polars, categories": lambda columns: pl.DataFrame(columns).cast(pl.Categorical),
    "pyarrow": pa.table,
    "pyarrow, dictionaries": lambda columns: pa.table({k: pa.array(v).dictionary_encode() for k, v in columns.items()}),
    "pyarrow, a batch": pa.RecordBatch.from_pydict,
    "lists": dict,
    "arrays": lambda columns: {name: np.array(values, dtype=object) for name, values in columns.items()},
    "series": lambda columns: {name: pd.Series(values) for name, values in columns.items()},
    "dicts": lambda columns: [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    "tuples": lambda columns: list(zip(*columns.values(), strict=True)),
    "a generator": lambda columns: iter(list(zip(*columns.values(), strict=True))),
    "an array of objects": lambda columns: np.array(list(zip(*columns.values(), strict=True)), dtype=object),
}


def listed(found: frames.Table) -> dict[str, list[object]]:
    return {name: list(values) for name, values in found.columns.items()}


@pytest.mark.parametrize("maker", MAKERS)
def test_every_shape_gives_the_same_columns(maker: str) -> None:
    found = table(MAKERS[maker](COLUMNS))
    assert found.names == tuple(COLUMNS)
    assert listed(found) == COLUMNS
    assert all(len(values) == 3 for values in found.columns.values())


@pytest.mark.parametrize(
    ("maker", "kind"), [("pandas", "pandas"), ("polars", "polars"), ("pyarrow", "pyarrow"), ("tuples", None)]
)
def test_the_library_of_a_frame_is_known(maker: str, kind: str | None) -> None:
    assert table(MAKERS[maker](COLUMNS)).kind == kind


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.array([1, None], dtype="Int64"), [1, None]),
        (pd.array([True, None], dtype="boolean"), [True, None]),
        (pd.array(["x", None], dtype="string"), ["x", None]),
        (np.array([1.5, np.nan]), [1.5, None]),
        (pd.to_datetime(["2026-01-31T12:00Z", None]), [datetime(2026, 1, 31, 12, tzinfo=UTC), None]),
        (pd.array([0, None], dtype=pd.ArrowDtype(pa.int8())), [0, None]),
    ],
)
def test_missing_values_of_pandas_are_none(values: Any, expected: list[object]) -> None:
    assert listed(table(pd.DataFrame({"x": values}))) == {"x": expected}
    assert listed(table({"x": pd.Series(values)})) == {"x": expected}


def test_names_that_are_numbers_become_text_and_the_first_of_equal_names_is_read() -> None:
    data = pd.DataFrame([[1, 2, 3]], columns=[7, "x", "x"])
    found = table(data)
    assert found.names == ("7", "x", "x")
    assert listed(found) == {"7": [1], "x": [2]}


def test_a_column_is_converted_when_it_is_first_read() -> None:
    column = table(pd.DataFrame({"x": [1], "y": [2]})).columns["y"]
    assert isinstance(column, frames._Later)
    assert (len(column), column._values) == (1, None)
    assert (column[0], column._values) == (2, [2])


def test_a_structured_array_has_columns() -> None:
    data = np.array([("lark", "wren", "a")], dtype=[("model_a", "U9"), ("model_b", "U9"), ("winner", "U9")])
    assert listed(table(data)) == {"model_a": ["lark"], "model_b": ["wren"], "winner": ["a"]}


def test_rows_may_have_outcomes_and_numbers_of_numpy() -> None:
    rows = [(np.int64(1), np.str_("x"), Outcome.B), (1, "x", Outcome.BOTH_BAD)]
    found = listed(table(rows))
    assert found == {"model_a": [1, 1], "model_b": ["x", "x"], "winner": ["model_b", "both_bad"]}
    assert type(found["model_a"][0]) is int


def test_rows_may_lack_what_others_have() -> None:
    assert listed(table([{"a": 1}, {"b": 2, "a": 3}])) == {"a": [1, 3], "b": [None, 2]}


class Streamed:
    """A frame of a library that we do not know."""

    def __init__(self, protocol: str) -> None:
        self._table = pa.table({"x": ["1", None]})
        setattr(self, protocol, getattr(self._table, protocol))


@pytest.mark.parametrize("protocol", ["__arrow_c_stream__", "__dataframe__"])
def test_other_frames_come_through_a_protocol(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listed(table(Streamed(protocol))) == {"x": ["1", None]}
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TypeError, match=r"data is tests Streamed, which pyarrow can read: pip install pyarrow"):
        table(Streamed(protocol))


LEVELS = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("x", "y"), ("x", "z")]))


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (3, TypeError, r"data is int 3; expected a data frame, the path of a votes file, rows such as"),
        (None, TypeError, r"data is NoneType missing; expected a data frame"),
        (b"x", TypeError, r"data is bytes b'x'; expected a data frame"),
        (pd.Series([1]), TypeError, r"data is one column, a pandas Series; expected a data frame"),
        (pl.Series([1]), TypeError, r"data is one column, a polars Series; expected a data frame"),
        (pl.LazyFrame({"x": [1]}), TypeError, r"data is a polars LazyFrame, .*; pass data\.collect\(\)"),
        (LEVELS, FrameError, r"data has columns of 2 levels, such as \('x', 'y'\); expected one name each"),
        ([], FrameError, r"data is empty; expected rows such as \(model a, model b, winner\)"),
        ([("x", "y")], FrameError, r"data, row 1: 2 values; expected three, \(model a, model b, winner\)"),
        ([("x", "y", "a"), ("x",)], FrameError, r"data, row 2: 1 values; expected three"),
        ([("x", "y", "a"), {}], FrameError, r"data, row 2: dict \{\}; expected \(model a, model b, winner\)"),
        ([{"x": 1}, (1,)], FrameError, r"data, row 2: tuple \(1,\); expected a dict, as in the first row"),
        ([1, 2], TypeError, r"data, row 1: int 1; expected \(model a, model b, winner\)"),
        ({"winner": "a"}, TypeError, r"data has 'a' for 'winner'; expected a list or an array, one value for each row"),
        ({"winner": 3}, TypeError, r"data has 3 for 'winner'; expected a list or an array"),
    ],
)
def test_other_shapes_are_errors(data: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        table(data)


@pytest.mark.parametrize(("kind", "made"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame), ("pyarrow", pa.Table)])
def test_a_frame_is_of_the_library_asked_for(kind: Any, made: type) -> None:
    found = frame(COLUMNS, kind)
    assert isinstance(found, made)
    assert listed(table(found)) == COLUMNS


def test_by_default_a_frame_is_of_the_first_library_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = ["pandas", "polars", "pyarrow"]
    monkeypatch.setattr(frames, "find_spec", lambda name: True if name in installed else None)
    for made in (pd.DataFrame, pl.DataFrame, pa.Table):
        assert isinstance(frame(COLUMNS, None), made)
        installed.pop(0)
    with pytest.raises(ImportError, match=r"none is installed: pip install pandas, or use the rows"):
        frame(COLUMNS, None)


def test_a_library_that_is_missing_or_unknown_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(
        ImportError, match=r"a frame of polars needs polars, which is not installed: pip install polars"
    ):
        frame(COLUMNS, "polars")
    with pytest.raises(ValueError, match=r"kind is 'arrow'; expected one of pandas, polars, pyarrow"):
        frame(COLUMNS, "arrow")  # type: ignore[arg-type]


def test_no_library_is_imported_for_other_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pandas", "polars", "pyarrow"):
        monkeypatch.setitem(sys.modules, name, None)
    assert listed(table(COLUMNS)) == COLUMNS
    assert listed(table([("lark", "wren", "a")])) == {"model_a": ["lark"], "model_b": ["wren"], "winner": ["a"]}
