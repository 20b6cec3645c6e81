"""What the rolling buffer saves: a text of 32,768 tokens with a window of 4,096 against full attention.

    python -m bench.window

The paper (arXiv:2310.06825) says 8 x less cache memory at that length. Bytes are those of the tensors that were
allocated; that they do not grow while the text is read shows in the resident memory. The 15M shape reads the text in
seconds; what a slot takes in the larger shapes follows from the same function that the server allocates by.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from bench.inference.__main__ import PACKAGES, RESULTS
from bench.machine import now, this_machine
from bench.models.layouts import CONFIGS, random_model
from inference.bench import random_prompts
from inference.model.cache import Chunk, RingCache, bytes_per_slot
from inference.model.config import ModelConfig
from inference.model.native import compiling

N_TOKENS = 32768
WINDOW = 4096
_CHUNK = 256
_N_DECODED = 32


@dataclass(frozen=True, slots=True)
class Reading:
    """One text through one model. `grown_bytes` is by how much the resident memory grew from a quarter of the text to
    its end; `decode_ms` a token at its end."""

    window: int | None
    cache_bytes: int
    grown_bytes: int
    prefill_s: float
    decode_ms: float


def read_text(config: ModelConfig, n_tokens: int) -> Reading:
    """Read a text of random tokens in chunks, then decode a few."""
    compiling.ensure()
    model = random_model(config, dtype=torch.float32).pack()
    cache = RingCache(config, n_slots=1, max_len=n_tokens + _N_DECODED, dtype=torch.float32)
    ids = random_prompts(1, n_tokens, config.vocab_size, 0)[0]
    quarter_bytes = 0
    begun = time.perf_counter()
    for start in range(0, n_tokens, _CHUNK):
        model.step([Chunk(0, start, ids[start : start + _CHUNK])], cache)
        if start <= n_tokens // 4:
            quarter_bytes = resident_bytes()
    prefilled = time.perf_counter()
    grown_bytes = resident_bytes() - quarter_bytes
    for position in range(n_tokens, n_tokens + _N_DECODED):
        model.step([Chunk(0, position, ids[:1])], cache)
    decode_ms = (time.perf_counter() - prefilled) / _N_DECODED * 1e3
    window = config.window(0)
    return Reading(window, cache.n_bytes, grown_bytes, prefilled - begun, decode_ms)


def resident_bytes() -> int:
    """What of this process is in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Slot:
    """Bytes of one slot in bfloat16 at 32,768 tokens."""

    size: str
    window_bytes: int
    full_bytes: int


def slots() -> list[Slot]:
    """For every shape: the window of 4,096, and none."""
    found = []
    for size, config in CONFIGS.items():
        windowed, full = (
            bytes_per_slot(replace(config, sliding_window=window), max_len=N_TOKENS, dtype=torch.bfloat16)
            for window in (WINDOW, None)
        )
        found.append(Slot(size, windowed, full))
    return found


def table(readings: Iterable[Reading], found: Iterable[Slot]) -> str:
    """Two Markdown tables: what was read, and what a slot takes."""
    lines = ["| window | cache MiB | growth while reading MiB | pre-fill s | ms a token at the end |"]
    lines.append("| ---: |" + " ---: |" * 4)
    for reading in readings:
        window = "none" if reading.window is None else f"{reading.window}"
        lines.append(
            f"| {window} | {reading.cache_bytes / 2**20:.1f} | {reading.grown_bytes / 2**20:.1f} "
            f"| {reading.prefill_s:.1f} | {reading.decode_ms:.2f} |"
        )
    lines += ["", "| shape | slot with W = 4096, MiB | without, MiB | times |", "| --- | ---: | ---: | ---: |"]
    for slot in found:
        times = slot.full_bytes / slot.window_bytes
        lines.append(f"| {slot.size} | {slot.window_bytes / 2**20:.1f} | {slot.full_bytes / 2**20:.1f} | {times:.1f} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.window", description="Rolling buffer against full cache.")
    parser.add_argument("--tokens", type=int, default=N_TOKENS, metavar="N", help="length of the text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/window-cpu-MACHINE.json")
    args = parser.parse_args(argv)
    config = replace(CONFIGS["15M"], max_seq_len=args.tokens + _N_DECODED)
    readings = [read_text(replace(config, sliding_window=window), args.tokens) for window in (WINDOW, None)]
    found = slots()
    print(table(readings, found))
    machine = this_machine(PACKAGES)
    output: Path = args.output or RESULTS / f"window-cpu-{machine.slug}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": asdict(machine), "date": now(), "threads": torch.get_num_threads(), "tokens": args.tokens}
    content |= {"readings": [asdict(one) for one in readings], "slots": [asdict(one) for one in found]}
    output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
