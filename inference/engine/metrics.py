"""Counts and times of running models, as plain numbers. The text format is in `server.metrics`."""

import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from inference.model.native.library import Backend

TIMES_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class EngineStats:
    """The state of one engine, and its totals since the start. `prompt_tokens` include the `reused_tokens`, which were
    not computed again; `ended` counts requests by "stop", "length", "error" and "aborted".
    """

    n_running: int
    n_waiting: int
    n_slots: int
    n_free: int
    cache_bytes: int
    prompt_tokens: int
    reused_tokens: int
    output_tokens: int
    ended: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts[i]` values were at most `bounds[i]`; the last of `counts` counts all values. `total` is their sum."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True)
class ModelMetrics:
    """`n_refused` requests found the queue full. `backend` decodes the requests that begin now. The time to the first
    token starts with the request's arrival; the time per token is that between two tokens of one answer.
    """

    stats: EngineStats
    time_to_first_token_s: Histogram
    time_per_token_s: Histogram
    n_refused: int
    backend: Backend | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    models: Mapping[str, ModelMetrics]


class Recorder:
    """Counts values into a histogram. One thread calls `observe`; any thread may call `histogram`."""

    def __init__(self, bounds: Sequence[float] = TIMES_S) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._total = 0.0
        self._lock = threading.Lock()

    def observe(self, value: float) -> None:
        with self._lock:
            self._counts[bisect_left(self._bounds, value)] += 1
            self._total += value

    def histogram(self) -> Histogram:
        with self._lock:
            return Histogram(self._bounds, tuple(accumulate(self._counts)), self._total)
