"""Run every test in the same environment, whatever the machine sets and whatever the test before it left behind.

Processes that a test starts inherit `os.environ`. `app.main` keeps its own libraries off the hub with HF_HUB_OFFLINE=1
there; a later test in the same worker that downloads from a fake hub would then fail.
"""

import os
from collections.abc import Iterator

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG

SETTINGS = ("HF_", "HUGGING_FACE_", "TRANSFORMERS_", "ARENA_")
REFERENCE_DATA = "ARENA_REFERENCE_DATA"  # where reference data lies, if it is not beside the checkout

for name in [name for name in os.environ if name.startswith(SETTINGS) and name != REFERENCE_DATA]:
    del os.environ[name]


os.environ["ARENA_WEB_ADMIN_PORT"] = "0"  # or all arenas that run at a time would want the same port

for phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, phase, 60.0)  # a test's own requests; on a busy machine 5 s may be too short


@pytest.fixture(autouse=True)
def unchanged_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        if name != "PYTEST_CURRENT_TEST":
            del os.environ[name]
    os.environ.update({name: value for name, value in before.items() if name != "PYTEST_CURRENT_TEST"})
