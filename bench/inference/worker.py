"""One engine with one model in a process of its own: reads jobs as JSON lines, answers with timings and peak memory.

    python -m bench.inference.worker --engine ours --model DIR/15M --dtype bfloat16
    {"prompt": 512, "batch": 1, "new": 64, "seed": 1, "setting": {"threads": 2}}

The peak is that of the resident memory, as Linux keeps it, while loading or while the job ran, whichever was higher.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.inference.engines import ENGINES, Job, Setting, load


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.inference.worker", description="Run jobs.")
    parser.add_argument("--engine", required=True, choices=ENGINES)
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="the files of one size")
    parser.add_argument("--dtype", required=True, choices=("float32", "bfloat16"))
    args = parser.parse_args(argv)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints shall not stand between the answers
    engine = load(args.engine, args.model, args.dtype)
    load_peak = peak_bytes()
    _say(answers, {"load_peak_bytes": load_peak})
    for line in sys.stdin:
        request = json.loads(line)
        if "logits_of" in request:
            _say(answers, {"logits": engine.last_logits(request["logits_of"])})
            continue
        job = Job(**{**request, "setting": Setting(**request["setting"])})
        reset_peak()
        timing = engine.run(job)
        _say(answers, {"timing": asdict(timing), "peak_bytes": max(load_peak, peak_bytes())})
    return 0


def _say(answers: Any, answer: dict[str, Any]) -> None:
    print(json.dumps(answer), file=answers, flush=True)


def peak_bytes() -> int:
    """The highest resident memory of this process since the start, or since `reset_peak`."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024


def reset_peak() -> None:
    """Let the highest resident memory be the present one."""
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    sys.exit(main())
