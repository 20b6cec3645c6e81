"""A model folder for the commands, which run in this process."""

from pathlib import Path

import pytest

from tests.fakes import write_model_folder


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    write_model_folder(path, max_seq_len=300)
    return path
