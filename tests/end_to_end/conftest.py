"""A running arena for each test that needs one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.running import App


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """app.py with the shipped arena.toml, the four demo models ready."""
    app = App(tmp_path / "data")
    try:
        app.start()
        app.wait_until_ready()
        yield app
    finally:
        app.stop()
