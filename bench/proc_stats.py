"""Read a process's memory and processor time from Linux's /proc."""

import os
import re
from pathlib import Path


def peak_bytes() -> int:
    """Return this process's peak resident memory since its start, or since `reset_peak`."""
    return _status_bytes("self", "VmHWM")


def reset_peak() -> None:
    """Set this process's peak resident memory to its current one."""
    Path("/proc/self/clear_refs").write_text("5")


def resident_bytes(pid: int | None = None) -> int:
    """Return the resident memory of a process, by default this one."""
    return _status_bytes("self" if pid is None else str(pid), "VmRSS")


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status_bytes(pid: str, field: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None, f"/proc/{pid}/status has no {field}"
    return int(found[1]) * 1024
