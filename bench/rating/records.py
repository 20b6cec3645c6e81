"""Measurements of ratings, and the file that keeps them.

There is one record for each task and cell, which a new measurement replaces. The engines of a record take turns in one
run, so that their ratios are right although the speed of a shared machine drifts.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import Machine
from bench.rating.votes import Cell


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine: wall-clock and processor seconds of the fastest run of each turn, and the peak memory above its input
    (of a process measured from start to end: all of it). `n_rounds` of the bootstrap were run; the seconds are scaled
    to `Record.n_rounds`."""

    seconds: tuple[float, ...]
    processor_seconds: tuple[float, ...]
    peak_bytes: int
    n_rounds: int


@dataclass(frozen=True, slots=True)
class Record:
    """`n_rounds` of the bootstrap that the seconds are for; 1 for other tasks."""

    task: str
    cell: Cell
    n_rounds: int
    engines: Mapping[str, Measured]
    date: str
    command: str

    def seconds(self, engine: str) -> float:
        return median(self.engines[engine].seconds)

    def speed_up(self, peer: str) -> float:
        """The median over the turns of the peer's seconds over ours."""
        pairs = zip(self.engines[peer].seconds, self.engines["ours"].seconds, strict=False)
        return median(theirs / ours for theirs, ours in pairs)


@dataclass(frozen=True, slots=True)
class Difference:
    """The largest difference of a rating to ours, in points, both with mean 0. `is_tight`: the peer ran to convergence;
    otherwise it stopped by its own rule."""

    data: str
    peer: str
    points: float
    is_tight: bool


def read(path: Path) -> list[Record]:
    """The records of a file; none without a file."""
    return [_record(raw) for raw in _content(path)["records"]]


def read_differences(path: Path) -> list[Difference]:
    return [Difference(**raw) for raw in _content(path)["differences"]]


def merge(path: Path, machine: Machine, new: Record) -> None:
    """Put a record into the file, in place of the one with the same task and cell. The file is replaced atomically."""
    records = {(record.task, record.cell): record for record in read(path)} | {(new.task, new.cell): new}
    ordered = [asdict(records[key]) for key in sorted(records)]
    _replace(path, _content(path) | {"machine": asdict(machine), "records": ordered})


def keep_differences(path: Path, machine: Machine, differences: Iterable[Difference]) -> None:
    rows = [asdict(difference) for difference in differences]
    _replace(path, _content(path) | {"machine": asdict(machine), "differences": rows})


def _content(path: Path) -> dict[str, Any]:
    empty: dict[str, Any] = {"machine": {}, "records": [], "differences": []}
    return empty | json.loads(path.read_text(encoding="utf-8")) if path.exists() else empty


def _replace(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def _record(raw: dict[str, Any]) -> Record:
    engines = {
        name: Measured(
            tuple(entry["seconds"]), tuple(entry["processor_seconds"]), entry["peak_bytes"], entry["n_rounds"]
        )
        for name, entry in raw["engines"].items()
    }
    return Record(**{**raw, "cell": Cell(**raw["cell"]), "engines": engines})
