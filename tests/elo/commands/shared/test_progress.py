import sys

import pytest

from elo.commands.shared.progress import Progress


def test_long_work_tells_where_it_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.5, 1.5, 1.55, 1.7])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    progress = Progress(clock=lambda: next(clock))
    for done in (1, 2, 3, 4):
        progress.rounds(done, 9)
    progress.clear()
    assert capsys.readouterr().err == "".join(
        f"\r\033[K{text}"
        for text in (
            "bootstrap: [####                ] 2 of 9 rounds",
            "bootstrap: [########            ] 4 of 9 rounds",
            "",
        )
    )


def test_progress_in_a_log_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 6.0, 7.0, 11.5])
    progress = Progress(clock=lambda: next(clock))
    for n in (1, 2, 3):
        progress.show(f"reading: {n} rows")
    progress.clear()
    assert capsys.readouterr().err == "reading: 1 rows\nreading: 3 rows\n"


def test_rows_are_told_as_they_go_by(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elo.commands.shared.progress._EVERY", 2)
    clock = iter([0.0, 6.0, 6.1])
    assert list(Progress(clock=lambda: next(clock)).reading("abcde")) == list("abcde")
    assert capsys.readouterr().err == "reading: 2 rows\n"
