"""Measure how often 95 % intervals contain the true rating, and how often ranks claim what is false.

There are 1,000 simulated tournaments of each kind.

    python -m bench.coverage --seconds 120                 stops after two minutes; the same command continues
    python -m bench.coverage --kind uniform --tournaments 100

Of intervals: models whose interval contains their true rating, and tournaments in which all twenty do. Of ranks:
tournaments in which one model is called better than another and is not, and those in which the span of ranks of every
model contains all its possible places, from 1 + the models that are truly better to the last one above those that are
truly worse (equal models are neither). Tournament i of a kind is the same in every call, so the results do not depend
on how the work is divided.

With interval auto a difference must be at least as large as with the sandwich, because the reach is the larger one of
both. So where the sandwich claims nothing false, the bootstrap does not either, and is drawn only for the first 100
tournaments of a kind, which also count the pairs that are told apart.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.coverage.judging import AUTO, METHODS, OF_RANKS, RankTally, judge, judge_ranks
from bench.coverage.results import Results, read, table, write
from bench.coverage.tournaments import KINDS, RANK_KINDS, Tournament, tournament
from bench.result_files import RESULTS

N_TOURNAMENTS = 1000
_N_WHOLE = 100
_SAVE_EVERY_S = 10.0


def measure(path: Path, kinds: Iterable[str], n_tournaments: int, seconds: float) -> bool:
    """Continue the results file up to `n_tournaments` of each kind, or for `seconds`. Return whether all are done."""
    results = read(path)
    begun = saved = time.monotonic()
    for kind in kinds:
        for number in range(results.done(kind), n_tournaments):
            now = time.monotonic()
            if now - saved > _SAVE_EVERY_S:
                write(path, results)
                print(f"{kind}: {number} of {n_tournaments}", flush=True)
                saved = now
            if now - begun > seconds:
                write(path, results)
                return False
            _judge(results, kind, number, tournament(kind, number))
    write(path, results)
    return True


def _judge(results: Results, kind: str, number: int, played: Tournament) -> None:
    if kind in KINDS:
        for method in METHODS[kind]:
            results.intervals[kind, method.name] += judge(played, method.settings)
        return
    last = RankTally()
    for method in OF_RANKS[kind]:
        if method is AUTO and number >= _N_WHOLE and not last.false:
            found = RankTally(n=1, spans=1)
        else:
            found = judge_ranks(played, method.settings)
            if method is AUTO and number >= _N_WHOLE:  # chosen by what it claims, so no sample of what is told apart
                found = replace(found, n_apart=0, apart=0.0)
        results.ranks[kind, method.name] += found
        last = found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.coverage",
        description="Measure how often 95 % intervals contain the true rating, and ranks claim what is false.",
    )
    parser.add_argument(
        "--kind", choices=(*KINDS, *RANK_KINDS), action="append", help="a kind of tournament (default: all)"
    )
    parser.add_argument(
        "--tournaments", type=int, default=N_TOURNAMENTS, metavar="N", help="number of each kind (default 1,000)"
    )
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), metavar="S", help="stop after S seconds; a later call continues"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS / "coverage.json",
        metavar="FILE",
        help="default: bench/results/coverage.json",
    )
    args = parser.parse_args(argv)
    is_done = measure(args.output, args.kind or (*KINDS, *RANK_KINDS), args.tournaments, args.seconds)
    print(table(read(args.output)))
    if not is_done:
        print("not finished; the same command continues")
    return 0


if __name__ == "__main__":
    sys.exit(main())
