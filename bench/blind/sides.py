"""Scripted models, and the pairs that are measured.

A pair has a slow speed against 1,500 characters per second, a way of writing, and `Delays`: which side is late with its
first text or its finish. All texts have one distribution of lengths. Each pair of lengths is played twice, and the slow
side writes the first length once and the second once, so only timing can distinguish the sides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FAST_CHARS_PER_S = 1500.0
SLOW_CHARS_PER_S = (20.0, 60.0, 150.0)
BURST_CHARS = 24
PAUSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Side:
    """`n_chars[i]` characters have arrived by `times_s[i]`; at `finish_s` the side finishes or breaks."""

    times_s: NDArray[np.floating]
    n_chars: NDArray[np.integer]
    finish_s: float
    is_broken: bool = False

    def at(self, now_s: NDArray[np.floating]) -> NDArray[np.integer]:
        """Return the number of characters at each of these times."""
        return np.concatenate(([0], self.n_chars))[np.searchsorted(self.times_s, now_s + 1e-9, side="right")]


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds to the first text and extra seconds to the finish, of the slow side and of the fast one. With `breaks`,
    one side of each battle, drawn at random, breaks half-way."""

    name: str  # part of the random seed: another name draws other battles
    slow_s: tuple[float, float] = (0.04, 0.0)
    fast_s: tuple[float, float] = (0.04, 0.0)
    breaks: bool = False


DELAYS = (
    Delays("both at once"),
    Delays("slow finishes 1.2 s late", slow_s=(0.04, 1.2)),
    Delays("fast finishes 1.2 s late", fast_s=(0.04, 1.2)),
    Delays("slow begins after 1.5 s", slow_s=(1.5, 0.0)),
    Delays("fast begins after 1.5 s", fast_s=(1.5, 0.0)),
    Delays("slow is silent for 30 s", slow_s=(30.0, 0.0)),
    Delays("fast is silent for 30 s", fast_s=(30.0, 0.0)),
    Delays("one of the two breaks off", breaks=True),
)

Written = tuple[NDArray[np.floating], NDArray[np.integer]]
Way = Callable[[int, float, np.random.Generator], Written]


def evenly(n_chars: int, chars_per_s: float, rng: np.random.Generator) -> Written:
    """Write one character after the other."""
    return np.arange(n_chars) / chars_per_s, np.arange(1, n_chars + 1)


def in_bursts(n_chars: int, chars_per_s: float, rng: np.random.Generator) -> Written:
    """Write bursts of 24 characters on average (geometric), with exponential gaps independent of the burst sizes."""
    sizes = rng.geometric(1 / BURST_CHARS, size=n_chars)
    n_bursts = int(np.searchsorted(np.cumsum(sizes), n_chars)) + 1
    gaps = rng.exponential(BURST_CHARS / chars_per_s, size=n_bursts - 1)
    return np.concatenate(([0.0], np.cumsum(gaps))), np.minimum(np.cumsum(sizes[:n_bursts]), n_chars)


def with_pauses(n_chars: int, chars_per_s: float, rng: np.random.Generator) -> Written:
    """Write evenly at twice the speed for 2 s on average, then pause for 2 s on average (both exponential)."""
    at_s, so_far = np.arange(n_chars) / (2 * chars_per_s), 0.0
    times_s = at_s.copy()
    while (so_far := so_far + rng.exponential(PAUSE_S)) < at_s[-1]:
        times_s[at_s > so_far] += rng.exponential(PAUSE_S)
    return times_s, np.arange(1, n_chars + 1)


WAYS: Mapping[str, Way] = {"even": evenly, "bursts": in_bursts, "pauses": with_pauses}


def length(rng: np.random.Generator) -> int:
    """Draw a log-normal text length: median 400 characters, 99th percentile about 2,000."""
    return int(np.clip(rng.lognormal(np.log(400), 0.7), 20, 2500))


def battle(
    way: Way, slow_chars_per_s: float, delays: Delays, lengths: tuple[int, int], rng: np.random.Generator
) -> tuple[Side, Side]:
    """Return the slow side and the fast one, with texts of these lengths."""
    broken = int(rng.integers(2)) if delays.breaks else None
    speeds, times = (slow_chars_per_s, FAST_CHARS_PER_S), (delays.slow_s, delays.fast_s)
    sides = []
    for number, (chars_per_s, (first_s, late_s)) in enumerate(zip(speeds, times, strict=True)):
        times_s, n_chars = way(lengths[number], chars_per_s, rng)
        if number == broken:
            times_s, n_chars = times_s[: len(times_s) // 2 + 1], n_chars[: len(times_s) // 2 + 1]
        finish_s = first_s + float(times_s[-1]) + late_s
        sides.append(Side(times_s + first_s, n_chars, finish_s, number == broken))
    return sides[0], sides[1]
