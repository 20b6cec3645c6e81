"""Simulate arenas, test their voters and days, and write the results."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from bench import result_files
from bench.machine import now, this_machine
from bench.result_files import RESULTS
from bench.voters import arenas
from bench.voters.arenas import BEHAVIOURS, CROWDS, PUSHES, Town
from bench.voters.days import pushed, quiet
from bench.voters.measures import LEVEL, caught, fans, honest, minority
from bench.voters.tables import LIMIT, markdown

Row = TypeVar("Row")

_TOGETHER = (1, 5)
_TOWNS_PER_ARENA = 10  # a day's visitors are few, so such an arena takes little time


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.voters",
        description="Simulate how often the tests flag honest voters and quiet days, and how soon they find others.",
    )
    parser.add_argument("--arenas", type=int, default=4, metavar="N", help="arenas of each kind (default %(default)s)")
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS / "voters.json",
        metavar="FILE",
        help="default: bench/results/voters.json",
    )
    args = parser.parse_args(argv)
    start_s = time.process_time()
    found_honest = []
    for name, scenario in arenas.HONEST.items():
        n_arenas = args.arenas * (10 if scenario.voters < 100 else 5 if scenario.voters < 500 else 1)
        found_honest.append(_told(honest(name, scenario, n_arenas)))
    found_honest.append(_told(honest("usual, and one in ten is careless", arenas.USUAL, args.arenas, careless=True)))
    limit = _told(minority(LIMIT, arenas.USUAL, args.arenas))
    found_caught = [
        _told(caught(name, behaviour, scenario, args.arenas))
        for name, scenario in arenas.CAUGHT.items()
        for behaviour in BEHAVIOURS
    ]
    found_fans = [
        _told(fans(name, push, scenario, args.arenas, together=together))
        for name, scenario in arenas.PUSHED.items()
        for push in PUSHES
        for together in _TOGETHER
    ]
    n_towns = _TOWNS_PER_ARENA * args.arenas
    found_quiet = [_told(quiet(name, scene, n_towns)) for name, scene in arenas.TOWNS.items()]
    found_pushed = [_told(pushed(name, Town(), max(1, n_towns // 2))) for name in CROWDS]
    content: dict[str, Any] = {
        "command": f"python -m bench.voters --arenas {args.arenas}",
        "date": now(),
        "machine": asdict(this_machine(["numpy", "scipy"])),
        "cpu_s": round(time.process_time() - start_s),
        "level": LEVEL,
        "scenarios": {name: asdict(scenario) for name, scenario in arenas.HONEST.items()},
        "pushes": {name: asdict(push) for name, push in PUSHES.items()},
        "towns": {name: asdict(scene) for name, scene in arenas.TOWNS.items()},
        "honest": [{**asdict(row), "share": row.flagged.share} for row in found_honest],
        "limit": {**asdict(limit), "share": limit.flagged.share},
        "caught": [asdict(row) for row in found_caught],
        "fans": [asdict(row) for row in found_fans],
        "quiet": [asdict(row) for row in found_quiet],
        "pushed": [asdict(row) for row in found_pushed],
    }
    result_files.write(args.output, content)
    print(markdown(args.output))
    return 0


def _told(row: Row) -> Row:
    print(row, file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())
