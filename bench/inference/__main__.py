"""This project's inference beside transformers' `generate` and llama.cpp, same weights, same tokens, in turns.

    python -m bench.inference              everything, about half an hour on two cores
    python -m bench.inference --resume     only the cells that the results lack
    python -m bench.inference --sizes 15M,160M --dtypes bfloat16 --batch 1 --engines ours,transformers

Each engine runs in a process of its own. Before anything is timed their logits for one prompt are compared. For each
number of sequences every engine is tried in several settings, of which the fastest for each figure is kept; in each
cell all run in turns as often as --cell-s allows, once at least. Choice is greedy and nothing ends before its last
token. Results are merged into a file, cell by cell, and `python -m bench.report` writes the tables.
"""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from math import dist, hypot
from pathlib import Path
from statistics import median

from bench.arguments import some
from bench.inference.engines import ENGINES, Job, Setting, Settings, Timing
from bench.inference.processes import Worker
from bench.inference.records import Cell, Measured, Record, merge, ratio, read
from bench.machine import MemoryReader, now, this_machine
from bench.models.costs import step_bytes
from bench.models.layouts import CONFIGS, make, make_gguf

PACKAGES = ("torch", "transformers", "llama-cpp-python", "numpy")
SIZES, DTYPES, PROMPTS, BATCHES = ("15M", "160M", "1.1B"), ("bfloat16", "float32"), (512, 2048), (1, 8)
RESULTS = Path(__file__).resolve().parents[1] / "results"
DATA = Path(".cache/bench")
_NEW = {"15M": 128, "160M": 64, "1.1B": 32}  # tokens of an answer: enough to time, few enough to wait for
_MAX_ROUNDS = 5
_TRIAL = (512, 32)  # prompt and new tokens where settings are compared
_N_TRIALS = 3
_AGREEMENT = {"float32": 0.01, "bfloat16": 0.1}  # another model differs by 1.4


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    machine = this_machine(PACKAGES)
    output: Path = args.output or RESULTS / f"inference-cpu-{machine.slug}.json"
    command = shlex.join(["python", "-m", "bench.inference", *(sys.argv[1:] if argv is None else argv)])
    measured = {record.cell for record in read(output)}  # read in any case: a damaged file costs no measurement
    has_already = measured if args.resume else set()
    reader, begun = MemoryReader(), time.perf_counter()
    for size in args.sizes:
        for dtype in args.dtypes:
            cells = [Cell(size, dtype, prompt, batch) for batch in args.batch for prompt in args.prompts]
            cells = [cell for cell in cells if cell not in has_already]
            if not cells:
                continue
            with ExitStack() as stack:
                workers = [stack.enter_context(w) for w in _start(size, dtype, args.engines, args.data)]
                check_agreement(workers, dtype, CONFIGS[size].vocab_size)
                for batch, group in groupby(cells, key=lambda cell: cell.batch):
                    settings = {worker.engine: fastest(worker, size, batch) for worker in workers}
                    for cell in group:
                        record = measure(cell, workers, settings, reader, args.cell_s, command)
                        merge(output, machine, record)
                        print(f"[{time.perf_counter() - begun:.0f} s] {_line(record)}", flush=True)
    print(f"written to {output}")
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.inference", description="Measure inference side by side.")
    parser.add_argument(
        "--data",
        type=Path,
        default=DATA,
        metavar="DIR",
        help="where the models are, or are written (default %(default)s)",
    )
    parser.add_argument("--sizes", type=some(*SIZES), default=SIZES)
    parser.add_argument("--dtypes", type=some(*DTYPES), default=DTYPES)
    parser.add_argument("--prompts", type=_numbers, default=PROMPTS, help="lengths of prompts (default 512,2048)")
    parser.add_argument("--batch", type=_numbers, default=BATCHES, help="concurrent sequences (default 1,8)")
    parser.add_argument("--engines", type=some(*ENGINES), default=ENGINES, help=f"default {','.join(ENGINES)}")
    parser.add_argument(
        "--cell-s",
        type=float,
        default=30,
        metavar="S",
        help="seconds a cell may take before its last round begins (default %(default)s)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/inference-cpu-MACHINE.json")
    parser.add_argument("--resume", action="store_true", help="leave out the cells that the file has")
    return parser.parse_args(argv)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _start(size: str, dtype: str, engines: Sequence[str], data: Path) -> list[Worker]:
    files = make(size, CONFIGS[size], data)
    if "llama.cpp" in engines:
        make_gguf(files, CONFIGS[size], dtype)
    return [Worker(engine, files.folder, dtype, dict(os.environ)) for engine in engines]


