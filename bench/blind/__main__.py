"""Measure whether timing reveals the slower model, and how long each pace makes a reader wait.

    python -m bench.blind                  writes bench/results/blind.json; 15 minutes of one core
    python -m bench.blind --battles 20     a quick first result

The slow model of a pair writes 20, 60 or 150 characters per second and the fast one 1,500, with each of `DELAYS`:
evenly, in bursts or with pauses. Each pair plays 200 battles, two for each pair of text lengths. Every battle counts
again with its sides swapped (a test shows that swapped sides give the mirror image). A logistic regression and a random
forest learn from everything that a page receives, and guess the slower side of battles that they have not seen. Chance
is 50 %, with a standard deviation of 3.5 % for 200 battles. "Pooled" is one classifier for all pairs of a way of
writing. Pauses are tried under `equal` only.

`free` is a control: it shows that the classifiers find the slower side when a pace does not hide it.
"""

import argparse
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
    DELAYS,
    FAST_CHARS_PER_S,
    SLOW_CHARS_PER_S,
    WAYS,
    Delays,
    Side,
    Way,
    battle,
    evenly,
    length,
)
from bench.machine import now, this_machine
from bench.result_files import RESULTS, write

PACES: Mapping[str, Callable[[], Pace]] = {"equal": EqualPace, "together": TogetherPace, "free": FreePace}
N_BATTLES = 200
ENDS: tuple[SideState, ...] = ("done", "stopped", "failed")


@dataclass(frozen=True, slots=True)
class Played:
    sample: Sample
    rule: float
    n_alike: int


def play(make_pace: Callable[[], Pace], way: Way, slow_chars_per_s: float, delays: Delays, n: int, seed: int) -> Played:
    """Play `n` battles of one pair, each with the slow side as A and as B. Two battles with the same two lengths and
    their swapped copies form one group, which stays in one fold."""
    rng = np.random.default_rng([seed, *delays.name.encode(), int(slow_chars_per_s)])
    rows, is_a_slow, group, n_right, n_alike = [], [], [], 0.0, 0
    lengths = (0, 0)
    for number in range(n):
        lengths = lengths[::-1] if number % 2 else (length(rng), length(rng))
        seen = watch(make_pace, *battle(way, slow_chars_per_s, delays, lengths, rng))
        for is_slow, events in ((True, seen), (False, [event.swapped for event in seen])):
            rows.append(features(events))
            is_a_slow.append(is_slow)
            group.append(number // 2)
            n_right += (1 + np.sign(later_end(events)) * (1 if is_slow else -1)) / 2
            n_alike += _are_alike(events)
    sample = Sample(np.array(rows), np.array(is_a_slow), np.array(group))
    return Played(sample, n_right / (2 * n), n_alike)


def _are_alike(events: Sequence[Event]) -> bool:
    """Whether both sides had the same state in all events before the last, and both ended in the last."""
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
    delays: Iterable[Delays] = DELAYS,
) -> Result:
    pairs: list[Pair] = []
    samples: list[Sample] = []
    for slow in speeds:
        for delay in delays:
            played = play(PACES[pace], WAYS[way], slow, delay, n, seed)
            found = guess(played.sample)
            pairs.append(Pair(slow, delay.name, found.regression, found.forest, played.rule, played.n_alike))
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
    """Time two answers that start after 0.5 s and come evenly, the fast one at 1,500 characters per second."""
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
    parser = argparse.ArgumentParser(
        prog="python -m bench.blind", description="Measure whether timing reveals the slower model."
    )
    parser.add_argument(
        "--battles", type=int, default=N_BATTLES, metavar="N", help="battles of each pair (default %(default)s)"
    )
    parser.add_argument(
        "--paces", type=some(*PACES), default=tuple(PACES), metavar="NAMES", help=f"default {','.join(PACES)}"
    )
    parser.add_argument(
        "--ways",
        type=some(*WAYS),
        default=tuple(WAYS),
        metavar="NAMES",
        help=f"ways of writing (default {','.join(WAYS)})",
    )
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "blind.json", metavar="FILE", help="default: bench/results/blind.json"
    )
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
    write(args.output, content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
