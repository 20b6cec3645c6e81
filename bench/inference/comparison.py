"""Compare the engines in one cell.

First come their logits, then their fastest options, then their times in turns.
"""

import os
import time
from collections.abc import Mapping, Sequence
from math import dist, hypot

from bench.inference.engines.interface import BestOptions, Job, Options, Timing
from bench.inference.processes import EngineProcess
from bench.inference.records import Cell, Measured, Record
from bench.machine import MemoryReader, now
from bench.models.costs import step_bytes
from bench.models.random_weights import CONFIGS
from inference.model.checkpoint.weights import default_dtype

_NEW = {"15M": 128, "160M": 64, "1.1B": 32}  # tokens of an answer: enough for a stable time, few enough to be quick
_MAX_ROUNDS = 5
_TRIAL = (512, 32)  # prompt and new tokens for comparing options
_N_TRIALS = 3
_AGREEMENT = {"float32": 0.01, "bfloat16": 0.1, "int8": 0.1}  # another model differs by 1.4
_ITEMSIZE = {"float32": 4, "bfloat16": 2, "int8": 1}


def check_agreement(workers: Sequence[EngineProcess], dtype: str, vocab_size: int) -> None:
    """Compare the engines' logits after one prompt, by the norm of their difference over their norm.

    Raise RuntimeError if an engine runs another model.
    """
    ids = Job(64, 1, 1, 0, Options(1)).prompts(vocab_size)[0]
    first, *others = [worker.last_logits(ids) for worker in workers]
    for worker, logits in zip(workers[1:], others, strict=True):
        apart = dist(first, logits) / hypot(*first)
        print(f"{dtype}: logits of {workers[0].engine} and {worker.engine} differ by {apart:.2g} of their norm")
        if apart > _AGREEMENT[dtype]:
            raise RuntimeError(
                f"{workers[0].engine} and {worker.engine} do not run the same model: their logits differ by "
                f"{apart:.2g} of their norm, expected at most {_AGREEMENT[dtype]}"
            )


def measure(
    cell: Cell,
    workers: Sequence[EngineProcess],
    settings: Mapping[str, BestOptions],
    reader: MemoryReader,
    cell_s: float,
    command: str,
) -> Record:
    """Run all engines in turns, each with its best options, until another round would exceed `cell_s` in total."""
    timings: dict[str, list[Timing]] = {worker.engine: [] for worker in workers}
    peaks = dict.fromkeys(timings, 0)
    new, read_rates, begun = _NEW[cell.size], list[float](), time.perf_counter()
    for number in range(_MAX_ROUNDS):
        for worker in [*workers[number % len(workers) :], *workers[: number % len(workers)]]:
            timing, peak = _run(worker, cell, new, number, settings[worker.engine])
            timings[worker.engine].append(timing)
            peaks[worker.engine] = max(peaks[worker.engine], peak)
        read_rates.append(reader.bytes_per_s())
        used_s = time.perf_counter() - begun
        if used_s + used_s / (number + 1) > cell_s:
            break
    isas = {worker.engine: worker.isa for worker in workers}
    engines = {name: Measured(settings[name], tuple(timings[name]), peaks[name], isas[name]) for name in timings}
    config, itemsize = CONFIGS[cell.size], _ITEMSIZE[cell.dtype]
    cache_itemsize = default_dtype(config).itemsize if cell.dtype == "int8" else itemsize
    n_bytes = step_bytes(config, [cell.prompt + new // 2] * cell.batch, itemsize, cache_itemsize)
    return Record(cell, new, engines, n_bytes, tuple(read_rates), now(), command)


def _run(worker: EngineProcess, cell: Cell, new: int, seed: int, settings: BestOptions) -> tuple[Timing, int]:
    """Run once, or twice if prompts and decoding are fastest with different options; return the higher peak."""
    timing, peak = worker.run(Job(cell.prompt, cell.batch, new, seed, settings.decode))
    if settings.prefill == settings.decode:
        return timing, peak
    read, read_peak = worker.run(Job(cell.prompt, cell.batch, 2, seed, settings.prefill))
    return Timing(read.prefill_s, timing.decode_s, timing.n_decoded), max(peak, read_peak)


def fastest(worker: EngineProcess, size: str, batch: int) -> BestOptions:
    """Find the options with which an engine is fastest for short prompts and answers, with three trials each.

    From 160M on, all cores are used; at 1.1B, also llama.cpp's default attention. Nothing else is faster there.
    """
    prompt, new = _TRIAL
    n_cores = len(os.sched_getaffinity(0))
    threads = sorted({1, n_cores}) if size == "15M" else [n_cores]
    flash = (True, False) if worker.engine == "llama.cpp" and size != "1.1B" else (True,)
    candidates = [Options(n, has_flash) for n in threads for has_flash in flash]
    worker.run(Job(64, batch, 4, 0, candidates[0]))
    if len(candidates) == 1:
        return BestOptions(candidates[0], candidates[0])
    tried = [
        (setting, worker.run(Job(prompt, batch, new, 0, setting))[0])
        for setting in candidates
        for _ in range(_N_TRIALS)
    ]
    return BestOptions(
        min(tried, key=lambda trial: trial[1].prefill_s)[0], min(tried, key=lambda trial: trial[1].decode_s)[0]
    )
