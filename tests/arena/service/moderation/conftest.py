"""Answers are shown at once when they may be, so that no test waits for the pace."""

import pytest


@pytest.fixture(autouse=True)
def _prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arena.rounds.pacing.MIN_LAG_S", 0.02)
