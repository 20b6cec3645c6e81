"""The results file of the simulation, and its table."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from bench import result_files
from bench.coverage.judging import METHODS, Method, Tally

LEAST, MOST = 0.93, 0.97

Results = dict[str, dict[str, Tally]]


def read(path: Path) -> Results:
    """Return the tallies by kind and method; empty if there is no file."""
    if not path.exists():
        return {}
    content = result_files.read(path)["kinds"]
    return {kind: {method: Tally(**tally) for method, tally in methods.items()} for kind, methods in content.items()}


def write(path: Path, results: Mapping[str, Mapping[str, Tally]]) -> None:
    content = {
        "command": "python -m bench.coverage",
        "versions": {"python": sys.version.split()[0], **{name: version(name) for name in ("numpy", "scipy")}},
        "kinds": {
            kind: {method: asdict(tally) for method, tally in methods.items()} for kind, methods in results.items()
        },
    }
    result_files.write(path, content)


def markdown(path: Path) -> str:
    """Return the table of a results file, below the versions."""
    versions = result_files.read(path)["versions"]
    return f"{', '.join(f'{name} {number}' for name, number in versions.items())}.\n\n{table(read(path))}"


def table(results: Mapping[str, Mapping[str, Tally]]) -> str:
    """Return one row per kind and method, with target shares in bold."""
    lines = [
        "| tournaments | intervals | models covered | all at once | differences | places | median width |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind, methods in METHODS.items():
        for method in methods:
            tally = results.get(kind, {}).get(method.name, Tally())
            if not tally.n:
                lines.append(f"| {kind} | {method.name} | not measured | | | | |")
                continue
            cells = [_shown(tally, what, method) for what in ("models", "tournaments", "differences", "places")]
            lines.append(f"| {kind}: {tally.n:,} | {method.name} | {' | '.join(cells)} | {tally.share('width'):.0f} |")
    return "\n".join(lines) + "\n"


def _shown(tally: Tally, what: str, method: Method) -> str:
    share = f"{100 * tally.share(what):.1f} %"
    if what == "models":
        share += f" ± {100 * tally.error():.1f}"
    if what != method.target:
        return share
    return f"**{share}**" if LEAST <= tally.share(what) <= MOST else f"**{share} (missed)**"
