"""Measure how long votes files of each format take to read, in turns in one process.

    python -m bench.rating.reading [VOTES] [ROUNDS]

The same votes on 129 models, with a voter and a time each, are written as CSV, JSON lines and Parquet, and CSV with
gzip. Measured are processor seconds of the fastest round, with models and outcomes alone, and with voters and times.
The results go into a file, and `python -m bench.report` writes the table.
"""

import gzip
import json
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench import result_files
from bench.machine import now, this_machine
from elo.votes.vote_columns import Column
from elo.votes.votes_file import read_votes

_FORMS = ("csv", "csv.gz", "jsonl", "parquet")
_COLUMNS: dict[str, tuple[Column, ...]] = {"models and outcomes": (), "with voters and times": ("voter", "time")}
_MOST = 3
"""Times CSV."""
_WINNERS = ("model_a", "model_b", "tie", "tie (bothbad)")


def write(folder: Path, n_votes: int) -> dict[str, Path]:
    """The files by format."""
    import pyarrow.csv
    import pyarrow.parquet

    rng = np.random.default_rng(0)
    a = rng.integers(0, 129, n_votes)
    b = (a + rng.integers(1, 129, n_votes)) % 129
    winner, voter = rng.choice(4, n_votes, p=(0.35, 0.34, 0.17, 0.14)), rng.integers(0, 100_000, n_votes)
    times = np.round(1.68e9 + np.cumsum(rng.exponential(20, n_votes)), 4)
    paths = {form: folder / f"votes.{form}" for form in _FORMS}
    names = ("model_a", "model_b", "winner", "judge", "anony", "language", "tstamp")
    with paths["csv"].open("w") as csv, paths["jsonl"].open("w") as lines:
        csv.write(",".join(names) + "\n")
        for i, j, w, v, t in zip(a.tolist(), b.tolist(), winner.tolist(), voter.tolist(), times.tolist(), strict=True):
            row = (f"model-{i:03d}-chat", f"model-{j:03d}-chat", _WINNERS[w], f"arena_user_{v}", True, "English", t)
            csv.write(",".join(map(str, row)) + "\n")
            lines.write(json.dumps(dict(zip(names, row, strict=True))) + "\n")
    with paths["csv"].open("rb") as csv_bytes, gzip.open(paths["csv.gz"], "wb", 6) as packed:
        shutil.copyfileobj(csv_bytes, packed)
    pyarrow.parquet.write_table(pyarrow.csv.read_csv(paths["csv"]), paths["parquet"])
    return paths


def measure(n_votes: int, n_rounds: int) -> dict[str, dict[str, float]]:
    """Processor seconds of the fastest round, by the columns that are read and by format."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder), n_votes)
        for what, columns in _COLUMNS.items():
            seconds: dict[str, list[float]] = {form: [] for form in _FORMS}
            for _ in range(n_rounds):
                for form, path in paths.items():
                    begun = time.process_time()
                    assert read_votes([path], columns=columns).n_votes == n_votes
                    seconds[form].append(time.process_time() - begun)
            found[what] = {form: min(seconds[form]) for form in _FORMS}
    return found


def markdown(path: Path) -> str:
    """The table of a results file."""
    return f"{result_files.heading_of(content := result_files.read(path))}\n{table(content)}"


def table(content: Mapping[str, Any]) -> str:
    """Seconds, and how many times those of CSV."""
    head = f"{content['n_votes']:,} votes, processor seconds (`{content['command']}`; target: at most 3 x CSV):\n"
    lines = [head, f"| | {' | '.join(_FORMS)} |", f"| --- |{' ---: |' * len(_FORMS)}"]
    for what, seconds in content["seconds"].items():
        cells = [f"{s:.2f}" for s in seconds.values()]
        ratios = [s / seconds["csv"] for s in seconds.values()]
        shown = [
            cell if form == "csv" else f"{cell} ({ratio:.1f} x{', missed' if ratio > _MOST else ''})"
            for form, cell, ratio in zip(seconds, cells, ratios, strict=True)
        ]
        lines.append(f"| {what} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    texts = sys.argv[1:] if argv is None else argv
    given = [int(one) for one in texts]
    n_votes, n_rounds = (*given, 1_670_000, 3)[0], (*given, 3)[1] if len(given) > 1 else 3
    machine = this_machine(("numpy", "pyarrow"))
    content = {
        "machine": asdict(machine),
        "date": now(),
        "command": shlex.join(["python", "-m", "bench.rating.reading", *texts]),
        "n_votes": n_votes,
        "seconds": measure(n_votes, n_rounds),
    }
    result_files.write(path := result_files.path_for("reading", machine), content)
    print(f"{table(content)}wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
