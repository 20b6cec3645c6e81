"""One house for each test that asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arena.service.house import House


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reveals wait for their board, however busy the machine is."""
    monkeypatch.setattr("arena.rules.limits.REVEAL_WAIT_S", 10.0)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()
