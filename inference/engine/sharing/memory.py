"""How many slots the memory allows: bytes that are free, and what is made of them."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch

GIB = 1024**3
MAX_SLOTS = 64  # of one model: beyond it a step gets so long that everybody waits for it
_CPU_SHARE = 0.25  # of the free memory; the pages, the database and the neighbours need the rest
_GPU_SHARE = 0.9  # of what the weights leave; activations need the rest


def free_bytes(device: torch.device) -> int:
    """Memory that can still be taken: of the GPU, or of this machine and the container that it is divided into."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    return int(min(_machine_free(Path("/proc/meminfo")), _container_free(Path("/sys/fs/cgroup"))))


def default_cache_bytes(device: torch.device) -> int:
    """What all caches together may take by default: a quarter of the free memory on a CPU, 90 % of a GPU's."""
    return int(free_bytes(device) * (_CPU_SHARE if device.type == "cpu" else _GPU_SHARE))


def count_slots(slot_bytes: list[int], cache_bytes: int, *, copied: float = 0.0) -> int:
    """Slots for each of several models, given the bytes of one slot of each: the same number for all, at most
    MAX_SLOTS.

    Where several models share the memory, so much is left free that a part of it, `copied`, can be there twice while
    slots change hands; a single slot never does. ValueError, with both sizes, when not even one fits.
    """
    n_slots = cache_bytes // sum(slot_bytes)
    if n_slots < 1:
        raise ValueError(
            f"the caches may take {cache_bytes / GIB:.2f} GiB and one slot of each model needs "
            f"{sum(slot_bytes) / GIB:.2f} GiB; raise --cache-gb or lower --max-len"
        )
    if len(slot_bytes) > 1:
        n_slots = max(1, int(cache_bytes / (1 + copied)) // sum(slot_bytes))
    return min(n_slots, MAX_SLOTS)


def too_large(slot_bytes: Mapping[str, int], cache_bytes: int) -> list[str]:
    """The models to leave out, by name, so that one slot of each of the others fits: those with the largest slots. None
    where nothing would be left."""
    left, out = dict(slot_bytes), []
    while len(left) > 1 and sum(left.values()) > cache_bytes:
        out.append(max(left, key=lambda name: left[name]))
        del left[out[-1]]
    return out if sum(left.values()) <= cache_bytes else []


def _machine_free(meminfo: Path) -> int:
    """MemAvailable of Linux; elsewhere half of the memory that is built in."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _container_free(cgroup: Path) -> float:
    """What a cgroup (version 2) leaves; infinite without one, or without a limit."""
    try:
        limit = (cgroup / "memory.max").read_text().strip()
        used = int((cgroup / "memory.current").read_text())
    except OSError:
        return float("inf")
    return float("inf") if limit == "max" else max(0, int(limit) - used)
