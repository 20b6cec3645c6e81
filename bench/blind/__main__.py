"""Whether timing tells which side is the slow one, under each pace, and what each pace costs.

    python -m bench.blind                  writes bench/results/blind.json; a quarter of an hour of one core
    python -m bench.blind --battles 20     a first look

Pairs of scripted models (`bench.blind`): 20, 60 and 150 against 1,500 characters a second, each with every line of
delays, writing evenly, in bursts or with pauses. Each pair plays 200 battles, two for any two lengths of text, and each
of them counts again with the sides swapped (a test shows that swapped sides give the mirror image). A logistic
regression and a random forest learn from all that a page receives which side is the slow one, and are asked about
battles that they have not seen; 50 % is chance, which spreads by 3.5 % with 200 battles. "Pooled" is one classifier for
all pairs of a way of writing. Pauses are tried under `equal` alone.

`free` is there to show that the classifiers can.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arena.rounds.pacing import EqualPace, FreePace, Pace, TogetherPace
from arena.rounds.views import SideState
from bench.arguments import some
from bench.blind.guess import Guess, Sample, features, guess, later_end
from bench.blind.page import Event, watch
from bench.blind.results import Cost, Pair, Result, tables
from bench.blind.sides import (
    FAST_CHARS_PER_S,
    LINES,
    SLOW_CHARS_PER_S,
    WAYS,
    Line,
    Side,
    Way,
    battle,
    evenly,
    length,
)
from bench.inference.__main__ import RESULTS
from bench.machine import now, this_machine

PACES: Mapping[str, Callable[[], Pace]] = {"equal": EqualPace, "together": TogetherPace, "free": FreePace}
N_BATTLES = 200
ENDS: tuple[SideState, ...] = ("done", "stopped", "failed")


@dataclass(frozen=True, slots=True)
class Played:
    sample: Sample
    rule: float
    n_alike: int


def play(make_pace: Callable[[], Pace], way: Way, slow_chars_per_s: float, line: Line, n: int, seed: int) -> Played:
    """Battles of one pair, each once on either side. What must stay in one fold has one group: two battles with the
    same two lengths, and their swapped copies."""
    rng = np.random.default_rng([seed, *line.name.encode(), int(slow_chars_per_s)])
    rows, is_a_slow, group, n_right, n_alike = [], [], [], 0.0, 0
    lengths = (0, 0)
    for number in range(n):
        lengths = lengths[::-1] if number % 2 else (length(rng), length(rng))
        seen = watch(make_pace, *battle(way, slow_chars_per_s, line, lengths, rng))
        for is_slow, events in ((True, seen), (False, [event.swapped for event in seen])):
            rows.append(features(events))
            is_a_slow.append(is_slow)
            group.append(number // 2)
            n_right += (1 + np.sign(later_end(events)) * (1 if is_slow else -1)) / 2
            n_alike += _are_alike(events)
    sample = Sample(np.array(rows), np.array(is_a_slow), np.array(group))
    return Played(sample, n_right / (2 * n), n_alike)


def _are_alike(events: Sequence[Event]) -> bool:
    """Whether both sides had the same state in all events but the last, and both ended in that."""
    *before, last = events
    is_ended = all(state in ENDS for state in last.states)
    return is_ended and all(one.states[0] == one.states[1] and one.errors == (None, None) for one in before)


def measure(
    pace: str,
    way: str,
    n: int,
    *,
    seed: int = 0,
    speeds: Iterable[float] = SLOW_CHARS_PER_S,
    lines: Iterable[Line] = LINES,
) -> Result:
    pairs: list[Pair] = []
    samples: list[Sample] = []
    for slow in speeds:
        for line in lines:
            played = play(PACES[pace], WAYS[way], slow, line, n, seed)
            found = guess(played.sample)
            pairs.append(Pair(slow, line.name, found.regression, found.forest, played.rule, played.n_alike))
            samples.append(played.sample)
    pooled: Guess = guess(
        Sample(
            np.concatenate([one.features for one in samples]),
            np.concatenate([one.is_a_slow for one in samples]),
            np.concatenate([one.group + n * number for number, one in enumerate(samples)]),
        )
    )
    return Result(pace, way, n, pooled.regression, pooled.forest, tuple(pairs))


def costs() -> list[Cost]:
    """Even sides that begin after half a second, one of which writes 1,500 characters a second."""
    found = []
    for slow in (*SLOW_CHARS_PER_S, FAST_CHARS_PER_S):
        for lengths in ((1000, 1000), (300, 1000)):
            for pace, make_pace in PACES.items():
                sides = []
                for n_chars, chars_per_s in zip(lengths, (slow, FAST_CHARS_PER_S), strict=True):
                    times_s, written = evenly(n_chars, chars_per_s, np.random.default_rng(0))
                    sides.append(Side(times_s + 0.5, written, 0.5 + float(times_s[-1])))
                events = watch(make_pace, sides[0], sides[1])
                first_s = next(event.at_s for event in events if max(event.n_chars))
                found.append(Cost(pace, slow, lengths, round(first_s, 1), round(events[-1].at_s, 1)))
    return found


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.blind", description="Does timing name the slow side?")
    parser.add_argument(
        "--battles", type=int, default=N_BATTLES, metavar="N", help="of each pair (default %(default)s)"
    )
    parser.add_argument("--paces", type=some(*PACES), default=tuple(PACES), metavar="NAMES", help=", ".join(PACES))
    parser.add_argument("--ways", type=some(*WAYS), default=tuple(WAYS), metavar="NAMES", help=", ".join(WAYS))
    parser.add_argument("--output", type=Path, default=RESULTS / "blind.json", metavar="FILE", help="%(default)s")
    args = parser.parse_args(argv)
    found = []
    for pace in args.paces:
        for way in args.ways if pace == "equal" else [way for way in args.ways if way != "pauses"]:
            found.append(measure(pace, way, args.battles))
            print(tables(found[-1:], []).splitlines()[2], file=sys.stderr, flush=True)
    cost = costs()
    print(tables(found, cost))
    content: dict[str, Any] = {
        "command": f"python -m bench.blind --battles {args.battles}",
        "date": now(),
        "machine": asdict(this_machine(["numpy", "scikit-learn"])),
        "results": [asdict(one) for one in found],
        "costs": [asdict(one) for one in cost],
    }
    output: Path = args.output
    part = output.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(part, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
