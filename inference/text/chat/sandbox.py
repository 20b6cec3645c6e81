"""Run a model's Jinja template with bounds, in a child process that can be killed.

A template is code from the model's publisher. jinja2's sandbox keeps it away from Python's objects, but not from a loop
of a billion turns, or from `'a' * 10**9`, which is one operation in C that no thread could stop. So a child process
renders, and the kernel stops it:

    time     half a second of CPU time for each request (SIGPROF ends the child), and 5 s by the clock; more for texts
             that may have more than 4 million characters
    memory   512 MiB of address space (MemoryError in the child)
    output   what the request allows; more is an error

After the child ends, the next request starts another, which takes about 0.1 s. The child exits with this process,
as its standard input then closes. Needs POSIX (SIGPROF, rlimits).
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_CHILD = Path(__file__).with_name("sandbox_child.py")
CPU_S = 0.5
_CLOCK_S = 20.0  # half a second of CPU time can take long on a loaded machine
_LONGEST_IN_CPU_S = 4_000_000  # characters
_START_S = 60.0  # Python and jinja2 from a cold disk on a loaded machine
_MEMORY = 512 * 2**20


class TemplateError(ValueError):
    """A template cannot be rendered, or was stopped."""


class TemplateRefusal(TemplateError):
    """The template itself refused a conversation, by raise_exception."""


class Sandbox:
    """Renders one template. Threads take turns."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stop: weakref.finalize[..., Any] | None = None

    def render(self, variables: Sequence[Mapping[str, Any]], *, longest: int) -> list[str]:
        """Return the text for each set of variables, of at most `longest` characters.

        Raises TemplateRefusal where the template calls raise_exception, and TemplateError for any other failure of it.
        """
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                self.close()
                self._start()
            times = max(1.0, longest / _LONGEST_IN_CPU_S)
            asked = {"variables": list(variables), "longest": longest, "cpu_s": CPU_S * times}
            # UTF-8 takes at most 4 bytes for a character, and JSON 6 for one that it escapes
            answer = self._exchange(asked, _CLOCK_S * times, most=6 * longest * len(variables) + 10_000)
            if "texts" in answer:
                texts: list[str] = answer["texts"]
                return texts
            if "refused" in answer:
                raise TemplateRefusal(answer["refused"])
            raise TemplateError(answer["error"])

    def close(self) -> None:
        """End the child."""
        if self._stop is not None:
            self._stop()
        self._child = self._stop = None

    def _start(self) -> None:
        child = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )
        self._child, self._stop = child, weakref.finalize(self, _end, child)
        start = {"path": sys.path, "template": self._template, "cpu_s": CPU_S, "memory": _MEMORY}
        answer = self._exchange(start, _START_S, most=10_000)
        if "texts" not in answer:
            self.close()
            raise TemplateError(answer.get("error") or answer.get("refused"))

    def _exchange(self, message: Any, within_s: float, *, most: int) -> dict[str, Any]:
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        deadline = time.monotonic() + within_s
        try:
            child.stdin.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            child.stdin.flush()
            line = _read_line(child.stdout.fileno(), deadline, most)
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            raise TemplateError(_how_it_ended(child, error, message["cpu_s"])) from error
        answer: dict[str, Any] = json.loads(line.decode(errors="surrogatepass"))
        return answer


def _read_line(file: int, deadline: float, most: int) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([file], [], [], left)[0]:
            raise TimeoutError("it did not end in time")
        part = os.read(file, 1 << 16)
        if not part:
            raise EOFError
        line += part
        if len(line) > most:
            raise TimeoutError("it wrote too much")
    return bytes(line)


def _how_it_ended(child: subprocess.Popen[bytes], error: Exception, cpu_s: float) -> str:
    if child.returncode == -signal.SIGPROF:
        return f"it was stopped after {cpu_s:g} s of CPU time"
    if isinstance(error, TimeoutError):
        return f"it was stopped, because {error}"
    return f"its process ended with status {child.returncode}"


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    child.wait()
