"""Measure the load of many pages that watch answers.

The figures are the event loop's lag, how late views arrive, the traffic, and the cost of a view.

    python -m bench.pages                       100 battles with one page each, then one battle that 50 pages watch
    python -m bench.pages --app /other/clone    the same with another version of the arena

Two scripted models write 20 kB of Markdown each to every battle in 100 s, which is the speed at which answers are shown
by default. The arena is an unchanged `app.py` with a task beside it that wakes every 10 ms and records how late. The
watchers read their streams as the page does and draw nothing. Models, watchers and arena share the machine's cores, so
the lag is an upper bound.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench import result_files
from bench.machine import now, this_machine
from bench.pages.running_app import ROOT
from bench.pages.watching import HEADING, Load, measure, row

_PACKAGES = ("gradio", "fastapi", "starlette", "uvicorn", "httpx", "markdown-it-py")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description="Measure pages that watch answers.")
    parser.add_argument(
        "--battles", type=int, default=100, metavar="N", help="battles with one page each (default %(default)s)"
    )
    parser.add_argument(
        "--watchers", type=int, default=50, metavar="N", help="pages that watch one battle (default %(default)s)"
    )
    parser.add_argument(
        "--chars", type=int, default=20_000, metavar="N", help="characters of each answer (default 20,000)"
    )
    parser.add_argument(
        "--seconds", type=float, default=100.0, metavar="S", help="duration of each answer (default %(default)g)"
    )
    parser.add_argument("--app", type=Path, default=ROOT, metavar="DIR", help="the clone whose app.py is measured")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: bench/results/pages-cpu-MACHINE.json")
    args = parser.parse_args(argv)
    loads = [
        Load(args.battles, 1, args.chars, args.seconds),
        Load(1, args.watchers, args.chars, args.seconds),
    ]
    print(HEADING)
    taken = []
    for load in loads:
        taken.append(asyncio.run(measure(load, args.app)))
        print(row(asdict(taken[-1])), flush=True)
    machine = this_machine(_PACKAGES)
    content = {"machine": asdict(machine), "date": now(), "loads": [asdict(one) for one in taken]}
    result_files.write(args.output or result_files.path_for("pages", machine), content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
