"""Conditions on columns, alone and in files of every format."""

import json
from pathlib import Path
from typing import Any

import pytest

from elo.columns import Cell
from elo.votes.files.csv_file import CsvFile
from elo.votes.selection.where import Condition, ConditionError, parse_all
from elo.votes.votes_file import VotesFile, VotesFileError, read_votes, votes_of_columns
from tests.elo.votes.test_further import write


@pytest.mark.parametrize(
    ("written", "true", "false"),
    [
        ("language=ko", ["ko"], ["en", "", "KO", "korean"]),
        ("language!=ko", ["en", ""], ["ko"]),
        ("language=", [""], ["ko"]),
        ("language!=", ["ko", ("code",)], [""]),
        ("tags=code", ["code", ("math", "code")], [("math",), "", "codes"]),
        ("tags!=code", [("math",), ""], [("code", "math")]),
        ("tags=2", [("2", "x")], [("2.0",), ("2e0", "02")]),
        ("tags!=true", [("True",), ("1",)], [("true",)]),
        ("n=2", ["2", "2.0", " 2", "2e0"], ["3", "", "two"]),
        ("n!=2", ["3", ""], ["2", "2.0"]),
        ("size>=2", ["2", "2.5", "10"], ["1", "-3", ""]),
        ("n<=-1.5", ["-2", "-1.5"], ["0", ""]),
        ("id=12345678901234567890", ["12345678901234567890"], ["12345678901234567891"]),
        ("shared=true", ["true", "True", "1"], ["false", "0", ""]),
        ("shared=FALSE", ["false", "0"], ["true", ""]),
        ("tstamp>=2026-01-31", ["1769817600", "2026-01-31T00:00:00Z", "2026-02-01"], ["1769817599.5", ""]),
        ("tstamp=1769817600", ["2026-01-31", "1769817600.0"], ["2026-01-30"]),
        ("day<=2026-01-31", ["2026-01-31", "2025-12-01"], ["2026-02-01"]),
        ("note=a=b", ["a=b"], ["a"]),
        ("  language  =  ko  ", ["ko"], ["en"]),
    ],
)
def test_a_condition_is_true_of_some_cells_and_false_of_others(
    written: str, true: list[Cell], false: list[Cell]
) -> None:
    condition = Condition.parse(written)
    assert [one for one in (*true, *false) if condition.holds(one)] == true


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("language", "'language' is not a condition; expected COLUMN=VALUE, or !=, >= or <=: language=ko"),
        ("=ko", "'=ko' is not a condition"),
        ("n>2", "'n>2' is not a condition"),
        ("n==2", "'n==2' is not a condition"),
        ("", "'' is not a condition"),
        ("language>=b", "compares by >= with 'b', which is neither a number nor a date; use = or !="),
        ("n<=", "compares by <= with ''"),
    ],
)
def test_a_condition_without_meaning_is_refused(written: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        Condition.parse(written)


@pytest.mark.parametrize(
    ("written", "cell", "message"),
    [
        ("size>=2", "many", "size is 'many', but size>=2 needs a number; use = or !="),
        ("size>=2", ("1", "2"), r"size is \['1', '2'\], but size>=2 needs a number"),
        ("tstamp<=5", "yesterday", "tstamp is 'yesterday', but tstamp<=5 needs a time"),
    ],
)
def test_text_has_no_order(written: str, cell: Cell, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        Condition.parse(written).holds(cell)


def chosen(file: VotesFile) -> tuple[list[tuple[str, str]], int]:
    return [(a, b) for a, b, _ in file.votes], file.tally.n_other_values


@pytest.mark.parametrize("form", ["csv", "csv.gz", "row by row", "jsonl", "json", "parquet"])
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (["language=ko"], [("x", "y"), ("z", "y")]),
        (["language!=ko"], [("y", "z"), ("z", "x")]),
        (["language="], [("y", "z")]),
        (["tags=code"], [("x", "y"), ("z", "x")]),
        (["tags!=code"], [("y", "z"), ("z", "y")]),
        (["size>=2"], [("z", "x"), ("z", "y")]),
        (["size>=2", "tags=math"], [("z", "y")]),
        (["by=true", "size<=1"], [("x", "y")]),
        (["winner!=tie", "model_a=z"], [("z", "y")]),
    ],
    ids=str,
)
def test_every_format_selects_the_same_votes(
    tmp_path: Path, form: str, where: list[str], expected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if form == "row by row":
        monkeypatch.setattr(CsvFile, "_plain", lambda *_: None)
    path = write(tmp_path, "csv" if form == "row by row" else form)
    file = read_votes([path], where=parse_all(where))
    assert chosen(file) == (expected, 4 - len(expected))
    assert not file.votes.further


def test_a_table_in_memory_is_selected_too() -> None:
    table = {"model_a": "xy", "model_b": "yx", "winner": "ab", "size": [1, 2.5]}
    assert chosen(votes_of_columns(table, where=parse_all(["size>=2"]))) == ([("y", "x")], 1)


def test_rows_are_left_out_before_they_are_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(
        "model_a,model_b,winner,counted,language\nx,y,a,true,ko\nx,y,?,true,en\nx,y,a,false,en\nx,y,b,false,ko\n"
    )
    file = read_votes([path], where=parse_all(["language=ko"]))
    assert (file.n_rows, file.tally.n_other_values, file.excluded) == (4, 2, {"not_counted": 1})


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_value_without_order_is_named_by_its_line(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"votes.{form}"
    rows = [{"model_a": "x", "model_b": "y", "winner": "a", "size": n} for n in (1, "many")]
    if form == "csv":
        path.write_text("model_a,model_b,winner,size\nx,y,a,1\nx,y,a,many\n")
    else:
        path.write_text("\n".join(map(json.dumps, rows)))
    line = 3 if form == "csv" else 2
    with pytest.raises(VotesFileError, match=rf"{form}, line {line}: size is 'many', but size>=1 needs a number"):
        read_votes([path], where=parse_all(["size>=1"]), skip_bad=True)
    with pytest.raises(VotesFileError, match=rf"{form}, line {line}: size is 'many'; expected a number"):
        read_votes([path], further=("size",), numbers=("size",))
    file = read_votes([path], further=("size",), numbers=("size",), skip_bad=True)
    assert (len(file.votes), file.excluded) == (1, {"bad_row": 1})


@pytest.mark.parametrize("form", ["csv", "row by row", "jsonl", "parquet"])
def test_a_column_may_be_the_difference_of_its_sides(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"model_a": "x", "model_b": "y", "winner": "a", "cost_a": a, "cost_b": b}
        for a, b in ((3, 1), (1, 2), (None, 2))
    ]
    path = tmp_path / "votes"
    if form == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    elif form == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pytest.importorskip("pyarrow").Table.from_pylist(rows), path)
    else:
        path.write_text("model_a,model_b,winner,cost_a,cost_b\nx,y,a,3,1\nx,y,a,1,2\nx,y,a,,2\n")
    if form == "row by row":
        monkeypatch.setattr(CsvFile, "_plain", lambda *_: None)
    votes = read_votes([path], further=("cost",), numbers=("cost",)).votes
    assert votes.further["cost"].numbers("cost").tolist()[:2] == [2.0, -1.0]
    assert votes.further["cost"].code.tolist() == [0, 1, -1]


def test_a_difference_of_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner,cost_a,cost_b\nx,y,a,3,1\nx,y,a,much,2\n")
    with pytest.raises(VotesFileError, match="line 3: cost is 'much - 2'; expected a number"):
        read_votes([path], further=("cost",), numbers=("cost",))
