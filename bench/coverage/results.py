"""The results file of the simulation, and its tables."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from bench import result_files
from bench.coverage.judging import METHODS, OF_RANKS, Method, RankTally, Tally
from bench.machine import this_machine

LEAST, MOST = 0.93, 0.97
FALSE = 0.064
"""The most tournaments with a false "better": 5 %, and twice the standard error of a share of 1,000."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Results:
    """Tallies by kind and method."""

    intervals: defaultdict[tuple[str, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    ranks: defaultdict[tuple[str, str], RankTally] = field(default_factory=lambda: defaultdict(RankTally))

    def done(self, kind: str) -> int:
        """Return the number of tournaments of a kind that every method has judged."""
        if kind in METHODS:
            return min(self.intervals[kind, method.name].n for method in METHODS[kind])
        return min(self.ranks[kind, method.name].n for method in OF_RANKS[kind])


def read(path: Path) -> Results:
    """Return no tallies if there is no file."""
    results = Results()
    if path.exists():
        content = result_files.read(path)
        results.intervals.update(_tallies(content["intervals"], Tally))
        results.ranks.update(_tallies(content["ranks"], RankTally))
    return results


def _tallies(content: Mapping[str, Mapping[str, Any]], of: type[_T]) -> dict[tuple[str, str], _T]:
    return {(kind, method): of(**tally) for kind, methods in content.items() for method, tally in methods.items()}


def write(path: Path, results: Results) -> None:
    content: dict[str, Any] = {
        "command": "python -m bench.coverage",
        "machine": asdict(this_machine(("numpy", "scipy"))),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "intervals": defaultdict(dict),
        "ranks": defaultdict(dict),
    }
    for what, tallies in (("intervals", results.intervals), ("ranks", results.ranks)):
        for (kind, method), tally in tallies.items():
            if tally.n:
                content[what][kind][method] = asdict(tally)
    result_files.write(path, content)


def markdown(path: Path) -> str:
    """Return the tables of a results file, below the machine and the versions."""
    return f"{result_files.heading_of(result_files.read(path))}\n{table(read(path))}"


def table(results: Results) -> str:
    """Return one row per kind and method, with targets in bold: a table of intervals, and one of ranks."""
    lines = [
        "| tournaments | intervals | models covered | all at once | median width |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for kind, methods in METHODS.items():
        for method in methods:
            lines.append(_of_intervals(kind, method, results.intervals[kind, method.name]))
    lines += [
        "",
        "| tournaments | intervals | a false better | all spans right | pairs told apart |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for kind, methods in OF_RANKS.items():
        for method in reversed(methods):
            lines.append(_of_ranks(kind, method, results.ranks[kind, method.name]))
    return "\n".join(lines) + "\n"


def _of_intervals(kind: str, method: Method, tally: Tally) -> str:
    if not tally.n:
        return f"| {kind} | {method.name} | not measured | | |"
    cells = [_shown(tally, what, method) for what in ("models", "tournaments")]
    return f"| {kind}: {tally.n:,} | {method.name} | {' | '.join(cells)} | {tally.share('width'):.0f} |"


def _shown(tally: Tally, what: str, method: Method) -> str:
    share = f"{100 * tally.share(what):.1f} %"
    if what == "models":
        share += f" ± {100 * tally.error():.1f}"
    return share if what != method.target else _bold(share, is_met=LEAST <= tally.share(what) <= MOST)


def _of_ranks(kind: str, method: Method, tally: RankTally) -> str:
    if not tally.n:
        return f"| {kind} | {method.name} | not measured | | |"
    false, spans = tally.share("false"), tally.share("spans")
    cells = [
        _bold(f"{100 * false:.1f} %", is_met=false <= FALSE),
        _bold(f"{100 * spans:.1f} %", is_met=spans >= 1 - FALSE),
        f"{100 * tally.apart / tally.n_apart:.1f} %",
    ]
    return f"| {kind}: {tally.n:,} | {method.name} | {' | '.join(cells)} |"


def _bold(share: str, *, is_met: bool) -> str:
    return f"**{share}**" if is_met else f"**{share} (missed)**"
