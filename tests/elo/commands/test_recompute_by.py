"""`recompute --by`: each board is that of the votes with one value, from files and from a database."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import pytest

from db import exchange
from db.session import open_database
from elo.__main__ import main
from elo.commands.recompute_by import _folders
from elo.votes.files.csv_file import CsvFile
from tests.elo.commands.test_recompute import crowd


def run(*arguments: str | Path) -> int:
    return main(["recompute", *map(str, arguments), "--bootstrap", "20"])


def votes_file(folder: Path, form: str = "csv") -> Path:
    """300 votes in three languages and without one, of which some do not count."""
    rng, rows = random.Random(5), []
    for _ in range(300):
        a, b = rng.sample(("x", "y", "z"), 2)
        tags = rng.sample(("code", "math", "말"), rng.randint(0, 2))
        language, is_counted = rng.choice(("ko", "ko", "en", "en/us", "")), rng.random() < 0.9
        rows.append([a, b, rng.choice(("a", "b", "tie")), language, json.dumps(tags), str(is_counted).lower(), ""])
    rows[7][6] = "2"
    names = ["model_a", "model_b", "winner", "language", "tags", "counted", "size"]
    path = folder / f"votes.{form}"
    if form == "jsonl":
        objects = [
            dict(zip(names, [*row[:4], json.loads(row[4]), row[5] == "true", None], strict=True)) for row in rows
        ]
        path.write_text("\n".join(map(json.dumps, objects)))
    else:
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([names, *([*row[:4], ";".join(json.loads(row[4])), *row[5:]] for row in rows)])
    return path


def boards(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@pytest.mark.parametrize("form", ["csv", "row by row", "jsonl"])
@pytest.mark.parametrize("column", ["language", "tags"])
def test_each_board_is_that_of_the_condition(
    tmp_path: Path, form: str, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if form == "row by row":
        monkeypatch.setattr(CsvFile, "_plain", lambda *_: None)
    votes = votes_file(tmp_path, "csv" if form == "row by row" else form)
    selected = ("--votes", votes, "--where", "winner!=tie")
    assert run(*selected, "--by", column, "--json", tmp_path / "by.json") == 0
    found = boards(tmp_path / "by.json")
    assert (found["by"], found["not_rated"]) == (column, {})
    assert found["boards"].keys() == {"language": {"ko", "en", "en/us", ""}, "tags": {"code", "math", "말", ""}}[column]
    sizes = [board["votes"] for board in found["boards"].values()]
    assert sizes == sorted(sizes, reverse=True)
    for value, board in found["boards"].items():
        assert run(*selected, "--where", f"{column}={value}", "--json", tmp_path / "one.json") == 0
        assert boards(tmp_path / "one.json") == board
        assert board["excluded"]["not_counted"] > 0


@pytest.mark.parametrize("arguments", [("--by", "language"), ("--kind", "quick", "--by", "tags"), ("--by", "n_turns")])
def test_a_database_and_its_export_give_the_same_boards(
    tmp_path: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    url = crowd(tmp_path / "arena.sqlite")
    database = open_database(url)
    exchange.export_votes(database, tmp_path / "votes.jsonl")
    database.close()
    assert run("--db", url, *arguments, "--json", tmp_path / "db.json") == 0
    from_database = capsys.readouterr().out
    assert run("--votes", tmp_path / "votes.jsonl", *arguments, "--json", tmp_path / "file.json") == 0
    assert capsys.readouterr().out == from_database
    assert (tmp_path / "file.json").read_bytes() == (tmp_path / "db.json").read_bytes()
    assert len(boards(tmp_path / "db.json")["boards"]) >= 3


def test_tables_rows_and_figures_are_by_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ("--csv", tmp_path / "by.csv", "--plots", tmp_path / "plots")
    assert run("--votes", votes_file(tmp_path), "--by", "language", "--method", "elo", *out) == 0
    text = capsys.readouterr().out
    places = [text.index(f"language: {value}\n") for value in ("ko", "en", "(empty)")]
    assert places[0] == 0
    assert "where language=en/us (" in text
    rows = list(csv.DictReader((tmp_path / "by.csv").read_text().splitlines()))
    assert [row["language"] for row in rows][:3] == ["ko"] * 3
    assert {row["language"] for row in rows} == {"ko", "en", "en/us", ""}
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["empty", "en", "en_us", "ko"]
    assert (tmp_path / "plots" / "en_us" / "board.svg").exists()


def test_a_value_without_a_board_does_not_fail_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes = tmp_path / "votes.csv"
    lines = ["x,y,a,ko", "x,y,b,ko", "y,x,tie,ko", "x,y,a,en"]
    votes.write_text("\n".join(["model_a,model_b,winner,language", *lines]) + "\n")
    assert run("--votes", votes, "--by", "language", "--prior", "0", "--json", tmp_path / "by.json") == 0
    assert "language: en\n\nNo board: 1 vote: " in capsys.readouterr().out
    found = boards(tmp_path / "by.json")
    assert list(found["boards"]) == ["ko"]
    assert "'x'" in found["not_rated"]["en"]
    votes.write_text("\n".join(["model_a,model_b,winner,language", lines[-1]]) + "\n")
    assert run("--votes", votes, "--by", "language", "--prior", "0") == 1
    assert "error: no value of language has a board; language=en: 1 vote: " in capsys.readouterr().err


def test_a_column_must_have_some_values_and_not_too_many(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes = tmp_path / "votes.csv"
    lines = [f"x,y,a,{i}," for i in range(101)]
    votes.write_text("\n".join(["model_a,model_b,winner,id,empty", *lines]) + "\n")
    for column, message in (
        ("id", "the column id has 101 values (0, 1, 10, 100, 11, ...), and there are at most 100 boards; use a column"),
        ("empty", "no vote has a value in the column empty"),
        ("ids", "has no column ids; did you mean id?"),
    ):
        assert run("--votes", votes, "--by", column) == 1
        assert message in capsys.readouterr().err


def test_folders_have_names_that_every_system_takes() -> None:
    assert _folders(["ko", "KO", "a/b", "a?b", "", "..", "말", "x" * 99]) == [
        "ko", "KO-2", "a_b", "a_b-2", "empty", "empty-2", "말", "x" * 60,
    ]  # fmt: skip


def test_rows_that_stand_for_many_votes_leave_out_as_many(tmp_path: Path) -> None:
    votes = tmp_path / "votes.csv"
    lines = ["a,b,a,120,ko,", "a,b,b,10,ko,", "a,b,b,7,en,", "a,b,a,30,en,false"]
    votes.write_text("\n".join(["model_a,model_b,winner,count,language,counted", *lines]) + "\n")
    assert run("--votes", votes, "--by", "language", "--json", tmp_path / "by.json") == 0
    assert run("--votes", votes, "--where", "language=ko", "--json", tmp_path / "one.json") == 0
    board = boards(tmp_path / "by.json")["boards"]["ko"]
    assert (board["votes"], board["source"]["where_left_out"]) == (130, 37)
    assert boards(tmp_path / "one.json") == board
