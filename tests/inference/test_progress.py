import io
import sys
from types import SimpleNamespace

import pytest

from inference import progress
from inference.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    return clock


def test_a_long_load_draws_a_bar_and_ends_its_line(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    step = Progress("large")
    step(10**9, 4 * 10**9)
    assert terminal.getvalue() == "", "nothing in the first two seconds"
    clock[0] += 2
    step(2 * 10**9, 4 * 10**9)
    assert terminal.getvalue() == "\rlarge [###############               ]  50% of 4.0 GB"
    step(4 * 10**9, 4 * 10**9)
    assert terminal.getvalue().endswith("\rlarge [##############################] 100% of 4.0 GB\n")


def test_without_a_terminal_the_log_is_told_every_ten_seconds(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for stderr in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stderr", stderr)
        caplog.clear()
        step = Progress("large")
        with caplog.at_level("INFO"):
            for n_done in range(25):
                clock[0] += 1
                step(n_done * 10**9, 25 * 10**9)
        assert [record.message for record in caplog.records] == ["large: 36 % of 25.0 GB", "large: 76 % of 25.0 GB"]
