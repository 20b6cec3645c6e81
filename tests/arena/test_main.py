"""The owner's commands, as typed."""

import subprocess
import sys
from pathlib import Path

import pytest

from arena.__main__ import main
from db.session import open_database
from tests.arena.players.dialects import strict
from tests.arena.service.verdicts.old_votes import export, fill
from tests.fakes.chat_server import ChatServer


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
        patch.setattr("arena.service.verdicts.recompute._store", stopped)
        assert main(["admin", "recompute-verdicts", "--data", str(data)]) == 130
    assert (
        capsys.readouterr().err == "stopped; the verdicts stored so far are correct, and a second run judges the rest\n"
    )
    assert _run(capsys, data)[1] == "verdicts that changed: 8"


def test_check_asks_each_model_and_prints_the_lines_that_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "arena.toml"

    def written(server: ChatServer, *lines: str) -> list[str]:
        tables = f'[[models]]\nname = "Strict"\nbase_url = "{server.base_url}"\nmodel = "m"\n'
        file.write_text("\n".join([tables, *lines, '[[models]]\nname = "Old"\npath = "x"\nactive = false']))
        return ["check", "--config", str(file)]

    with ChatServer(strict("temperature", "max_tokens")) as server:
        assert main(written(server)) == 0
        printed = capsys.readouterr().out
        assert "  skipped  Old: active = false\n" in printed
        assert "  ok       Strict: first token after 0." in printed
        _, _, lines = printed.partition(
            "# in the [[models]] table of 'Strict', in place of a line with the same key:\n"
        )
        assert main(written(server, lines)) == 0
        assert "# in the [[models]] table" not in capsys.readouterr().out
        assert len(server.asked) == 4  # refused twice and answered, then answered


def test_check_fails_for_a_model_that_does_not_answer_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "arena.toml").write_text(
        """
[battle]
retries = 0
[[models]]
name = "Gone"
base_url = "http://127.0.0.1:9/v1"
[[models]]
name = "Locked"
base_url = "http://127.0.0.1:9/v1"
api_key_env = "NO_SUCH_KEY"
[[models]]
name = "Own"
path = "nowhere"
[[models]]
name = "Demo"
path = "demo:wren-sol"
"""
    )
    assert main(["check", "--config", str(tmp_path / "arena.toml")]) == 1
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "  failed   Gone: It cannot be reached. Start its server, or correct base_url. (127.0.0.1:9:" in printed.out
    assert "api_key_env: the environment has no NO_SUCH_KEY; set it to the key\n" in printed.out
    assert "  failed   Own: " in printed.out
    assert f"no folder {tmp_path / 'nowhere'}" in printed.out
    assert "  ok       Demo: its files are there; the arena loads it itself\n" in printed.out
    assert "3 of 4 models do not answer" in printed.out


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
