"""The measurements of inference, one record per cell, and the file that contains them.

A cell is a size, a dtype, a prompt length and a number of sequences. Its engines are measured in turns in one run, so
their ratios are valid although the speed of a shared machine drifts.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import result_files
from bench.inference.engines.interface import BestOptions, Options, Timing
from bench.machine import Machine

SIZES, PROMPTS, BATCHES = ("15M", "160M", "1.1B"), (512, 2048), (1, 8)


@dataclass(frozen=True, slots=True)
class Cell:
    size: str
    dtype: str
    prompt: int
    batch: int

    def __str__(self) -> str:
        return f"{self.size} {self.dtype}, prompt {self.prompt:,}, batch {self.batch}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine in one cell: a timing per round, the peak memory, and the fastest options. If these differ for prompts
    and decoding, the two halves of a timing are from two runs. `isa` is what the engine reports about the instructions
    that it uses."""

    settings: BestOptions
    timings: tuple[Timing, ...]
    peak_bytes: int
    isa: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """The engines of a cell. `step_bytes` is the least that one of our decode steps reads, halfway through the answer.
    `read_rates` are the machine's memory rates in bytes per second, measured once per round."""

    cell: Cell
    new: int
    engines: dict[str, Measured]
    step_bytes: int
    read_rates: tuple[float, ...]
    date: str
    command: str

    def prefill_rates(self, engine: str) -> list[float]:
        """Return each round's prompt tokens per second, until every sequence has its first token."""
        n_tokens = self.cell.prompt * self.cell.batch
        return [n_tokens / timing.prefill_s for timing in self.engines[engine].timings]

    def decode_rates(self, engine: str) -> list[float]:
        """Return each round's tokens per second after the first ones, of all sequences together."""
        return [timing.n_decoded / timing.decode_s for timing in self.engines[engine].timings]

    def floor_share(self) -> float:
        """Return our decoding rate over the memory floor, at which a step reads weights and cache once."""
        rates = zip(self.decode_rates("ours"), self.read_rates, strict=True)
        return median(rate / self.cell.batch * self.step_bytes / read_rate for rate, read_rate in rates)


def ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """Return the median over rounds of the ratio within a round."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def read(path: Path) -> list[Record]:
    """Return the records of a file; empty if there is no file."""
    if not path.exists():
        return []
    return [_record(raw) for raw in result_files.read(path)["records"]]


def check_isa(path: Path, machine: Machine) -> None:
    """Raise ValueError if the file exists and its records are of other instruction sets."""
    if path.exists() and (there := tuple(result_files.read(path)["machine"]["isa"])) != machine.isa:
        raise ValueError(
            f"{path} has results with {', '.join(there)}, and new ones would be with {', '.join(machine.isa)}; "
            f"name another file with --output"
        )


def merge(path: Path, machine: Machine, new: Record) -> None:
    """Write a record to the file, in place of the record of the same cell."""
    records = {record.cell: record for record in read(path)} | {new.cell: new}
    ordered = sorted(
        records.values(), key=lambda r: (_magnitude(r.cell.size), r.cell.dtype, r.cell.batch, r.cell.prompt)
    )
    content = {"machine": asdict(machine), "records": [asdict(record) for record in ordered]}
    result_files.write(path, content)


def _magnitude(size: str) -> float:
    """160M -> 160e6."""
    return float(size[:-1]) * {"M": 1e6, "B": 1e9}[size[-1]]


def _record(raw: dict[str, Any]) -> Record:
    engines = {
        name: Measured(
            BestOptions(Options(**entry["settings"]["prefill"]), Options(**entry["settings"]["decode"])),
            tuple(Timing(**timing) for timing in entry["timings"]),
            entry["peak_bytes"],
            entry.get("isa", ""),
        )
        for name, entry in raw["engines"].items()
    }
    return Record(**{**raw, "cell": Cell(**raw["cell"]), "engines": engines, "read_rates": tuple(raw["read_rates"])})
