"""Run one engine and one task, and print seconds, processor seconds and memory as one JSON line.

    python -m bench.rating.work --task fit --engine choix --votes FILE.npz
    python -m bench.rating.work --task board --engine ours --votes FILE.sqlite
    python -m bench.rating.work --task csv --engine arena-rank --votes FILE.csv      (the caller times it)

The peak is that of the resident memory, from Linux, above the memory of the process when its input was ready.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from bench.proc_stats import peak_bytes, reset_peak
from bench.rating import engines, live, votes

_SHORT_S = 1.0  # short runs are repeated for a second


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.rating.work", description="Run one task of bench.ratings.")
    parser.add_argument("--task", required=True, choices=(*engines.TASKS, *live.TASKS, "csv"))
    parser.add_argument("--engine", required=True, choices=engines.ENGINES)
    parser.add_argument("--votes", required=True, type=Path, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=1, metavar="N", help="of the bootstrap")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="at least; the first warms up the others")
    args = parser.parse_args(argv)
    if args.task == "csv":
        _from_csv(args.engine, args.votes)
        return 0
    timed = _prepared(args)
    if timed is None:
        parser.error(f"{args.engine} has no {args.task}")
    seconds: list[float] = []
    processor_seconds: list[float] = []
    before = _resident_bytes()
    reset_peak()
    while len(seconds) < args.runs or (sum(seconds) < _SHORT_S and len(seconds) < timed.most_runs):
        timed.before()
        begun, processor_begun = time.perf_counter(), time.process_time()
        result = timed.run()
        seconds.append(time.perf_counter() - begun)
        processor_seconds.append(time.process_time() - processor_begun)
    answer = {"seconds": seconds, "processor_seconds": processor_seconds, "peak_bytes": peak_bytes() - before}
    if args.task in engines.TASKS and args.task != "bootstrap":
        answer["ratings"] = np.asarray(result).tolist()
    print(json.dumps(answer))
    return 0


def _prepared(args: argparse.Namespace) -> live.Timed | None:
    if args.task in live.TASKS:
        return live.prepare(args.task, args.votes)
    run = engines.prepare(args.task, args.engine, votes.load(args.votes), args.rounds)
    return None if run is None else live.Timed(run)


def _from_csv(engine: str, path: Path) -> None:
    """Read, fit and print a board without intervals."""
    pd: Any = import_module("pandas")
    frame = pd.read_csv(path)
    if engine == "arena-rank":
        models = sorted({*frame["model_a"], *frame["model_b"]})
        board = dict(zip(models, engines.arena_rank_ratings(frame).tolist(), strict=True))
    elif engine == "evalica":
        evalica: Any = import_module("evalica")
        spelled = {"model_a": evalica.Winner.X, "model_b": evalica.Winner.Y}
        winners = frame["winner"].map(lambda winner: spelled.get(winner, evalica.Winner.Draw))
        board = evalica.bradley_terry(frame["model_a"], frame["model_b"], winners).scores.to_dict()
    else:
        raise ValueError(f"{engine} does not read files")
    print(json.dumps(board))


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


if __name__ == "__main__":
    sys.exit(main())
