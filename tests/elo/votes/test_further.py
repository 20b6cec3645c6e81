"""Columns asked for by name: whatever the source, the votes carry the same."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from db import exchange, queries
from db.codes import BattleKind, State
from db.session import open_database
from elo.columns import Column
from elo.votes.files.csv_file import CsvFile
from elo.votes.vote_columns import gathered
from elo.votes.votes_file import VotesFileError, read_votes, votes_of_columns
from tests.db import building

ROWS: list[dict[str, Any]] = [
    {"model_a": "x", "model_b": "y", "winner": "a", "language": "ko", "tags": ["code", "math"], "size": 1, "by": True},
    {"model_a": "y", "model_b": "z", "winner": "b", "language": None, "tags": [], "size": None, "by": False},
    {"model_a": "z", "model_b": "x", "winner": "tie", "language": "en", "tags": ["code"], "size": 3, "by": None},
    {"model_a": "z", "model_b": "y", "winner": "a", "language": "ko", "tags": ["math"], "size": 12, "by": True},
]
NAMES = ("tags", "language", "size", "by")


def write(folder: Path, form: str) -> Path:
    path = folder / f"votes.{form}"
    if form == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)))
    elif form == "json":
        path.write_text(json.dumps(ROWS, indent=1))
    elif form == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pytest.importorskip("pyarrow").Table.from_pylist(ROWS), path)
    else:
        texts = [
            [str(row[name] if row[name] is not None else "") for name in ("model_a", "model_b", "winner", "language")]
            + [
                ";".join(row["tags"]),
                "" if row["size"] is None else str(row["size"]),
                json.dumps(row["by"]).strip("nul"),
            ]
            for row in ROWS
        ]
        text = (
            "\n".join(map(",".join, [["model_a", "model_b", "winner", "language", "tags", "size", "by"], *texts]))
            + "\n"
        )
        path.write_bytes(gzip.compress(text.encode()) if form == "csv.gz" else text.encode())
    return path


def told(further: dict[str, Column]) -> list[object]:
    return [(name, column.code.tolist(), column.cells) for name, column in further.items()]


@pytest.mark.parametrize("form", ["csv", "csv.gz", "row by row", "jsonl", "json", "parquet"])
def test_every_format_gives_the_same_columns(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if form == "row by row":
        monkeypatch.setattr(CsvFile, "_plain", lambda *_: None)
    path = write(tmp_path, "csv" if form == "row by row" else form)
    file = read_votes([path, path], further=NAMES)
    assert told(dict(file.votes.further)) == [
        ("tags", [0, -1, 1, 2] * 2, (("code", "math"), ("code",), ("math",))),
        ("language", [0, -1, 1, 0] * 2, ("ko", "en")),
        ("size", [0, -1, 1, 2] * 2, ("1", "3", "12")),
        ("by", [0, 1, -1, 0] * 2, ("true", "false")),
    ]
    assert not read_votes([path]).votes.further


def test_a_table_in_memory_gives_the_same_columns_as_a_file(tmp_path: Path) -> None:
    table = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    found = votes_of_columns(table, further=NAMES).votes.further
    assert told(dict(found)) == told(dict(read_votes([write(tmp_path, "jsonl")], further=NAMES).votes.further))
    with pytest.raises(VotesFileError, match=r"the table has no column tag; did you mean tags\?"):
        votes_of_columns(table, further=("tag",))


def test_the_columns_follow_the_votes_that_are_selected(tmp_path: Path) -> None:
    votes = read_votes([write(tmp_path, "csv")], further=("language",)).votes
    chosen = votes.select(votes.further["language"].texts()["ko"])
    assert [(a, b) for a, b, _ in chosen] == [("x", "y"), ("z", "y")]
    assert chosen.further["language"].code.tolist() == [0, 0]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_an_unknown_column_is_refused_with_those_there_are(tmp_path: Path, form: str) -> None:
    path = write(tmp_path, form)
    with pytest.raises(
        VotesFileError, match=r"has no column langauge; did you mean language\? It has model_a, model_b"
    ):
        read_votes([path], further=("langauge",))


def test_a_key_that_only_later_lines_have_is_a_column(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text("\n".join(map(json.dumps, [{**ROWS[0], "new": None}, {**ROWS[1], "later": 1}])))
    assert read_votes([path], further=("later",)).votes.further["later"].code.tolist() == [-1, 0]


def test_an_export_and_its_database_have_the_same_columns(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    with database.write() as tx:
        battle = building.votable(tx, ("birch", "ash"))
        queries.add_turn(tx, battle, "그리고?")
        queries.set_battle_state(tx, battle, State.VOTABLE, now=12.0)
        building.vote(tx, battle, now=20.5)
        building.vote(tx, building.votable_quick(tx, ("cedar", "ash"), "bob"), visitor="bob", now=21.0)
    exchange.export_votes(database, tmp_path / "votes.jsonl")
    names = queries.BATTLE_COLUMNS
    with database.read() as tx:
        stored = gathered(queries.rated_votes(tx, None, further=names), frozenset(), names)
    database.close()
    assert building.PROMPT.tags == ("short", "nature")
    file = read_votes([tmp_path / "votes.jsonl"], kind="all", further=names)
    assert told(dict(file.votes.further)) == told(dict(stored.further))
    assert stored.further["tags"].cells == (("short", "nature"),)
    assert stored.further["n_turns"].numbers("n_turns").tolist() == [2.0, 1.0]
    assert stored.further["prompt_chars"].numbers("").tolist() == [18.0, 12.0]
    assert stored.further["kind"].cells == (BattleKind.BATTLE.label, BattleKind.QUICK.label)
