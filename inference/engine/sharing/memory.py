"""How many slots fit into the free memory."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch

GIB = 1024**3
MAX_SLOTS = 64  # of one model; with more, a step takes so long that every request waits for it
_CPU_SHARE = 0.25  # of the free memory; other programs need the rest
_GPU_SHARE = 0.9  # of the memory beside the weights; activations need the rest


def free_bytes(device: torch.device) -> int:
    """Return the free memory of the GPU, or of this machine or its container, whichever is less."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    return int(min(_machine_free(Path("/proc/meminfo")), _container_free(Path("/sys/fs/cgroup"))))


def default_cache_bytes(device: torch.device) -> int:
    """Return the default memory for all caches: a quarter of the free memory on a CPU, 90 % on a GPU."""
    return int(free_bytes(device) * (_CPU_SHARE if device.type == "cpu" else _GPU_SHARE))


def count_slots(slot_bytes: list[int], cache_bytes: int, *, copied: float = 0.0) -> int:
    """Return the number of slots of each model, the same for all and at most MAX_SLOTS, given the bytes of one slot of
    each.

    Where several models share the memory, the share `copied` of it stays free, because that part exists twice while
    slots move between models. Raises ValueError, with both sizes, where not even one slot of each fits.
    """
    n_slots = cache_bytes // sum(slot_bytes)
    if n_slots < 1:
        raise ValueError(
            f"the caches may use {cache_bytes / GIB:.2f} GiB, and one slot of each model needs "
            f"{sum(slot_bytes) / GIB:.2f} GiB; raise --cache-gb or lower --max-len"
        )
    if len(slot_bytes) > 1:
        n_slots = max(1, int(cache_bytes / (1 + copied)) // sum(slot_bytes))
    return min(n_slots, MAX_SLOTS)


def too_large(slot_bytes: Mapping[str, int], cache_bytes: int) -> list[str]:
    """Return the models to leave out so that one slot of each of the others fits: those with the largest slots.

    Empty where not even one model fits.
    """
    left, out = dict(slot_bytes), []
    while len(left) > 1 and sum(left.values()) > cache_bytes:
        out.append(max(left, key=lambda name: left[name]))
        del left[out[-1]]
    return out if sum(left.values()) <= cache_bytes else []


def _machine_free(meminfo: Path) -> int:
    """Return MemAvailable on Linux, elsewhere half of the installed memory."""
    try:
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _container_free(cgroup: Path) -> float:
    """Return the free memory of a cgroup (version 2); infinite without one, or without a limit."""
    try:
        limit = (cgroup / "memory.max").read_text().strip()
        used = int((cgroup / "memory.current").read_text())
    except OSError:
        return float("inf")
    return float("inf") if limit == "max" else max(0, int(limit) - used)
