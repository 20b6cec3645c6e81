"""Measure this project's ratings beside arena-rank, evalica, choix, FastChat's way and the notebook's.

    python -m bench.ratings                          everything: a quarter of an hour on two cores
    python -m bench.ratings --tasks fit --cells 1e6x100
    python -m bench.ratings --tasks exact            whether all engines give the same ratings

    fit        votes as index arrays -> ratings           bootstrap  the same, and 1,000 resamples
    online     votes as index arrays -> online Elo        csv        a file -> a written board, the entire process
    fit-pairs, fit-rows, fit-frame, fit-counts, online-frame         the same form of the votes for all (`rating.forms`)
    board, next-board, late-vote, catch-up                           a SQLite database (`rating.live`)

Each engine runs in a separate process and, but for the tasks of one form, gets the votes in its favourite form before
the clock starts; the engines of a record take turns. Ours uses one thread, peers as many as they start. A peer's
bootstrap runs only some rounds, and its time is scaled up. Results are merged into a file, and `python -m bench.report`
writes the tables. How long votes files of each format take to read is measured by `python -m bench.rating.reading`.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.arguments import some
from bench.machine import now, this_machine
from bench.rating import engines, forms, live, votes
from bench.rating.engines import ENGINES, PEER_PACKAGES
from bench.rating.exact import differences
from bench.rating.records import Measured, Record, keep_differences, merge
from bench.rating.votes import Cell

TASKS = (*engines.TASKS, "csv", *live.TASKS, "exact")
RESULTS = Path(__file__).resolve().parent / "results"
DATA = Path(".cache/bench/ratings")
ROUNDS = 1000
_ROOT = Path(__file__).resolve().parent.parent
_GRID = (Cell(100_000, 50), Cell(1_000_000, 100), Cell(10_000_000, 200))
_GROWTH = tuple(Cell(1_000_000, K) for K in (20, 50, 200)) + tuple(Cell(N, 100) for N in (10_000, 100_000, 10_000_000))
_RUNS = ("fit", "bootstrap", "online")
_PEERS = {
    "fit": tuple(engine for engine in ENGINES if engine not in ("ours", "choix-dense")),
    "bootstrap": ("evalica", "fastchat", "notebook"),
    "online": ("evalica", "evalica-numbers", "notebook"),
    "csv": ("arena-rank", "evalica"),
    "fit-pairs": ("choix", "evalica"),
    "fit-rows": ("choix", "choix-dense", "evalica"),
    "fit-frame": ("choix", "choix-dense", "evalica"),
    "fit-counts": ("choix-dense",),
    "online-frame": ("evalica",),
    **dict.fromkeys(live.TASKS, ()),
}
_PEER_ROUNDS = {"fastchat": 10, "notebook": 3, "evalica": 2}
_GRID_OF = {
    **dict.fromkeys(_RUNS, _GRID),
    **dict.fromkeys(("csv", "board"), _GRID[:2]),
    **dict.fromkeys(forms.TASKS, (Cell(1_000_000, 100),)),
    **dict.fromkeys(("next-board", "late-vote", "catch-up"), (Cell(1_000_000, 50),)),
}
_MANY = 5_000_000  # from so many votes there is one turn, in which slow engines run once
_SLOW = ("fastchat", "notebook")


def main(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    machine = this_machine(PEER_PACKAGES)
    output: Path = args.output or RESULTS / f"ratings-cpu-{machine.slug}.json"
    command = shlex.join(["python", "-m", "bench.ratings", *(sys.argv[1:] if argv is None else argv)])
    begun = time.perf_counter()
    for task, cell, peers in _plan(args.tasks, args.cells, args.engines):
        record = measure(task, cell, ("ours", *peers), args.data, turns=args.turns, command=command)
        merge(output, machine, record)
        print(f"[{time.perf_counter() - begun:.0f} s] {_line(record)}", flush=True)
    if "exact" in args.tasks:
        found = list(differences())
        keep_differences(output, machine, found)
        worst = max(found, key=lambda difference: difference.points * difference.is_tight)
        largest = f"at most {worst.points:.2g} points ({worst.peer}, {worst.data})"
        print(f"[{time.perf_counter() - begun:.0f} s] exact: {largest}")
    print(f"wrote {output}")
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.ratings", description="Measure ratings side by side.")
    parser.add_argument("--tasks", type=some(*TASKS), default=TASKS, help=f"default {','.join(TASKS)}")
    parser.add_argument("--cells", type=_cells, default=None, help="votes x models, such as 1e5x50,1e6x100")
    parser.add_argument("--engines", type=some(*ENGINES), default=ENGINES, help=f"default {','.join(ENGINES)}")
    parser.add_argument("--turns", type=int, default=3, metavar="N", help="default %(default)s; 1 for 1e7 votes")
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="folder for votes (default %(default)s)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/ratings-cpu-MACHINE.json")
    return parser.parse_args(argv)


def _cells(text: str) -> tuple[Cell, ...]:
    try:
        return tuple(map(Cell.parse, text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _plan(
    tasks: Sequence[str], cells: Sequence[Cell] | None, wanted: Sequence[str]
) -> list[tuple[str, Cell, tuple[str, ...]]]:
    """(task, cell, peers): the grid with all peers, and more cells for ours alone."""
    plan = []
    for task in tasks:
        if task == "exact":
            continue
        peers = tuple(peer for peer in _PEERS[task] if peer in wanted)
        if cells is not None:
            plan += [(task, cell, peers) for cell in cells]
            continue
        plan += [(task, cell, peers) for cell in _GRID_OF[task]]
        if task in ("fit", "bootstrap"):
            plan += [(task, cell, ()) for cell in _GROWTH]
    return plan


def measure(task: str, cell: Cell, compared: Sequence[str], data: Path, *, turns: int, command: str) -> Record:
    make = votes.csv if task == "csv" else votes.database if task in live.TASKS else votes.arrays
    path = make(cell, data)
    if cell.n_votes >= _MANY:
        turns = 1
    answers: dict[str, list[dict[str, Any]]] = {engine: [] for engine in compared}
    for _ in range(turns):
        for engine in compared:
            answers[engine].append(_whole_process(engine, path) if task == "csv" else _task(task, engine, cell, path))
    n_rounds = ROUNDS if task == "bootstrap" else 1
    measured = {}
    for engine, found in answers.items():
        done = _rounds(engine) if task == "bootstrap" else 1
        measured[engine] = Measured(
            tuple(min(answer["seconds"]) * n_rounds / done for answer in found),
            tuple(min(answer["processor_seconds"]) * n_rounds / done for answer in found),
            max(answer["peak_bytes"] for answer in found),
            done,
        )
    return Record(task, cell, n_rounds, measured, now(), command)


def _rounds(engine: str) -> int:
    return ROUNDS if engine == "ours" else _PEER_ROUNDS[engine]


def _task(task: str, engine: str, cell: Cell, path: Path) -> dict[str, Any]:
    runs = 1 if cell.n_votes >= _MANY and engine in _SLOW else 2
    command = [sys.executable, "-m", "bench.rating.work", "--task", task, "--engine", engine, "--votes", str(path)]
    command += ["--rounds", str(_rounds(engine) if task == "bootstrap" else 1), "--runs", str(runs)]
    found = subprocess.run(command, cwd=_ROOT, env=_environment(engine), stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def _whole_process(engine: str, path: Path) -> dict[str, Any]:
    """From the start of Python to its end: read, rate and write."""
    board = path.with_name(f"board-{engine}.json")
    command = [sys.executable, "-m"]
    if engine == "ours":
        command += ["elo", "recompute", "--votes", str(path.absolute()), "--json", str(board.absolute())]
    else:
        command += ["bench.rating.work", "--task", "csv", "--engine", engine, "--votes", str(path)]
    begun = time.perf_counter()
    with board.with_suffix(".txt").open("w") as printed:
        process = subprocess.Popen(command, cwd=_ROOT, env=_environment(engine), stdout=printed)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return {
        "seconds": [seconds],
        "processor_seconds": [usage.ru_utime + usage.ru_stime],
        "peak_bytes": usage.ru_maxrss * 1024,
    }


def _environment(engine: str) -> dict[str, str]:
    """One thread for ours; peers may start as many as they do."""
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if engine == "ours" else {}
    return dict(os.environ) | one


def _line(record: Record) -> str:
    parts = [f"ours {record.seconds('ours'):.4g} s ({record.engines['ours'].peak_bytes / 2**20:.0f} MiB)"]
    parts += [
        f"{peer} {record.seconds(peer):.4g} s (speed-up {record.speed_up(peer):.3g}x)"
        for peer in record.engines
        if peer != "ours"
    ]
    return f"{record.task} {record.cell}: {', '.join(parts)}"


if __name__ == "__main__":
    sys.exit(main())
