"""Read and write the results files."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.machine import Machine

RESULTS = Path(__file__).resolve().parent / "results"


def path_for(kind: str, machine: Machine) -> Path:
    """Return the default results file of a benchmark on a machine.

    >>> path_for("gaps", Machine("AMD EPYC", 2, 23, (), "Linux 6", "3.11.7", {})).name
    'gaps-cpu-amd-epyc-2-cores.json'
    """
    return RESULTS / f"{kind}-cpu-{machine.slug}.json"


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON to `path`; an interrupted write leaves the old file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def heading(machine: Mapping[str, Any], dates: Iterable[str]) -> str:
    """Return the line above a table: processor, versions and dates."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items() if number)
    isa = ", ".join(machine["isa"])
    if cap := machine.get("cap"):
        isa += f"; every engine capped with --isa {cap}"
    processor = f"{machine['processor']}, {machine['n_cores']} cores ({isa})"
    return f"{processor}; {versions}; {' and '.join(sorted(dates))}.\n"


def heading_of(content: Mapping[str, Any]) -> str:
    """Return the heading of a results file that has one machine and one date."""
    return heading(content["machine"], {content["date"][:10]})
