import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from db.__main__ import main
from db.session import open_database
from tests.db.building import fight


def _fill(folder: Path) -> None:
    database = open_database(f"sqlite:///{folder / 'arena.sqlite'}")
    with database.write() as tx:
        fight(tx)
    database.close()


def test_votes_are_exported_and_imported_and_the_check_finds_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _fill(tmp_path / "old")
    first, again, copy = (str(tmp_path / name) for name in ("first.jsonl", "again.jsonl", "copy.sqlite"))
    assert main(["export", first, "--data", str(tmp_path / "old")]) == 0
    assert main(["import", first, "--data", str(tmp_path / "new")]) == 0
    assert main(["export", again, "--db", f"sqlite:///{tmp_path / 'new' / 'arena.sqlite'}"]) == 0
    assert main(["backup", copy, "--data", str(tmp_path / "old")]) == 0
    assert main(["check", "--db", f"sqlite:///{copy}"]) == 0
    assert Path(first).read_bytes() == Path(again).read_bytes() != b""
    printed = capsys.readouterr()
    assert f"1 vote written to {first}" in printed.out
    assert "copy.sqlite is sound" in printed.out
    assert printed.err == (
        "left out the texts of 1 of 1 battle, because their visitors have not agreed to publication; "
        "--all-texts keeps them, for your own move or backup\n"
    )
    assert main(["export", again, "--all-texts", "--data", str(tmp_path / "old")]) == 0
    assert "What is 2 + 2?" in Path(again).read_text()
    assert capsys.readouterr().err == ""


def test_a_check_that_finds_something_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _fill(tmp_path)
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    with database.write() as tx:
        tx.execute(text("INSERT INTO vote_reasons VALUES (1, 8)"))
    database.close()
    assert main(["check", "--data", str(tmp_path)]) == 1
    assert "1 votes count with a reason against them" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["export", "x.jsonl"], ["backup", "x.sqlite"], ["check"]])
def test_a_command_that_reads_makes_no_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main([*command, "--data", str(tmp_path / "typo")]) == 1
    assert "error: there is no database at" in capsys.readouterr().err
    assert not (tmp_path / "typo").exists()


def test_an_error_is_one_line_and_a_status(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "db", "import", str(tmp_path / "none.jsonl"), "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "none.jsonl" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_database_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["check", "--data", str(tmp_path), "--db", "sqlite:///x"])
    assert caught.value.code == 2
    assert "not allowed with" in capsys.readouterr().err
