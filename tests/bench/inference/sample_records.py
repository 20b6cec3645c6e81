"""Make records with given rates."""

from bench.inference.engines.interface import BestOptions, Options, Timing
from bench.inference.records import Cell, Measured, Record

Rates = list[tuple[float, float]]  # prompt tokens and decoded tokens per second of each round


def record(cell: Cell, peaks: dict[str, int] | None = None, /, **rates: Rates) -> Record:
    """Make a record whose engines have these rates. An underscore in a name stands for a dot."""
    engines = {}
    for name, rounds in rates.items():
        engine = name.replace("_", ".")
        timings = tuple(
            Timing(cell.prompt * cell.batch / prefill, 31 * cell.batch / decode, 31 * cell.batch)
            for prefill, decode in rounds
        )
        engines[engine] = Measured(
            BestOptions(Options(2), Options(1, has_flash=False)), timings, (peaks or {}).get(engine, 2**30)
        )
    n_rounds = len(next(iter(rates.values())))
    return Record(cell, 32, engines, 10**9, (20e9,) * n_rounds, "2026-01-01 00:00", "python -m bench.inference")


def full(prompt: int = 512) -> Record:
    return record(
        Cell("160M", "bfloat16", prompt, 8),
        {"ours": 700 * 2**20, "transformers": 710 * 2**20, "llama.cpp": 400 * 2**20},
        ours=[(1500.0, 321.0), (1300.0, 300.0), (1600.0, 330.0)],
        transformers=[(1500.0, 107.0), (1300.0, 100.0), (1600.0, 110.0)],
        llama_cpp=[(1000.0, 321.0), (1000.0, 400.0), (1000.0, 330.0)],
    )
