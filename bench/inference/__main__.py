"""Compare this project's inference with transformers and llama.cpp.

All engines have the same weights and tokens, and take turns.

    python -m bench.inference              everything, one to two hours on two cores
    python -m bench.inference --resume     only the cells that the results file lacks
    python -m bench.inference --sizes 15M,160M --dtypes bfloat16 --batch 1 --engines ours,transformers
    python -m bench.inference --isa avx2   as on a processor without AVX-512, into a results file of its own

Each engine runs in its own process. First, the engines' logits for one prompt are compared. Then each engine tries
several options for each number of sequences, and keeps the fastest for each figure. In each cell the engines take turns
for as many rounds as --cell-s allows, at least one. Decoding is greedy and no answer ends early. Each cell is merged
into the results file; `python -m bench.report` writes the tables.
"""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from statistics import median

from bench.arguments import some
from bench.inference.comparison import check_agreement, fastest, measure
from bench.inference.engines.interface import DTYPES, ENGINES, PACKAGES
from bench.inference.isa import ISAS, Isa, check, environment
from bench.inference.processes import EngineProcess
from bench.inference.records import BATCHES, PROMPTS, SIZES, Cell, Record, check_isa, merge, ratio, read
from bench.inference.tables import threads
from bench.machine import MemoryReader, this_machine
from bench.models.files import DATA
from bench.models.layouts import make, make_gguf
from bench.models.random_weights import CONFIGS
from bench.result_files import path_for


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    machine = this_machine(PACKAGES, cap=None if args.isa == "native" else args.isa)
    output: Path = args.output or path_for("inference", machine)
    command = shlex.join(["python", "-m", "bench.inference", *(sys.argv[1:] if argv is None else argv)])
    check_isa(output, machine)
    measured = {record.cell for record in read(output)}  # raises for a damaged file before anything is measured
    has_already = measured if args.resume else set()
    reader, begun = MemoryReader(), time.perf_counter()
    for size in args.sizes:
        for dtype in args.dtypes:
            cells = [Cell(size, dtype, prompt, batch) for batch in args.batch for prompt in args.prompts]
            cells = [cell for cell in cells if cell not in has_already]
            engines = [engine for engine in args.engines if dtype in ENGINES[engine]]
            if not (cells and engines):
                continue
            with ExitStack() as stack:
                workers = [stack.enter_context(worker) for worker in _start(size, dtype, engines, args.data, args.isa)]
                check_agreement(workers, dtype, CONFIGS[size].vocab_size)
                for batch, group in groupby(cells, key=lambda cell: cell.batch):
                    settings = {worker.engine: fastest(worker, size, batch) for worker in workers}
                    for cell in group:
                        record = measure(cell, workers, settings, reader, args.cell_s, command)
                        merge(output, machine, record)
                        print(f"[{time.perf_counter() - begun:.0f} s] {_line(record)}", flush=True)
    print(f"results written to {output}")
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.inference", description="Compare inference engines.")
    parser.add_argument(
        "--data",
        type=Path,
        default=DATA,
        metavar="DIR",
        help="folder of the models, which are written if missing (default %(default)s)",
    )
    parser.add_argument("--sizes", type=some(*SIZES), default=SIZES, help=f"default {','.join(SIZES)}")
    parser.add_argument("--dtypes", type=some(*DTYPES), default=DTYPES, help=f"default {','.join(DTYPES)}")
    parser.add_argument("--prompts", type=_numbers, default=PROMPTS, help="prompt lengths in tokens (default 512,2048)")
    parser.add_argument("--batch", type=_numbers, default=BATCHES, help="concurrent sequences (default 1,8)")
    parser.add_argument("--engines", type=some(*ENGINES), default=tuple(ENGINES), help=f"default {','.join(ENGINES)}")
    parser.add_argument(
        "--isa",
        choices=ISAS,
        default="native",
        help="the largest instruction set that any engine may use (default %(default)s: all that the processor has)",
    )
    parser.add_argument(
        "--cell-s",
        type=float,
        default=30,
        metavar="S",
        help="start no further round of a cell that would end after S seconds (default %(default)s)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/inference-cpu-MACHINE.json")
    parser.add_argument("--resume", action="store_true", help="skip the cells that the results file has")
    return parser.parse_args(argv)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _start(size: str, dtype: str, engines: Sequence[str], data: Path, isa: Isa) -> Iterator[EngineProcess]:
    """Start the engines, and check that each keeps to the instruction set."""
    files = make(size, CONFIGS[size], data)
    if "llama.cpp" in engines:
        make_gguf(files, CONFIGS[size], dtype)
    for engine in engines:
        worker = EngineProcess(engine, files.folder, dtype, environment(isa, engine, os.environ))
        yield worker
        print(f"{engine} uses: {worker.isa}")
        check(isa, engine, worker.isa)


def _line(record: Record) -> str:
    """Return the progress line of a cell: each engine's rates and peak, and our ratio to each peer."""
    n_rounds = len(record.read_rates)
    parts = [f"{record.cell}, {n_rounds} round{'s' * (n_rounds > 1)}:"]
    for name, measured in record.engines.items():
        prefill, decode = record.prefill_rates(name), record.decode_rates(name)
        text = f"  {name:13s} prefill {median(prefill):8.0f}  decode {median(decode):7.1f} tok/s"
        text += f"  peak {measured.peak_bytes / 2**20:6.0f} MiB"
        if name != "ours" and "ours" in record.engines:
            text += f"  ours / {name}: prefill {ratio(record.prefill_rates('ours'), prefill):.2f}"
            text += f" decode {ratio(record.decode_rates('ours'), decode):.2f}"
        parts.append(f"{text}  threads {threads(name, measured)}")
    if "ours" in record.engines:
        read_rate = median(record.read_rates) / 1e9
        parts.append(f"  memory floor: {record.floor_share():.0%} of {read_rate:.1f} GB/s")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
