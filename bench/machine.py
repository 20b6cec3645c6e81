"""Describe the machine of a result: processor, memory, versions, and the rate at which it reads memory."""

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_READ_BYTES = 2**30  # much more than any processor cache
_ISA = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16")


@dataclass(frozen=True, slots=True)
class Machine:
    """`isa` lists the vector instruction sets that matter for these benchmarks: the processor's, or with a `cap` those
    that every engine may use."""

    processor: str
    n_cores: int
    memory_gb: int
    isa: tuple[str, ...]
    system: str
    python: str
    versions: dict[str, str | None]
    cap: str | None = None

    @property
    def slug(self) -> str:
        """Part of a file name, such as "amd-epyc-2-cores", or "amd-epyc-2-cores-avx2" with a cap."""
        words = self.processor.lower().replace("(r)", "").replace("(tm)", "").split()
        return "-".join([*words, f"{self.n_cores}-cores", *([self.cap] if self.cap else [])])


def this_machine(packages: Sequence[str], cpuinfo: Path = Path("/proc/cpuinfo"), *, cap: str | None = None) -> Machine:
    """Describe this machine, with the version of each package (None if it is not installed).

    `cap` is the largest instruction set that the engines may use, such as "avx2"; None: all.
    """
    processor, flags = platform.machine(), set[str]()
    try:
        for line in cpuinfo.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                processor = value.split("@")[0].strip()
            elif name.strip() == "flags":
                flags = set(value.split())
    except OSError:
        pass
    return Machine(
        processor,
        len(os.sched_getaffinity(0)),
        round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        tuple(name for name in _ISA[: _ISA.index(cap) + 1 if cap else None] if name in flags),
        f"{platform.system()} {platform.release().split('-')[0]}",
        platform.python_version(),
        {package: _version(package) for package in packages},
        cap,
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def now() -> str:
    """Return the UTC date and time to the minute."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


class MemoryReader:
    """Measures how fast this machine reads memory now, by reading 1 GiB with all of torch's threads."""

    def __init__(self) -> None:
        import torch  # benchmarks without torch import this module too

        self._numbers = torch.ones(_READ_BYTES // 4)

    def bytes_per_s(self, repeats: int = 3) -> float:
        """Return the fastest of `repeats` readings."""
        best = float("inf")
        for _ in range(repeats):
            begun = time.perf_counter()
            self._numbers.sum()
            best = min(best, time.perf_counter() - begun)
        return _READ_BYTES / best
