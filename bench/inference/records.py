"""What was measured, and the file that keeps it: one record a cell, replaced as a whole when it is measured again.

A cell is one question: a size, a dtype, a prompt length and a number of sequences. Its engines were measured in turns
in one run, so that their ratios hold although a shared machine's speed drifts.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.inference.engines import Setting, Settings, Timing
from bench.machine import Machine


@dataclass(frozen=True, slots=True)
class Cell:
    size: str
    dtype: str
    prompt: int
    batch: int

    def __str__(self) -> str:
        return f"{self.size} {self.dtype}, prompt {self.prompt}, batch {self.batch}"


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine in one cell: a timing for each round, the highest peak, and the settings that were fastest. Where they
    differ, the two halves of a timing come from two runs."""

    settings: Settings
    timings: tuple[Timing, ...]
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Record:
    """A cell's engines. `step_bytes` is what a decode step of ours has to read, halfway through the answer;
    `read_rates` are the bytes a second that this machine read, taken once a round."""

    cell: Cell
    new: int
    engines: dict[str, Measured]
    step_bytes: int
    read_rates: tuple[float, ...]
    date: str
    command: str

    def prefill_rates(self, engine: str) -> list[float]:
        """Prompt tokens a second until every sequence had its first token, round by round."""
        n_tokens = self.cell.prompt * self.cell.batch
        return [n_tokens / timing.prefill_s for timing in self.engines[engine].timings]

    def decode_rates(self, engine: str) -> list[float]:
        """Tokens a second after the first ones, of all sequences together, round by round."""
        return [timing.n_decoded / timing.decode_s for timing in self.engines[engine].timings]

    def floor_share(self) -> float:
        """How near our decoding comes to reading weights and cache once a step at the machine's own rate: up to 1."""
        rates = zip(self.decode_rates("ours"), self.read_rates, strict=True)
        return median(rate / self.cell.batch * self.step_bytes / read_rate for rate, read_rate in rates)


def ratio(ours: Iterable[float], theirs: Iterable[float]) -> float:
    """The median of the ratios within each round."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def read(path: Path) -> list[Record]:
    """The records of a file; none where there is no file."""
    if not path.exists():
        return []
    return [_record(raw) for raw in json.loads(path.read_text(encoding="utf-8"))["records"]]


def merge(path: Path, machine: Machine, new: Record) -> None:
    """Put a record into the file, in place of the one of the same cell. The file is replaced whole."""
    records = {record.cell: record for record in read(path)} | {new.cell: new}
    ordered = sorted(
        records.values(), key=lambda r: (_magnitude(r.cell.size), r.cell.dtype, r.cell.batch, r.cell.prompt)
    )
    content = {"machine": asdict(machine), "records": [asdict(record) for record in ordered]}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def _magnitude(size: str) -> float:
    """160M -> 160e6."""
    return float(size[:-1]) * {"M": 1e6, "B": 1e9}[size[-1]]


def _record(raw: dict[str, Any]) -> Record:
    engines = {
        name: Measured(
            Settings(Setting(**entry["settings"]["prefill"]), Setting(**entry["settings"]["decode"])),
            tuple(Timing(**timing) for timing in entry["timings"]),
            entry["peak_bytes"],
        )
        for name, entry in raw["engines"].items()
    }
    return Record(**{**raw, "cell": Cell(**raw["cell"]), "engines": engines, "read_rates": tuple(raw["read_rates"])})
