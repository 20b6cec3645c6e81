"""Records for tests of judging and tables: rates in, timings out."""

from bench.inference.engines import Setting, Settings, Timing
from bench.inference.records import Cell, Measured, Record

Rates = list[tuple[float, float]]  # of each round: prompt tokens and decoded tokens a second


def record(cell: Cell, peaks: dict[str, int] | None = None, /, **rates: Rates) -> Record:
    """A record whose engines had these rates. Underscores in names stand for dots."""
    engines = {}
    for name, rounds in rates.items():
        engine = name.replace("_", ".")
        timings = tuple(
            Timing(cell.prompt * cell.batch / prefill, 31 * cell.batch / decode, 31 * cell.batch)
            for prefill, decode in rounds
        )
        engines[engine] = Measured(
            Settings(Setting(2), Setting(1, has_flash=False)), timings, (peaks or {}).get(engine, 2**30)
        )
    n_rounds = len(next(iter(rates.values())))
    return Record(cell, 32, engines, 10**9, (20e9,) * n_rounds, "2026-01-01 00:00", "python -m bench.inference")
