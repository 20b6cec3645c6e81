"""One server for all these tests: two models of random weights, with a single slot each."""

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.fakes import write_model_folder
from tests.inference.server.serving import ENDLESS, Server, serving

ONE_SLOT_GB = "0.00002"  # of caches for two models, 6 KiB a slot each


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    for seed, name in enumerate(("one", "two")):
        write_model_folder(root / name, seed=seed, max_seq_len=2 * ENDLESS)
    return {"one": root / "one", "two": root / "two"}


@pytest.fixture(scope="session")
def server(folders: dict[str, Path]) -> Iterator[Server]:
    with serving(*(f"--model={name}={path}" for name, path in folders.items()), f"--cache-gb={ONE_SLOT_GB}") as server:
        yield server


@pytest.fixture(scope="session")
def client(server: Server) -> openai.OpenAI:
    return server.client()
