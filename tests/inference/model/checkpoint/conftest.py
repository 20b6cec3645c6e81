from pathlib import Path
from typing import Any

import pytest

from inference.model.config import CheckpointError


@pytest.fixture(autouse=True)
def each_error_names_a_path_at_most_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def checked(self: CheckpointError, *args: Any) -> None:
        assert str(args[0]).count(str(tmp_path)) <= 1, args[0]
        ValueError.__init__(self, *args)

    monkeypatch.setattr(CheckpointError, "__init__", checked)
