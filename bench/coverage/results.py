"""The results file of the simulation, and its table."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import result_files
from bench.coverage.judging import METHODS, Method, Tally
from bench.machine import this_machine

LEAST, MOST = 0.93, 0.97
FALSE = 0.064
"""The most tournaments with a false "better": 5 %, and twice the standard error of a share of 1,000."""

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
        "machine": asdict(this_machine(("numpy", "scipy"))),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "kinds": {
            kind: {method: asdict(tally) for method, tally in methods.items()} for kind, methods in results.items()
        },
    }
    result_files.write(path, content)


def markdown(path: Path) -> str:
    """Return the table of a results file, below the machine and the versions."""
    return f"{result_files.heading_of(result_files.read(path))}\n{table(read(path))}"


def table(results: Mapping[str, Mapping[str, Tally]]) -> str:
    """Return one row per kind and method, with target shares in bold."""
    lines = [
        "| tournaments | intervals | models covered | all at once | a false better | spans right | told apart "
        "| median width |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind, methods in METHODS.items():
        for method in methods:
            tally = results.get(kind, {}).get(method.name, Tally())
            if not tally.n:
                lines.append(f"| {kind} | {method.name} | not measured | | | | | |")
                continue
            shares = ("models", "tournaments", "false", "spans", "apart")
            cells = [_shown(tally, what, method) for what in shares]
            lines.append(f"| {kind}: {tally.n:,} | {method.name} | {' | '.join(cells)} | {tally.share('width'):.0f} |")
    return "\n".join(lines) + "\n"


def _shown(tally: Tally, what: str, method: Method) -> str:
    share = f"{100 * tally.share(what):.1f} %"
    if what == "models":
        share += f" ± {100 * tally.error():.1f}"
    if what == method.target:
        is_met = LEAST <= tally.share(what) <= MOST
    elif method.target == "ranks" and what in ("false", "spans"):
        is_met = tally.share(what) <= FALSE if what == "false" else tally.share(what) >= 1 - FALSE
    else:
        return share
    return f"**{share}**" if is_met else f"**{share} (missed)**"
