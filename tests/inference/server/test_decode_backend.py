"""The decode backend while the compiler runs, and after. The compiler is a script before the real one on the server's
PATH; it leaves no files in the project.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from inference.model.native.library import find_compiler, library_folders, library_name
from tests.fakes.compiler import FakeCompiler, wait_until_gone
from tests.inference.model.native.needs import needs_compiler
from tests.inference.server.serving import ASK, ENDLESS, LIMIT_S, Server, serving

ANSWER: dict[str, Any] = {"model": "one", "messages": ASK, "temperature": 0}


@pytest.fixture
def compiler(tmp_path: Path) -> Iterator[FakeCompiler]:
    """Write a compiler that ends when `gate` exists, or after 100 s."""
    real, gate = find_compiler(), tmp_path / "gate"
    script = f'all="$*"\nn=0\nwhile [ ! -e "{gate}" ] && [ $n -lt 1000 ]; do sleep 0.1; n=$((n+1)); done'
    compiler = FakeCompiler(tmp_path / "bin", "")
    compiler.path.write_text(f'#!/bin/sh\necho $$ >> "{tmp_path}/bin/runs"\n{script}\nexec {real} $all\n')
    yield compiler
    for place in library_folders():
        (place / library_name(str(compiler.path))).unlink(missing_ok=True)


def backend_of(server: Server, answer: Any) -> str:
    health = httpx.get(f"{server.url}/health").json()["models"]["one"]
    digest, _, backend = str(answer.system_fingerprint).partition("+")
    assert digest == health["fingerprint"]
    return backend


def path_with(compiler: FakeCompiler) -> str:
    return f"{compiler.folder}:{os.environ['PATH']}"


def test_while_the_compiler_runs_torch_answers_and_the_compiler_ends_with_the_server(
    folders: dict[str, Path], compiler: FakeCompiler
) -> None:
    with serving(f"--model=one={folders['one']}", path=path_with(compiler)) as server:
        pid = compiler.wait_for_run()
        health = httpx.get(f"{server.url}/health").json()
        assert (health["status"], health["decode_library"]) == ("ok", "compiling")
        assert health["models"]["one"]["decode_backend"] == "torch"
        answer = server.client().chat.completions.create(**ANSWER, max_tokens=5)
        assert backend_of(server, answer) == "torch"
        assert '{backend="torch",model="one"} 1.0' in httpx.get(f"{server.url}/metrics").text
        server.process.terminate()
        wait_until_gone(pid)
        code, log = server.end()
        assert code == 0
        assert "Traceback" not in log


@needs_compiler
def test_new_requests_take_the_compiled_backend_and_running_ones_keep_torch(
    folders: dict[str, Path], compiler: FakeCompiler, tmp_path: Path
) -> None:
    with serving(f"--model=one={folders['one']}", path=path_with(compiler)) as server:
        client = server.client()
        running = iter(client.chat.completions.create(**ANSWER, max_tokens=ENDLESS, stream=True))
        assert backend_of(server, next(running)) == "torch"
        (tmp_path / "gate").touch()
        deadline = time.monotonic() + LIMIT_S
        while httpx.get(f"{server.url}/health").json()["decode_library"] != "ready":
            assert time.monotonic() < deadline, "the library did not arrive"
            time.sleep(0.05)
        assert {backend_of(server, next(running)) for _ in range(20)} == {"torch"}
        assert backend_of(server, client.chat.completions.create(**ANSWER, max_tokens=5)) == "native"
        assert '{backend="native",model="one"} 1.0' in httpx.get(f"{server.url}/metrics").text
        assert {backend_of(server, next(running)) for _ in range(20)} == {"torch"}
