"""How many slots fit into the free memory."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch

from inference.model.cache import Chunk, RingCache
from inference.model.serving import ServedModel

GIB = 1024**3
MAX_CPU_SLOTS = 64
"""Slots of one model on a CPU. There the time of a step grows with the number of answers, so more slots give hardly
more tokens per second, and each answer waits longer for its next token. (demo:larch-umber, two cores: with 16, 64 and
256 answers 7,300, 7,400 and 9,000 tokens/s, and a step takes 2.2, 8.6 and 28 ms.) A GPU has no such limit: there a step
mostly reads weights.
"""
_CPU_SHARE = 0.25  # of the free memory; other programs need the rest
_LEAST_FREE = GIB  # of a GPU, for the steps and for what libraries allocate themselves


def free_bytes(device: torch.device) -> int:
    """Return the free memory of the GPU, or of this machine or its container, whichever is less."""
    if device.type == "cuda":
        torch.cuda.empty_cache()  # torch keeps what loading has freed
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    return int(min(_machine_free(Path("/proc/meminfo")), _container_free(Path("/sys/fs/cgroup"))))


def default_cache_bytes(device: torch.device, *, step_bytes: int = 0) -> int:
    """Return the default memory for all caches: on a CPU a quarter of the free memory, on a GPU all but
    1 GiB, or `step_bytes`, which the widest step needs, if that is more.
    """
    free = free_bytes(device)
    return int(free * _CPU_SHARE) if device.type == "cpu" else max(0, free - max(_LEAST_FREE, step_bytes))


def widest_step_bytes(model: ServedModel, n_tokens: int) -> int:
    """Measure the memory of a step of `n_tokens` with the log-probability of each, beside weights and cache, on a GPU;
    0 on a CPU. Raises torch.OutOfMemoryError for a model that leaves no room for it.
    """
    if model.device.type != "cuda":
        return 0
    n_tokens = min(n_tokens, model.config.max_seq_len)
    cache = RingCache(model.config, n_slots=1, max_len=2 * n_tokens, dtype=model.dtype, device=model.device)
    torch.cuda.reset_peak_memory_stats(model.device)
    before = torch.cuda.memory_allocated(model.device)
    for start in (0, n_tokens):  # the second has keys before it
        logits = model.step([Chunk(0, start, [0] * n_tokens)], cache, every_token=True)
        logits = logits.log_softmax(dim=-1)
        del logits
    return torch.cuda.max_memory_allocated(model.device) - before


def count_slots(slot_bytes: list[int], cache_bytes: int, *, max_slots: int, copied: float = 0.0) -> int:
    """Return the number of slots of each model, the same for all and at most `max_slots`, given the bytes of one slot
    of each.

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
    return min(n_slots, max_slots)


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
