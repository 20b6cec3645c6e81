import os
import subprocess
import sys
from typing import Any

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from elo.one_thread import one_thread

MANY_MODELS = """
import hashlib, json
from elo.leaderboard import rate
from elo.settings import Settings
from elo.simulate import Scenario, simulate

votes = simulate(Scenario(votes=20_000, models=150, voters=30, seed=3)).votes
for options in ({"bootstrap": 20}, {"interval": "sandwich"}, {"cluster": "voter"}, {"control": ("side",)}):
    board = rate(votes, Settings(**options))
    print(hashlib.sha256(json.dumps(board.to_json()).encode()).hexdigest())
"""


def blas_threads() -> set[Any]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_boards_of_many_models_have_the_same_bits_on_one_thread_and_on_two() -> None:
    def boards(n_threads: str) -> str:
        environment = os.environ | {"OPENBLAS_NUM_THREADS": n_threads, "OMP_NUM_THREADS": n_threads}
        command = [sys.executable, "-c", MANY_MODELS]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=120).stdout

    one = boards("1")
    assert len(set(one.split())) == 4
    assert boards("2") == one


def test_the_number_of_threads_is_restored_also_after_an_error() -> None:
    def fail() -> None:
        with one_thread():
            seen.append(blas_threads())
            raise RuntimeError

    seen: list[set[Any]] = []
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with pytest.raises(RuntimeError):
            fail()
        assert blas_threads() == before
    assert seen == [{1}]
