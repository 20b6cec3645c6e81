"""The results of the checks, as lines for a terminal and as the table of docs/inference.md."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench import result_files
from bench.clients.known import CLIENTS

RESULTS = result_files.RESULTS / "clients.json"
_POINTED = {client.name: client.pointed for client in CLIENTS}


@dataclass(slots=True)
class Outcome:
    """What the checks of one client found. `failed` has the error of each check that failed."""

    client: str
    version: str = ""
    passed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def lines(outcome: Outcome) -> str:
    """Return the name of a client and a line for each check."""
    found = [f"{outcome.client} {outcome.version}", *(f"  passed  {check}" for check in outcome.passed)]
    found += [f"  FAILED  {check}: {error[:2000]}" for check, error in outcome.failed.items()]
    return "\n".join(found)


def table(outcomes: Iterable[Outcome]) -> str:
    """Return the table: client, version, how it is pointed at the server, and how many of its checks passed."""
    rows = ["| client | version | pointed at the server by | checks passed |", "| --- | --- | --- | ---: |"]
    for outcome in outcomes:
        n_passed, n_checks = len(outcome.passed), len(outcome.passed) + len(outcome.failed)
        passed = str(n_passed) if n_passed == n_checks else f"{n_passed} of {n_checks}"
        rows.append(f"| {outcome.client} | {outcome.version} | `{_POINTED[outcome.client]}` | {passed} |")
    return "\n".join(rows) + "\n"


def markdown(path: Path) -> str:
    """Return the table of a results file."""
    return table(Outcome(**raw) for raw in result_files.read(path)["clients"])