def check_agreement(workers: Sequence[Worker], dtype: str, vocab_size: int) -> None:
    """Compare the engines' logits after one prompt: the norm of their difference over their norm.

    RuntimeError when they do not run the same model.
    """
    ids = Job(64, 1, 1, 0, Setting(1)).prompts(vocab_size)[0]
    first, *others = [worker.last_logits(ids) for worker in workers]
    for worker, logits in zip(workers[1:], others, strict=True):
        apart = dist(first, logits) / hypot(*first)
        print(f"{dtype}: logits of {workers[0].engine} and {worker.engine} differ by {apart:.2g} of their norm")
        if apart > _AGREEMENT[dtype]:
            raise RuntimeError(f"up to {_AGREEMENT[dtype]} was expected: they do not run the same model")


def measure(
    cell: Cell,
    workers: Sequence[Worker],
    settings: Mapping[str, Settings],
    reader: MemoryReader,
    cell_s: float,
    command: str,
) -> Record:
    """Run all engines in turns, each in its settings, until a round more would take longer than `cell_s` in all."""
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
    engines = {name: Measured(settings[name], tuple(timings[name]), peaks[name]) for name in timings}
    n_bytes = step_bytes(
        CONFIGS[cell.size], [cell.prompt + new // 2] * cell.batch, itemsize=2 if cell.dtype == "bfloat16" else 4
    )
    return Record(cell, new, engines, n_bytes, tuple(read_rates), now(), command)


def _run(worker: Worker, cell: Cell, new: int, seed: int, settings: Settings) -> tuple[Timing, int]:
    """One run, or two where prompts and decoding are fastest in different settings; and the higher peak."""
    timing, peak = worker.run(Job(cell.prompt, cell.batch, new, seed, settings.decode))
    if settings.prefill == settings.decode:
        return timing, peak
    read, read_peak = worker.run(Job(cell.prompt, cell.batch, 2, seed, settings.prefill))
    return Timing(read.prefill_s, timing.decode_s, timing.n_decoded), max(peak, read_peak)


def fastest(worker: Worker, size: str, batch: int) -> Settings:
    """The settings in which an engine takes least time for short prompts and answers, each tried three times.

    From 160M on all cores are taken, and at 1.1B llama.cpp's own choice of attention: there, nothing else is faster.
    """
    prompt, new = _TRIAL
    n_cores = len(os.sched_getaffinity(0))
    threads = sorted({1, n_cores}) if size == "15M" else [n_cores]
    flash = (True, False) if worker.engine == "llama.cpp" and size != "1.1B" else (True,)
    candidates = [Setting(n, has_flash) for n in threads for has_flash in flash]
    worker.run(Job(64, batch, 4, 0, candidates[0]))
    if len(candidates) == 1:
        return Settings(candidates[0], candidates[0])
    tried = [
        (setting, worker.run(Job(prompt, batch, new, 0, setting))[0])
        for setting in candidates
        for _ in range(_N_TRIALS)
    ]
    return Settings(
        min(tried, key=lambda trial: trial[1].prefill_s)[0], min(tried, key=lambda trial: trial[1].decode_s)[0]
    )


def _line(record: Record) -> str:
    """One cell as it is done: every engine's rates and peak, and our ratio to each peer."""
    parts = [f"{record.cell}, {len(record.read_rates)} rounds:"]
    for name, measured in record.engines.items():
        prefill, decode = record.prefill_rates(name), record.decode_rates(name)
        text = f"  {name:13s} prefill {median(prefill):8.0f}  decode {median(decode):7.1f} tok/s"
        text += f"  peak {measured.peak_bytes / 2**20:6.0f} MiB"
        if name != "ours" and "ours" in record.engines:
            text += f"  ours / it: prefill {ratio(record.prefill_rates('ours'), prefill):.2f}"
            text += f" decode {ratio(record.decode_rates('ours'), decode):.2f}"
        parts.append(f"{text}  {measured.settings}")
    if "ours" in record.engines:
        read_rate = median(record.read_rates) / 1e9
        parts.append(f"  memory floor: {record.floor_share():.0%} of {read_rate:.1f} GB/s")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
