import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from inference.model.native.compiling import FAILURE_LASTS_S, CompileError, StoppedError, make_library
from inference.model.native.library import library_name
from tests.fakes.compiler import FakeCompiler, leads_its_group, members, wait_until_gone
from tests.inference.model.native.needs import needs_compiler

SLOW = "sleep 100 & sleep 100"
FAILS = "echo 'decode.c: about to fail' >&2; echo 'cc1: error: no such register' >&2; exit 1"
WORKS = 'echo made > "$out"'


@needs_compiler
def test_a_library_is_compiled_once_in_the_first_writable_folder(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    made = make_library("/usr/bin/cc", (blocked / "below", tmp_path / "cache"))
    assert made.parent == tmp_path / "cache"
    assert ctypes.CDLL(str(made)).decode
    before = made.stat().st_mtime_ns
    assert make_library("/usr/bin/cc", (tmp_path / "cache",)) == made
    assert made.stat().st_mtime_ns == before
    assert list(made.parent.iterdir()) == [made]


def test_an_error_names_the_folders_when_none_is_writable(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(CompileError, match="can be written to"):
        make_library(str(FakeCompiler(tmp_path / "bin", WORKS).path), (blocked / "below",))


def test_a_failure_quotes_the_compilers_last_line_and_is_remembered_for_a_day(tmp_path: Path) -> None:
    compiler, cache = FakeCompiler(tmp_path / "bin", FAILS), tmp_path / "cache"
    for expected in ("cc printed: cc1: error: no such register$", "could not be compiled on 20.*no such register$"):
        with pytest.raises(CompileError, match=expected):
            make_library(str(compiler.path), (cache,))
        assert len(compiler.pids) == 1
    (remembered,) = cache.iterdir()
    yesterday = time.time() - FAILURE_LASTS_S - 1
    os.utime(remembered, (yesterday, yesterday))
    with pytest.raises(CompileError):
        make_library(str(compiler.path), (cache,))
    assert len(compiler.pids) == 2


def test_another_compiler_is_tried_at_once(tmp_path: Path) -> None:
    compiler, cache = FakeCompiler(tmp_path / "bin", FAILS), tmp_path / "cache"
    with pytest.raises(CompileError):
        make_library(str(compiler.path), (cache,))
    compiler.write(WORKS)
    assert make_library(str(compiler.path), (cache,)).read_text() == "made\n"


def test_a_compiler_that_was_killed_has_not_failed(tmp_path: Path) -> None:
    compiler, cache = FakeCompiler(tmp_path / "bin", "kill -9 $$"), tmp_path / "cache"
    for n_runs in (1, 2):
        with pytest.raises(CompileError, match="killed by signal 9"):
            make_library(str(compiler.path), (cache,))
        assert len(compiler.pids) == n_runs
    assert list(cache.iterdir()) == []


def test_a_stopped_compiler_ends_with_its_child_processes_and_leaves_no_file(tmp_path: Path) -> None:
    compiler, cache, stop = FakeCompiler(tmp_path / "bin", SLOW), tmp_path / "cache", threading.Event()
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(make_library, str(compiler.path), (cache,), stop=stop)
        pid = compiler.wait_for_run()
        assert leads_its_group(pid)
        stop.set()
        assert isinstance(making.exception(), StoppedError)
    assert members(pid) == []
    assert list(cache.iterdir()) == []


def test_of_two_processes_one_compiles_and_the_other_waits(tmp_path: Path) -> None:
    gate, cache = tmp_path / "gate", tmp_path / "cache"
    os.mkfifo(gate)
    compiler = FakeCompiler(tmp_path / "bin", f'cat "{gate}"; {WORKS}')
    with ThreadPoolExecutor(2) as pool:
        making = [pool.submit(make_library, str(compiler.path), (cache,)) for _ in range(2)]
        compiler.wait_for_run()
        gate.write_text("go")
        assert making[0].result() == making[1].result() == cache / library_name(str(compiler.path))
    assert len(compiler.pids) == 1


BESIDE = """
import logging, sys
from inference.model.native import compiling, library
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
compiling.start()
print("state", compiling.state(), library.library() is not None, flush=True)
for _ in sys.stdin:
    compiling.wait()
    print("state", compiling.state(), library.library() is not None, flush=True)
"""


@contextmanager
def process_beside(tmp_path: Path, path: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that compiles with this PATH, and stores its library in `tmp_path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", BESIDE],
        env={"PATH": path, "HOME": str(tmp_path), "PYTHONPYCACHEPREFIX": str(tmp_path / "pycache")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def to_state(process: "subprocess.Popen[str]") -> list[str]:
    """Return its lines up to the next one with its state."""
    assert process.stdout is not None
    lines = [process.stdout.readline().strip()]
    while lines[-1] and not lines[-1].startswith("state "):
        lines.append(process.stdout.readline().strip())
    return lines


def after_waiting(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return to_state(process)


@needs_compiler
def test_the_library_is_compiled_while_the_process_goes_on(tmp_path: Path) -> None:
    with process_beside(tmp_path, os.environ["PATH"]) as process:
        started, *_, state = to_state(process)
        assert "torch computes until then" in started
        assert state == "state compiling False"
        arrived, state = after_waiting(process)
        assert "computes new requests" in arrived
        assert state == "state ready True"
    with process_beside(tmp_path, os.environ["PATH"]) as process:
        assert to_state(process) == ["state ready True"]


def test_the_compiler_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    compiler = FakeCompiler(tmp_path / "bin", SLOW)
    with process_beside(tmp_path, f"{compiler.folder}:{os.environ['PATH']}") as process:
        assert to_state(process)[-1] == "state compiling False"
        pid = compiler.wait_for_run()
        assert os.getpgid(pid) != os.getpgid(process.pid)
        process.kill()
        wait_until_gone(pid)


def test_a_failure_is_logged_once_beside_the_process_and_not_tried_at_the_next_start(tmp_path: Path) -> None:
    compiler = FakeCompiler(tmp_path / "bin", FAILS)
    path = f"{compiler.folder}:{os.environ['PATH']}"
    with process_beside(tmp_path, path) as process:
        to_state(process)
        warning, state = after_waiting(process)
        assert warning.startswith("WARNING the C code could not be compiled; torch computes instead")
        assert warning.endswith("cc1: error: no such register")
        assert state == "state failed False"
    with process_beside(tmp_path, path) as process:
        warning, state = to_state(process)
        assert "could not be compiled on" in warning
        assert state == "state failed False"
    assert len(compiler.pids) == 1


def test_without_a_compiler_nothing_is_started(tmp_path: Path) -> None:
    with process_beside(tmp_path, str(tmp_path)) as process:
        told, state = to_state(process)
        assert "no C compiler (cc) found" in told
        assert state == "state no compiler False"
