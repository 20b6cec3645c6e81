"""Measure what the rolling buffer saves: a text of 32,768 tokens with a window of 4,096 and with full attention.

    python -m bench.window

The paper (arXiv:2310.06825) reports 8x less cache memory at that length. Cache bytes are those of the allocated
tensors; the resident memory shows that they do not grow while the text is read. The 15M shape reads the text in
seconds. The slot sizes of the larger shapes are computed by the function with which the server allocates them.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from bench import result_files
from bench.inference.engines.interface import PACKAGES
from bench.machine import now, this_machine
from bench.models.random_weights import CONFIGS, random_model
from bench.proc_stats import resident_bytes
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
    """One text through one model. `grown_bytes` is the growth of the resident memory from a quarter of the text to its
    end; `decode_ms` is the time of a token at its end."""

    window: int | None
    cache_bytes: int
    grown_bytes: int
    prefill_s: float
    decode_ms: float


def read_text(config: ModelConfig, n_tokens: int) -> Reading:
    """Read a text of random tokens in chunks, then decode a few tokens."""
    compiling.ensure()
    model = random_model(config, dtype=torch.float32).served()
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


@dataclass(frozen=True, slots=True)
class Slot:
    """The bytes of one slot in bfloat16 at 32,768 tokens."""

    size: str
    window_bytes: int
    full_bytes: int


def slots() -> list[Slot]:
    """Return the slot of every shape, with the window of 4,096 and without."""
    found = []
    for size, config in CONFIGS.items():
        windowed, full = (
            bytes_per_slot(replace(config, sliding_window=window), max_len=N_TOKENS, dtype=torch.bfloat16)
            for window in (WINDOW, None)
        )
        found.append(Slot(size, windowed, full))
    return found


def table(readings: Iterable[Reading], found: Iterable[Slot]) -> str:
    """Return two tables: the readings, and the size of a slot."""
    lines = ["| window | cache MiB | memory growth while reading MiB | prefill s | decode ms per token |"]
    lines.append("| ---: |" + " ---: |" * 4)
    for reading in readings:
        window = "none" if reading.window is None else f"{reading.window:,}"
        lines.append(
            f"| {window} | {reading.cache_bytes / 2**20:.1f} | {reading.grown_bytes / 2**20:.1f} "
            f"| {reading.prefill_s:.1f} | {reading.decode_ms:.2f} |"
        )
    lines += [
        "",
        "| shape | slot with W = 4,096, MiB | without a window, MiB | ratio |",
        "| --- | ---: | ---: | ---: |",
    ]
    for slot in found:
        times = slot.full_bytes / slot.window_bytes
        lines.append(
            f"| {slot.size} | {slot.window_bytes / 2**20:.1f} | {slot.full_bytes / 2**20:,.1f} | {times:.1f} |"
        )
    return "\n".join(lines) + "\n"


def markdown(path: Path) -> str:
    """Return the tables of a results file."""
    content = result_files.read(path)
    readings = [Reading(**raw) for raw in content["readings"]]
    found = [Slot(**raw) for raw in content["slots"]]
    return "\n".join([result_files.heading_of(content), table(readings, found)])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.window", description="Compare a rolling buffer with a full cache."
    )
    parser.add_argument("--tokens", type=int, default=N_TOKENS, metavar="N", help="length of the text (default 32,768)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/window-cpu-MACHINE.json")
    args = parser.parse_args(argv)
    config = replace(CONFIGS["15M"], max_seq_len=args.tokens + _N_DECODED)
    readings = [read_text(replace(config, sliding_window=window), args.tokens) for window in (WINDOW, None)]
    found = slots()
    print(table(readings, found))
    machine = this_machine(PACKAGES)
    content = {"machine": asdict(machine), "date": now(), "threads": torch.get_num_threads(), "tokens": args.tokens}
    content |= {"readings": [asdict(one) for one in readings], "slots": [asdict(one) for one in found]}
    result_files.write(args.output or result_files.path_for("window", machine), content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
