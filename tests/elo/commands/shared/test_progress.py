import sys

import pytest

from elo.commands.shared import progress as module
from elo.commands.shared.progress import Progress


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every count is shown."""
    monkeypatch.setattr(module, "_QUIET_S", 0.0)
    monkeypatch.setattr(module, "_LINE_EVERY_S", 0.0)
    monkeypatch.setattr(module, "_EVERY", 2)


def test_a_terminal_shows_a_bar_that_is_taken_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = Progress()
    progress.rounds(2_000, 4_000)
    progress.clear()
    shown = capsys.readouterr().err
    assert "bootstrap: |" in shown
    assert "| 2,000 of 4,000 rounds" in shown
    assert not shown.rstrip("\r").split("\r")[-1].strip(), "the line is empty again"


def test_a_log_has_a_line_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    for n in (1_000, 2_000):
        progress.rows(n)
    progress.rounds(5, 20)
    progress.clear()
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("reading")][-1] == "reading: 2,000 rows"
    assert lines[-1] == "bootstrap: 5 of 20 rounds"


def test_short_work_shows_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LINE_EVERY_S", 60.0)
    monkeypatch.setitem(sys.modules, "tqdm", None)  # nor is it imported
    progress = Progress()
    progress.rows(5)
    progress.clear()
    assert capsys.readouterr().err == ""


def test_rows_are_counted_as_they_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(Progress().reading("abcde")) == list("abcde")
    assert "reading: 4 rows" in capsys.readouterr().err
