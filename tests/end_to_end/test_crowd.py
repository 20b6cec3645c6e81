"""A simulated crowd in a running arena, over HTTP."""

import pytest

from arena.__main__ import main
from tests.end_to_end.running import App


def test_a_small_crowd_votes_in_a_running_arena(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    crowd = ["simulate-crowd", "--url", app.url, "--battles", "8", "--voters", "4", "--left", "0.25", "--quick", "12"]
    assert main(crowd) == 0
    printed = capsys.readouterr().out
    assert "battles: votes: 8 counted" in printed
    assert "quick rounds and campaign: votes: 12 counted" in printed
    assert "Larch Umber" in printed
    assert "has the order of accuracy" in printed
