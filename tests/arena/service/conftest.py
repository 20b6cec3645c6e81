"""One house for each test that asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.arena.service.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()
