"""Measure how many votes the draw needs under each policy, and whether ratings stay right.

    python -m bench.matchmaking                  a few minutes of one core
    python -m bench.matchmaking --arenas 8       a quick look, which writes nothing

Simulated arenas of 20 models with known ratings (`arenas`) answer three questions (`questions`). Every policy plays in
the same arenas. The results file has medians and quartiles over arenas.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.machine import now, this_machine
from bench.matchmaking.questions import OF_NEWCOMERS, POLICIES, fairness, place_all, place_one
from bench.matchmaking.results import markdown, of_mean, summary
from bench.result_files import RESULTS, write

N_ARENAS = {"place_all": 200, "place_one": 100, "fairness": 400}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.matchmaking", description="Measure how many votes the draw needs under each policy."
    )
    parser.add_argument("--arenas", type=int, metavar="N", help="number of simulated arenas; the results are not kept")
    args = parser.parse_args(argv)
    n_arenas = N_ARENAS if args.arenas is None else dict.fromkeys(N_ARENAS, args.arenas)
    begun = time.monotonic()
    content = {
        "date": now(),
        "machine": asdict(this_machine(["numpy", "scipy"])),
        **measure(n_arenas),
        "seconds": round(time.monotonic() - begun),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = RESULTS / "matchmaking.json" if args.arenas is None else Path(folder, "matchmaking.json")
        write(path, content)
        print(markdown(path))
    return 0


def measure(n_arenas: Mapping[str, int]) -> dict[str, Any]:
    """Return the answers to the three questions, each of so many arenas."""
    return {
        "place_all": {"arenas": n_arenas["place_all"], "policies": _place_all(n_arenas["place_all"])},
        "place_one": {"arenas": n_arenas["place_one"], "policies": _place_one(n_arenas["place_one"])},
        "fairness": {"arenas": n_arenas["fairness"], "policies": _fairness(n_arenas["fairness"])},
    }


def _place_all(n_arenas: int) -> dict[str, Any]:
    found = {name: place_all(settings, n_arenas) for name, settings in POLICIES.items()}
    return {
        name: {
            condition: {**summary(votes), "of_uniform": float(np.median(votes / found["uniform"][condition]))}
            for condition, votes in of.items()
        }
        for name, of in found.items()
    }


def _place_one(n_arenas: int) -> dict[str, Any]:
    found = {name: place_one(settings, n_arenas) for name, settings in OF_NEWCOMERS.items()}
    return {
        name: {"battles": summary(of.battles), "own": summary(of.own), "share": summary(of.own / of.battles)}
        for name, of in found.items()
    }


def _fairness(n_arenas: int) -> dict[str, Any]:
    return {
        name: {
            weights: {key: of_mean(values) for key, values in asdict(of).items()}
            for weights, of in fairness(settings, n_arenas).items()
        }
        for name, settings in POLICIES.items()
    }


if __name__ == "__main__":
    sys.exit(main())
