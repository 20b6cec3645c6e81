"""The one thread that owns all engines.

One thread, so that a single team of OpenMP threads runs and no model waits for another's lock. Between two steps it
divides the slots (`sharing.slot_quotas`) and chooses the next engine (`sharing.turns`). An engine that was idle starts
with the least used time of the busy ones, so idling earns no extra turns.

The event loop only posts commands (submit, cancel) and receives events. A stream with a slow reader merges its unread
events, so it does not keep its slot longer, and at most one answer's text is kept in memory. A model refuses
requests beyond `n_slots + max_waiting`. Models with one engine (`names`) count as one model here, by its first name.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from inference.engine.engine import Engine
from inference.engine.loading import Loaded, LoadedModel
from inference.engine.metrics import EngineStats, Metrics, ModelMetrics, Recorder
from inference.engine.names import first_names
from inference.engine.request import Event, Request
from inference.engine.sharing.memory import MAX_CPU_SLOTS
from inference.engine.sharing.slot_quotas import divide
from inference.engine.sharing.turns import Candidate, EngineClock, next_turn
from inference.engine.stream import Stream

logger = logging.getLogger(__name__)

MAX_WAITING = 128  # requests of one model that may wait for a slot

State = Literal["loading", "ready", "failed", "closed"]


class QueueFullError(RuntimeError):
    """A model's queue is full. The message has the number of its requests."""


class NotReadyError(RuntimeError):
    """The models are still loading, or the worker has closed."""


@dataclass(slots=True)
class _Served:
    """One engine in the thread. `waiting_since`: when each open request arrived or last got a token."""

    engine: Engine
    meter: "_Meter"
    clock: EngineClock = field(default_factory=EngineClock)
    waiting_since: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Meter:
    """The metrics of one engine. The thread writes them and the event loop reads; only the loop uses `n_refused`."""

    stats: EngineStats
    first_token_s: Recorder = field(default_factory=Recorder)
    token_s: Recorder = field(default_factory=Recorder)
    n_refused: int = 0


@dataclass(frozen=True, slots=True)
class _Submit:
    model: str
    request: Request
    arrived_s: float


@dataclass(frozen=True, slots=True)
class _Cancel:
    model: str
    request_id: str


@dataclass(frozen=True, slots=True)
class _Close:
    pass


