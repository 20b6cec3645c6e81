import io
import sys

import pytest

from inference.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr("tqdm.std.time", lambda: clock[0])
    return clock


def test_long_work_draws_a_bar_and_ends_its_line(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = ProgressBar("large")
    clock[0] += 1
    bar(10**9, 4 * 10**9)
    assert terminal.getvalue() == "", "nothing in the first two seconds"
    clock[0] += 1
    bar(2 * 10**9, 4 * 10**9, note="halfway")
    assert terminal.getvalue().startswith("\rlarge:  50%|")
    assert terminal.getvalue().endswith("| 2.00G/4.00G [00:02<00:01, 1.00GB/s, halfway]")
    bar(4 * 10**9, 4 * 10**9)
    assert terminal.getvalue().rpartition("\r")[2].startswith("large: 100%|")
    assert terminal.getvalue().endswith("\n")


@pytest.mark.parametrize("stderr", [Terminal(), io.StringIO(), None])
def test_short_work_shows_nothing(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stderr: io.StringIO | None
) -> None:
    monkeypatch.setattr(sys, "stderr", stderr)
    bar = ProgressBar("small")
    with caplog.at_level("INFO"):
        for n_done in range(4):
            clock[0] += 0.4
            bar(n_done, 3)
    assert (stderr.getvalue() if stderr else "", caplog.records) == ("", [])


def test_without_a_terminal_the_log_has_a_line_every_ten_seconds(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for stderr in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", stderr)
        caplog.clear()
        with caplog.at_level("INFO"):
            bytes_, steps = ProgressBar("large"), ProgressBar("training", unit=" steps")
            for n_done in range(26):
                clock[0] += 1
                bytes_(n_done * 10**9, 25 * 10**9)
                steps(n_done, 25, note="loss 2.5")
        assert [record.message for record in caplog.records] == [
            "large: 36 % of 25.0GB, 00:17 left",
            "training: 36 % of 25 steps, 00:17 left, loss 2.5",
            "large: 76 % of 25.0GB, 00:06 left",
            "training: 76 % of 25 steps, 00:06 left, loss 2.5",
        ]
