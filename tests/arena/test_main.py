"""The owner's commands, as typed."""

import subprocess
import sys
from pathlib import Path

import pytest

from arena.__main__ import main
from db.session import open_database
from tests.arena.service.old_votes import export, fill


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with votes of version 1 of the rules, and settings with one limit."""
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    fill(database)
    database.close()
    (tmp_path / "arena.toml").write_text("[limits]\nvotes_per_hour = 50\n")
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], data: Path, *options: str) -> list[str]:
    settings = ["--config", str(data / "arena.toml"), "--data", str(data)]
    assert main(["admin", "recompute-verdicts", *settings, *options]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out.splitlines()


def test_the_report_counts_changed_verdicts_and_those_that_cannot_be_judged(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = [
        "        3  counted -> no_answer",
        "        1  counted -> failed_side",
        "        1  banned -> banned, no_answer",
        "        1  failed_side, identical_answers -> failed_side",
        "        1  identical_answers -> no_answer",
        "        1  withdrawn -> withdrawn, no_answer",
        "votes that count now and did not before: 0",
        "votes that counted before and do not now: 4",
        "votes without facts, which keep their old verdict: 1",
    ]
    by = "votes judged: 11, by rules of version 2 (votes_per_hour 50, min_read_s 0)"
    last = "nothing was stored: run it without --dry-run to store this"
    assert _run(capsys, data, "--dry-run") == [by, "verdicts that would change: 8", *changes, last]
    assert _run(capsys, data) == [by, "verdicts that changed: 8", *changes]
    assert _run(capsys, data)[1] == "verdicts that changed: 0"


def test_a_dry_run_leaves_every_byte_of_an_export_as_it_was(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = open_database(f"sqlite:///{data / 'arena.sqlite'}")
    before = export(database, data / "before.jsonl")
    _run(capsys, data, "--dry-run")
    assert export(database, data / "after.jsonl") == before
    database.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--data", "none"],
            "error: there is no database at none/arena.sqlite; check the path, or start the arena",
        ),
        (
            ["--config", "none.toml"],
            "error: no file none.toml; name your settings file with --config FILE",
        ),
        (
            ["--db", "mysql://h/x"],
            "error: database address 'mysql://h/x' is of an unknown type; expected sqlite:///PATH",
        ),
    ],
)
def test_a_mistake_is_reported_in_one_line(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["admin", "recompute-verdicts", *options]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(message)
    assert printed.err.count("\n") == 1


def test_a_stopped_run_says_how_to_go_on(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("arena.service.recompute._store", stopped)
        assert main(["admin", "recompute-verdicts", "--data", str(data)]) == 130
    assert (
        capsys.readouterr().err == "stopped; the verdicts stored so far are correct, and a second run judges the rest\n"
    )
    assert _run(capsys, data)[1] == "verdicts that changed: 8"


def test_init_changes_no_existing_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arena.toml").write_text("mine")
    assert main(["init"]) == 1
    assert capsys.readouterr().err == (
        "error: arena.toml is already in this folder and was not changed; start the arena with `arena`,"
        " or move the file away first\n"
    )
    assert (tmp_path / "arena.toml").read_text() == "mine"


def test_the_package_runs_as_a_command() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "arena", "admin", "recompute-verdicts", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for option in ("--config FILE", "--data DIR", "--db URL", "--dry-run"):
        assert option in told