class Worker:
    """Runs all engines in one thread. Every public method is called on the same event loop."""

    def __init__(self, load: Callable[[], Loaded], *, max_waiting: int = MAX_WAITING) -> None:
        """`load` runs in the thread, since it may take minutes. Its engines then belong to the thread."""
        self.state: State = "loading"
        self.failure: Exception | None = None  # what `load` raised
        self.models: Mapping[str, LoadedModel] = {}  # once ready; outside the thread, read only engines' constants
        self.failures: Mapping[str, str] = {}  # models left out, and why
        self._first: Mapping[str, str] = {}  # by name, the first one of the same engine
        self._load = load
        self._max_waiting = max_waiting
        self._commands: queue.SimpleQueue[_Submit | _Cancel | _Close] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="engines", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: dict[str, tuple[str, Stream]] = {}  # request id -> model, stream; used on the loop only
        self._meters: Mapping[str, _Meter] = {}
        self._is_settled = asyncio.Event()
        self._clock_s = 0.0  # the least time used by an engine with work

    def start(self) -> None:
        """Start loading, and return at once."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def check_ready(self) -> None:
        """Raise NotReadyError unless requests can be submitted."""
        if self.state != "ready":
            raise NotReadyError(f"the server {'has' if self.state == 'failed' else 'is'} {self.state}")

    async def settled(self) -> None:
        """Wait until the models are ready, or `failure` is set."""
        await self._is_settled.wait()

    def submit(self, model: str, request: Request) -> Stream:
        """Queue a request of a loaded model. Raises NotReadyError or QueueFullError."""
        self.check_ready()
        engine = self._first[model]
        open_requests = sum(name == engine for name, _ in self._streams.values())
        if open_requests >= self.models[model].engine.n_slots + self._max_waiting:
            self._meters[engine].n_refused += 1
            raise QueueFullError(f"model {model} has {open_requests} requests running and waiting; try again later")
        stream = Stream()
        self._streams[request.request_id] = (engine, stream)
        self._commands.put(_Submit(engine, request, time.perf_counter()))
        return stream

    def cancel(self, request_id: str) -> None:
        """End a request without further events; its slot is free before the next step. Does nothing if it has ended."""
        entry = self._streams.pop(request_id, None)
        if entry is not None:
            self._commands.put(_Cancel(entry[0], request_id))

    def place(self, request_id: str) -> int:
        """Return how many requests must get a slot until this one has its own, itself included; 0 if it waits for none.

        Slots are given in order of arrival, so those that wait are the model's latest. As of the last step.
        """
        model, stream = self._streams.get(request_id, ("", None))
        if stream is None or stream.has_begun:
            return 0
        arrived = [one for one, (name, _) in self._streams.items() if name == model]
        n_later = len(arrived) - 1 - arrived.index(request_id)
        return max(0, self._meters[model].stats.n_waiting - n_later)

    def metrics(self) -> Metrics:
        """Return counts and times of all engines as of their last steps, by the first names of their models; none
        before they are ready."""
        return Metrics(
            {
                name: ModelMetrics(
                    meter.stats,
                    meter.first_token_s.histogram(),
                    meter.token_s.histogram(),
                    meter.n_refused,
                    self.models[name].engine.backend,
                )
                for name, meter in self._meters.items()
            }
        )

    def first_name(self, model: str) -> str:
        """Return the name under which the metrics of a loaded model are."""
        return self._first[model]

    def close(self) -> None:
        """End every stream with an error, and stop the thread after its step. `join` waits for that."""
        if self.state != "closed":
            self.state = "closed"
            self._commands.put(_Close())
            for request_id in list(self._streams):
                self._deliver([Event(request_id, "", 0, "error", "the server is shutting down")])

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread. Return False if it is still in a step, or loading, after `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _deliver(self, events: list[Event]) -> None:
        """Deliver events to their streams, and drop those of cancelled requests."""
        for event in events:
            entry = self._streams.get(event.request_id)
            if entry is None:
                continue
            entry[1].deliver(event)
            if event.finish_reason is not None:
                del self._streams[event.request_id]

    def _settle(self, loaded: Loaded, meters: Mapping[str, _Meter], failure: Exception | None) -> None:
        if self.state == "loading":
            self.state = "ready" if failure is None else "failed"
            self.models, self.failures, self.failure = loaded.models, loaded.failures, failure
            self._first = first_names(loaded.models)
            self._meters = meters
        self._is_settled.set()

    def _break_down(self, failure: Exception) -> None:
        """End every stream and refuse further requests, because the thread has stopped."""
        if self.state == "ready":
            self.state, self.failure = "failed", failure
        for request_id in list(self._streams):
            self._deliver([Event(request_id, "", 0, "error", "the engines' thread stopped")])

    # The methods below run in the thread.

    def _run(self) -> None:
        try:
            loaded = self._load()
        except Exception as error:
            self._post(self._settle, Loaded({}), {}, error)
            return
        engines = {name: loaded.models[name].engine for name in first_names(loaded.models).values()}
        served = {name: _Served(engine, _Meter(engine.stats)) for name, engine in engines.items()}
        self._post(self._settle, loaded, {name: one.meter for name, one in served.items()}, None)
        try:
            self._work(served)
        except Exception as error:
            logger.exception("the engines' thread stopped")
            self._post(self._break_down, error)

    def _work(self, served: dict[str, _Served]) -> None:
        """Step until the worker closes."""
        can_resize = len(served) > 1 and all(one.engine.can_resize for one in served.values())
        pool_bytes = sum(one.engine.stats.cache_bytes for one in served.values())
        while self._run_commands(served):
            if can_resize:
                self._divide_slots(served, pool_bytes)
            working = {
                name: Candidate(one.clock, one.engine.is_prefilling, one.engine.is_streaming)
                for name, one in served.items()
                if one.engine.has_work
            }
            if working:
                self._clock_s = min(candidate.clock.used_s for candidate in working.values())
                turn = next_turn(working)
                took_s = self._step(served[turn.name], prefills=turn.prefills)
                for name in working.keys() - {turn.name}:
                    served[name].clock.waited_s += took_s

    def _run_commands(self, served: dict[str, _Served]) -> bool:
        """Run all commands, and wait for one if no engine has work. Return False for the command to close."""
        is_idle = not any(one.engine.has_work for one in served.values())
        while is_idle and self._commands.empty() and any(one.engine.use_quiet_moment() for one in served.values()):
            pass
        while True:
            try:
                command = self._commands.get(block=is_idle)
            except queue.Empty:
                return True
            is_idle = False
            if isinstance(command, _Close):
                return False
            one = served[command.model]
            if isinstance(command, _Cancel):
                one.engine.abort(command.request_id)
                one.waiting_since.pop(command.request_id, None)
            else:
                self._add(command, one)
            one.meter.stats = one.engine.stats

    def _add(self, command: _Submit, one: _Served) -> None:
        request = command.request
        if not one.engine.has_work:
            one.clock.used_s = max(one.clock.used_s, self._clock_s)
            one.clock.waited_s = 0.0
        try:
            one.engine.add(request)
        except Exception as error:
            logger.exception("request %s was refused", request.request_id)
            self._post(self._deliver, [Event(request.request_id, "", 0, "error", str(error))])
        else:
            one.waiting_since[request.request_id] = command.arrived_s

    def _divide_slots(self, served: dict[str, _Served], pool_bytes: int) -> None:
        """Move slots to models that are short of them."""
        uses = {name: one.engine.slot_use for name, one in served.items()}
        if not any(use.is_short for use in uses.values()):
            return
        for name, n_slots in divide(uses, pool_bytes=pool_bytes, max_slots=MAX_CPU_SLOTS).items():
            logger.info("%s: %d slots (was %d)", name, n_slots, uses[name].n_slots)
            served[name].engine.resize(n_slots)
            served[name].meter.stats = served[name].engine.stats

    def _step(self, one: _Served, *, prefills: bool) -> float:
        """Run one step, and return its time."""
        clock, is_prefilling = one.clock, prefills and one.engine.is_prefilling
        start = time.perf_counter()
        try:
            events = one.engine.step(prefills=prefills)
        except Exception:  # the engine ends single requests itself, so this concerns the whole batch
            logger.exception("an engine failed; all its requests end")
            events = one.engine.fail("the engine failed")
        end = time.perf_counter()
        clock.used_s += end - start
        clock.waited_s = 0.0
        if is_prefilling:
            clock.prefill_s = end - start
        else:
            clock.decode_s = end - start
        one.meter.stats = one.engine.stats
        if events:
            self._observe(one, events, end)
            self._post(self._deliver, events)
        return end - start

    @staticmethod
    def _observe(one: _Served, events: list[Event], now_s: float) -> None:
        """Record how long requests waited for their tokens."""
        for event in events:
            since_s = one.waiting_since.pop(event.request_id, now_s)
            if event.token_ids:
                (one.meter.first_token_s if event.n_output == 1 else one.meter.token_s).observe(now_s - since_s)
            if event.finish_reason is None:
                one.waiting_since[event.request_id] = now_s

    def _post(self, function: Callable[..., None], *args: object) -> None:
        """Call a function on the event loop, if it has not closed."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            logger.debug("the event loop has closed")
