"""A compiler whose script a test writes, and helpers for its processes."""

import os
import time
from pathlib import Path

LIMIT_S = 30.0


class FakeCompiler:
    """A `cc` in its own folder, for the front of PATH; each run adds a line with its process id to `runs`."""

    def __init__(self, folder: Path, script: str) -> None:
        self.folder, self.path = folder, folder / "cc"
        self._runs = folder / "runs"
        self.write(script)

    def write(self, script: str) -> None:
        """Replace the script; its `$out` is the path of the library to write."""
        self.folder.mkdir(parents=True, exist_ok=True)
        head = f'#!/bin/sh\necho $$ >> "{self._runs}"\nwhile [ "$1" != -o ]; do shift; done\nout="$2"\n'
        new = self.path.with_suffix(".new")  # a running program cannot be overwritten
        new.write_text(f"{head}{script}\n")
        new.chmod(0o755)
        new.replace(self.path)

    @property
    def pids(self) -> list[int]:
        """The process ids of the runs, in order."""
        return [int(line) for line in self._runs.read_text().split()] if self._runs.exists() else []

    def wait_for_run(self) -> int:
        deadline = time.monotonic() + LIMIT_S
        while not self.pids:
            assert time.monotonic() < deadline, "the compiler was not called"
            time.sleep(0.02)
        return self.pids[-1]


def members(group: int) -> list[int]:
    """Return the running processes of a process group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def wait_until_gone(group: int) -> None:
    deadline = time.monotonic() + LIMIT_S
    while members(group):
        assert time.monotonic() < deadline, f"{members(group)} still run"
        time.sleep(0.02)


def leads_its_group(pid: int) -> bool:
    return os.getpgid(pid) == pid
