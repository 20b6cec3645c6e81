"""Run one engine with one model: read jobs as JSON lines, and answer with timings and peak memory.

    python -m bench.inference.worker --engine ours --model DIR/15M --dtype bfloat16
    {"prompt": 512, "batch": 1, "new": 64, "seed": 1, "setting": {"threads": 2}}

The peak is the highest resident memory while the model was loading or the job was running.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.inference.engines.interface import DTYPES, ENGINES, Job, Options
from bench.inference.engines.loading import load
from bench.proc_stats import peak_bytes, reset_peak


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.inference.worker", description="Run jobs from stdin, for bench.inference."
    )
    parser.add_argument("--engine", required=True, choices=ENGINES)
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="folder of one size")
    parser.add_argument("--dtype", required=True, choices=DTYPES)
    args = parser.parse_args(argv)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # keep what libraries print out of the answers
    engine = load(args.engine, args.model, args.dtype)
    load_peak = peak_bytes()
    _say(answers, {"isa": engine.isa()})
    for line in sys.stdin:
        request = json.loads(line)
        if "logits_of" in request:
            _say(answers, {"logits": engine.last_logits(request["logits_of"])})
            continue
        job = Job(**{**request, "setting": Options(**request["setting"])})
        reset_peak()
        timing = engine.run(job)
        _say(answers, {"timing": asdict(timing), "peak_bytes": max(load_peak, peak_bytes())})
    return 0


def _say(answers: Any, answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    sys.exit(main())
