"""Compile the C code once for each machine and version.

The server keeps running meanwhile.

    start()             compile in another process if there is no library; returns at once
    wait(timeout_s)     wait for the end, and return whether there is a library. ensure() does both
    state()             "ready", "compiling", "failed", "no compiler", or "unused" before `start`

It needs only `cc`. The compiler has no time limit. It stops when the process that started it ends, even if that is
killed, because their pipe then closes. A failure is remembered for a day in a file beside the library, or
until source, flags, compiler or processor change (the name has their digest). A stopped compiler has not failed. Where
several processes want the library, one compiles and the others wait.

`make_library` does the work in the process that calls it; `python -m inference.model.native` calls it.
"""

import contextlib
import fcntl
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from inference.model.native.library import (
    CODE,
    find,
    find_compiler,
    flags,
    library_folders,
    library_name,
    load,
    sources,
)

logger = logging.getLogger(__name__)

State = Literal["unused", "compiling", "ready", "failed", "no compiler"]

FAILURE_LASTS_S = 86_400.0
_TORCH_COMPUTES = "torch computes instead, several times slower for small models"
_POLL_S = 0.05
_GRACE_S = 2.0  # between SIGTERM and SIGKILL
_PROJECT = Path(__file__).resolve().parents[3]


class CompileError(Exception):
    """The library cannot be compiled. The message has the compiler's last line, or names what is missing."""


class StoppedError(Exception):
    """The compiler was stopped before it finished."""


# ---- beside a server ----


@dataclass(slots=True)
class _Compilation:
    """The compilation of this process. Closing `pipe` ends the compiling process."""

    state: State = "unused"
    is_over: threading.Event = field(default_factory=threading.Event)
    pipe: IO[bytes] | None = None


_current = _Compilation()
_starting = threading.Lock()


def state() -> State:
    return _current.state


def start() -> None:
    """Start to compile if there is no library; return at once. Later calls do nothing."""
    with _starting:
        if _current.state != "unused":
            return
        if (compiler := find_compiler()) is None:
            logger.info("no C compiler (cc) found: %s", _TORCH_COMPUTES)
            _settle("no compiler")
        elif load() is not None:
            _settle("ready")
        elif (failure := remembered_failure(library_name(compiler), library_folders())) is not None:
            logger.warning("%s", failure)
            _settle("failed")
        else:
            _begin(compiler)


def wait(timeout_s: float | None = None) -> bool:
    """Wait at most `timeout_s` for what `start` began; return whether there is a library."""
    if _current.state != "unused":
        _current.is_over.wait(timeout_s)
    return _current.state == "ready"


def ensure() -> bool:
    """Start, and wait for the end; return whether there is a library."""
    start()
    return wait()


def _begin(compiler: str) -> None:
    logger.info("compiling the C code with %s, once for this machine; torch computes until then", compiler)
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "inference.model.native", "--stop-with-stdin"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=_PROJECT,
            start_new_session=True,  # Ctrl-C in the terminal is for the server, which may finish its answers
        )
    except OSError as error:
        logger.warning("the C code could not be compiled; %s: %s", _TORCH_COMPUTES, error)
        _settle("failed")
        return
    _current.state, _current.pipe = "compiling", process.stdin
    threading.Thread(target=_follow, args=(process, began), name="compiling", daemon=True).start()


def _follow(process: "subprocess.Popen[bytes]", began: float) -> None:
    assert process.stdout is not None
    lines = process.stdout.read().decode(errors="replace").strip().splitlines()
    code = process.wait()
    if code == 0 and load() is not None:
        logger.info("the C code was compiled in %.1f s and computes new requests", time.monotonic() - began)
        _settle("ready")
    else:
        last = lines[-1] if lines else f"its process ended with status {code}"
        logger.warning("%s", last if code == 1 else f"the C code could not be compiled; {_TORCH_COMPUTES}: {last}")
        _settle("failed")


def _settle(end: State) -> None:
    _current.state = end
    _current.is_over.set()


# ---- the work ----


def make_library(compiler: str, where: tuple[Path, ...], *, stop: threading.Event | None = None) -> Path:
    """Return the library's file, compiled in the first writable folder if none of the folders has it.

    Raises CompileError, also for a remembered failure, and StoppedError once `stop` is set.
    """
    stop, name = stop or threading.Event(), library_name(compiler)
    if (found := find(name, where)) is not None:
        return found
    if (failure := remembered_failure(name, where)) is not None:
        raise CompileError(failure)
    place = next((place for place in where if _is_writable(place)), None)
    if place is None:
        raise CompileError(
            f"the C code is not compiled: none of {', '.join(map(str, where))} can be written to; {_TORCH_COMPUTES}"
        )
    with _alone(stop), tempfile.TemporaryDirectory() as folder:
        if (found := find(name, where)) is not None:  # by the process that had the lock
            return found
        made = Path(folder, name)
        _compile(compiler, made, place, stop)
        part = place / f"{name}.{os.getpid()}"
        try:
            shutil.copyfile(made, part)
            part.replace(place / name)  # atomic
        except OSError as error:
            part.unlink(missing_ok=True)
            raise CompileError(f"the library cannot be stored; {_TORCH_COMPUTES}: {error}") from error
    _failure_file(place, name).unlink(missing_ok=True)
    return place / name


def _compile(compiler: str, made: Path, place: Path, stop: threading.Event) -> None:
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                [compiler, *flags(), "-o", str(made), *map(str, sources()), "-lm"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        except OSError as error:
            raise CompileError(f"the C code could not be compiled; {_TORCH_COMPUTES}: {error}") from error
        try:
            while (code := process.poll()) is None:
                if stop.wait(_POLL_S):
                    raise StoppedError
        finally:
            _end(process)
        if code == 0 and made.is_file():
            return
        if code < 0:  # not the code's fault: the next start tries again
            raise CompileError(f"{compiler} was killed by signal {-code} while compiling the C code; {_TORCH_COMPUTES}")
        output.seek(0)
        lines = output.read().decode(errors="replace").strip().splitlines()
    last = lines[-1].strip() if lines else f"(nothing; exit status {code})"
    with contextlib.suppress(OSError):
        _failure_file(place, made.name).write_text(last, encoding="utf-8")
    raise CompileError(
        f"the C code could not be compiled; {_TORCH_COMPUTES}. The next try is in a day, or with another compiler. "
        f"{compiler} printed: {last}"
    )


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a compiler and its child processes, if it still runs."""
    for number, patience_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, None)):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)


@contextlib.contextmanager
def _alone(stop: threading.Event) -> Iterator[None]:
    """Hold the lock for compiling this source; none on a file system without locks."""
    with (CODE / "decode.c").open("rb") as source:
        while True:
            try:
                fcntl.flock(source, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if stop.wait(4 * _POLL_S):
                    raise StoppedError from None
            except OSError:
                break
            else:
                break
        yield


def remembered_failure(name: str, where: tuple[Path, ...]) -> str | None:
    """Return the message of a failure in the last day, if there was one."""
    for place in where:
        path = _failure_file(place, name)
        try:
            failed_at, last = path.stat().st_mtime, path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if 0 <= time.time() - failed_at < FAILURE_LASTS_S:
            at = time.strftime("%Y-%m-%d %H:%M", time.localtime(failed_at))
            return (
                f"the C code could not be compiled on {at}; {_TORCH_COMPUTES}. The next try is in a day, with another "
                f"compiler, or once {path} is removed. The compiler printed: {last}"
            )
    return None


def _failure_file(place: Path, name: str) -> Path:
    return place / f"{name}.failed"


def _is_writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(place, os.W_OK)
