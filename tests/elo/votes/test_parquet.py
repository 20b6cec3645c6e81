import builtins
import datetime
from pathlib import Path
from typing import Any

import pytest

from db.outcome import Outcome
from elo.votes.parquet import ParquetRows
from elo.votes.rows import RowsError
from elo.votes.votes_file import BadRowError, VotesFileError, read_votes

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install -r requirements-dev.txt")
parquet = pytest.importorskip("pyarrow.parquet")


def write(path: Path, **columns: Any) -> Path:
    parquet.write_table(pyarrow.table(columns), path)
    return path


def test_rows_are_numbered_and_have_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.votes.parquet._BATCH_ROWS", 2)
    path = write(tmp_path / "v.parquet", a=[1, 2, 3], b=["x", None, "z"], c=[[1], [], [2, 3]], d=[{"k": 1}] * 3)
    rows = ParquetRows(path)
    assert rows.columns == ("a", "b", "c", "d")
    found = list(rows.pick(["b", "c", "none"], ["d", "none"]))
    assert [row.line for row in found] == [1, 2, 3]
    assert [row.values for row in found] == [("x", ("1",), None), (None, (), None), ("z", ("2", "3"), None)]
    assert [row.whole for row in found] == [({"k": 1}, None)] * 3


def test_votes_are_read_with_times_flags_and_metadata(tmp_path: Path) -> None:
    day = datetime.datetime(1970, 1, 2, tzinfo=datetime.UTC)
    path = write(
        tmp_path / "v.parquet",
        model_a=["x", "y"],
        model_b=["y", "x"],
        winner_model_a=[1.0, 0.0],
        winner_model_b=[0.0, 0.0],
        winner_tie=[0.0, 1.0],
        timestamp=[day, None],
        judge=["ann", "bob"],
        conv_metadata=[{"sum_assistant_a_tokens": 5, "sum_assistant_b_tokens": 7}] * 2,
    )
    file = read_votes([path], columns=("voter", "time", "features"))
    assert list(file.votes) == [("x", "y", Outcome.A), ("y", "x", Outcome.TIE)]
    assert file.votes.voters == ("ann", "bob")
    assert file.votes.time_s is not None
    assert file.votes.time_s.tolist()[0] == 86_400.0
    assert file.votes.features is not None
    assert file.votes.features["tokens"].tolist() == [[5.0, 7.0]] * 2


def test_a_wrong_row_is_named_by_its_number(tmp_path: Path) -> None:
    path = write(tmp_path / "v.parquet", left=["x", "x"], right=["y", "x"], winner=["left", "left"])
    with pytest.raises(BadRowError, match=r"v\.parquet, row 2: left and right are both 'x'"):
        read_votes([path])


def test_without_pyarrow_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "v.parquet", left=["x"], right=["y"], winner=["left"])
    load = builtins.__import__

    def refuse(name: str, *others: Any, **more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return load(name, *others, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(VotesFileError, match="is a Parquet file, which needs pyarrow: pip install pyarrow"):
        read_votes([path])


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "v.parquet", left=["x"] * 9, right=["y"] * 9, winner=["left"] * 9)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(VotesFileError, match="is not a complete Parquet file"):
        read_votes([path])
    path.write_bytes(whole[:8] + b"\xff" * 40 + whole[48:])
    with pytest.raises(RowsError, match="cannot be read after row 0"):
        list(ParquetRows(path).pick(["left"]))
