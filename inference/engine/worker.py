"""The one thread that owns all engines, and asynchronous streams in front of it.

One thread, so that a single team of OpenMP threads runs and no model waits for another's lock. Between two steps it
settles who has how many slots (`lending`) and who goes next (`turns`). An engine that had nothing to do comes back
level with the others; neither idle time nor debt is saved up.

The event loop only ever posts commands (submit, cancel) and receives events. A stream whose reader is slow keeps its
unread events and hands them over merged: it holds no slot longer, and no more than one answer of text. Requests beyond
`n_slots + max_waiting` of a model are refused, not queued without end.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from inference.engine.engine import Engine
from inference.engine.loading import Loaded, LoadedModel
from inference.engine.metrics import EngineStats, Metrics, ModelMetrics, Recorder
from inference.engine.request import Event, Request
from inference.engine.sharing.memory import MAX_SLOTS
from inference.engine.sharing.slot_quotas import divide
from inference.engine.sharing.turns import Candidate, Standing, next_turn

logger = logging.getLogger(__name__)

MAX_WAITING = 128  # requests of one model that may wait for a slot

State = Literal["loading", "ready", "failed", "closed"]


class QueueFullError(RuntimeError):
    """A model has as many requests as it takes; the message has the number."""


class NotReadyError(RuntimeError):
    """The models are still being loaded, or the worker has closed."""


class Stream:
    """The events of one request, as an asynchronous iterator that ends after the one with a finish reason."""

    def __init__(self) -> None:
        self._unread: Event | None = None
        self._news = asyncio.Event()
        self._is_over = False

    def deliver(self, event: Event) -> None:
        """Called on the event loop: keep an event, merged with those that nobody has read yet."""
        self._unread = event.after(self._unread)
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        if self._is_over:
            raise StopAsyncIteration
        await self._news.wait()
        event, self._unread = self._unread, None
        self._news.clear()
        assert event is not None
        self._is_over = event.finish_reason is not None
        return event


@dataclass(slots=True)
class _Lane:
    """One engine as the thread sees it, and when its open requests came or last got a token."""

    engine: Engine
    meter: "_Meter"
    standing: Standing = field(default_factory=Standing)
    waiting_since: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Meter:
    """What is told of one engine. The thread writes, the event loop reads; `n_refused` is the loop's own."""

    stats: EngineStats
    first_token_s: Recorder = field(default_factory=Recorder)
    token_s: Recorder = field(default_factory=Recorder)
    n_refused: int = 0


@dataclass(frozen=True, slots=True)
class _Submit:
    model: str
    request: Request
    came_s: float


@dataclass(frozen=True, slots=True)
class _Cancel:
    model: str
    request_id: str


@dataclass(frozen=True, slots=True)
class _Close:
    pass


class Worker:
    """Runs engines in a thread of its own. All methods but the thread's are called on one event loop."""

    def __init__(self, load: Callable[[], Loaded], *, max_waiting: int = MAX_WAITING) -> None:
        """`load` is called in the thread, since it may take minutes; its engines then belong to the thread."""
        self.state: State = "loading"
        self.failure: Exception | None = None  # what `load` raised
        self.models: Mapping[str, LoadedModel] = {}  # once ready; of their engines only the constants are for others
        self.failures: Mapping[str, str] = {}  # models that were left out, and why
        self._load = load
        self._max_waiting = max_waiting
        self._commands: queue.SimpleQueue[_Submit | _Cancel | _Close] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="engines", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: dict[str, tuple[str, Stream]] = {}  # request id -> model, stream; touched on the loop only
        self._meters: Mapping[str, _Meter] = {}
        self._is_settled = asyncio.Event()
        self._clock_s = 0.0  # the least time that an engine with work has used; it never goes back

    def start(self) -> None:
        """Begin to load; returns at once."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def settled(self) -> None:
        """Wait until the models are ready, or `failure` tells why they are not."""
        await self._is_settled.wait()

    def submit(self, model: str, request: Request) -> Stream:
        """Queue a request of a loaded model. Raises NotReadyError, or QueueFullError when the model has too many
        requests.
        """
        if self.state != "ready":
            raise NotReadyError(f"the server is {self.state}")
        open_requests = sum(name == model for name, _ in self._streams.values())
        if open_requests >= self.models[model].engine.n_slots + self._max_waiting:
            self._meters[model].n_refused += 1
            raise QueueFullError(f"model {model} has {open_requests} requests running and waiting; try again later")
        stream = Stream()
        self._streams[request.request_id] = (model, stream)
        self._commands.put(_Submit(model, request, time.perf_counter()))
        return stream

    def cancel(self, request_id: str) -> None:
        """Stop caring about a request; its slot is free before the next step. Nothing happens if it has ended."""
        entry = self._streams.pop(request_id, None)
        if entry is not None:
            self._commands.put(_Cancel(entry[0], request_id))

    def metrics(self) -> Metrics:
        """Counts and times of all models, as of their last steps; none before they are ready."""
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

    def close(self) -> None:
        """End every stream with an error and let the thread finish its step; `join` waits for it."""
        if self.state != "closed":
            self.state = "closed"
            self._commands.put(_Close())
            for request_id in list(self._streams):
                self._deliver([Event(request_id, "", 0, "error", "the server is shutting down")])

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; False if it is still in a step, or still loading, after `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _deliver(self, events: list[Event]) -> None:
        """On the event loop: hand events to their streams; those of cancelled requests fall away."""
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
            self._meters = meters
        self._is_settled.set()

    def _break_down(self, failure: Exception) -> None:
        """Nothing steps any more: end every stream, and take no further request."""
        if self.state == "ready":
            self.state, self.failure = "failed", failure
        for request_id in list(self._streams):
            self._deliver([Event(request_id, "", 0, "error", "the engines broke down")])

    # from here on: in the thread

    def _run(self) -> None:
        try:
            loaded = self._load()
        except Exception as error:
            self._post(self._settle, Loaded({}), {}, error)
            return
        lanes = {name: _Lane(model.engine, _Meter(model.engine.stats)) for name, model in loaded.models.items()}
        self._post(self._settle, loaded, {name: lane.meter for name, lane in lanes.items()}, None)
        try:
            self._work(lanes)
        except Exception as error:
            logger.exception("the thread of the engines broke down")
            self._post(self._break_down, error)

    def _work(self, lanes: dict[str, _Lane]) -> None:
        """Step until told to close."""
        can_lend = len(lanes) > 1 and all(lane.engine.can_resize for lane in lanes.values())
        pool_bytes = sum(lane.engine.stats.cache_bytes for lane in lanes.values())
        while self._obey(lanes):
            if can_lend:
                self._lend(lanes, pool_bytes)
            working = {
                name: Candidate(lane.standing, lane.engine.is_reading, lane.engine.is_streaming)
                for name, lane in lanes.items()
                if lane.engine.has_work
            }
            if working:
                self._clock_s = min(candidate.standing.used_s for candidate in working.values())
                turn = next_turn(working)
                took_s = self._step(lanes[turn.name], reads=turn.reads)
                for name in working.keys() - {turn.name}:
                    lanes[name].standing.waited_s += took_s

    def _obey(self, lanes: dict[str, _Lane]) -> bool:
        """Carry out all commands, waiting for one if no engine has work; False at the end."""
        is_idle = not any(lane.engine.has_work for lane in lanes.values())
        while True:
            try:
                command = self._commands.get(block=is_idle)
            except queue.Empty:
                return True
            is_idle = False
            if isinstance(command, _Close):
                return False
            lane = lanes[command.model]
            if isinstance(command, _Cancel):
                lane.engine.abort(command.request_id)
                lane.waiting_since.pop(command.request_id, None)
            else:
                self._add(command, lane)
            lane.meter.stats = lane.engine.stats

    def _add(self, command: _Submit, lane: _Lane) -> None:
        request = command.request
        if not lane.engine.has_work:
            lane.standing.used_s = max(lane.standing.used_s, self._clock_s)
            lane.standing.waited_s = 0.0
        try:
            lane.engine.add(request)
        except Exception as error:
            logger.exception("request %s was refused", request.request_id)
            self._post(self._deliver, [Event(request.request_id, "", 0, "error", str(error))])
        else:
            lane.waiting_since[request.request_id] = command.came_s

    def _lend(self, lanes: dict[str, _Lane], pool_bytes: int) -> None:
        """Move slots to a model that is short of them."""
        holdings = {name: lane.engine.holding for name, lane in lanes.items()}
        if not any(holding.is_short for holding in holdings.values()):
            return
        for name, n_slots in divide(holdings, pool_bytes=pool_bytes, max_slots=MAX_SLOTS).items():
            logger.info("%s: %d slots instead of %d", name, n_slots, holdings[name].n_slots)
            lanes[name].engine.resize(n_slots)
            lanes[name].meter.stats = lanes[name].engine.stats

    def _step(self, lane: _Lane, *, reads: bool) -> float:
        """One step, on the clock; how long it took."""
        standing, is_reading = lane.standing, reads and lane.engine.is_reading
        start = time.perf_counter()
        try:
            events = lane.engine.step(reads=reads)
        except Exception:  # not of one request, which the engine would have ended: nothing of this batch can be trusted
            logger.exception("an engine failed; all its requests end")
            events = lane.engine.fail("the engine failed")
        end = time.perf_counter()
        standing.used_s += end - start
        standing.waited_s = 0.0
        if is_reading:
            standing.reading_s = end - start
        else:
            standing.decoding_s = end - start
        lane.meter.stats = lane.engine.stats
        if events:
            self._time(lane, events, end)
            self._post(self._deliver, events)
        return end - start

    @staticmethod
    def _time(lane: _Lane, events: list[Event], now_s: float) -> None:
        """Note how long requests have waited for their tokens."""
        for event in events:
            since_s = lane.waiting_since.pop(event.request_id, now_s)
            if event.token_ids:
                (lane.meter.first_token_s if event.n_output == 1 else lane.meter.token_s).observe(now_s - since_s)
            if event.finish_reason is None:
                lane.waiting_since[event.request_id] = now_s

    def _post(self, function: Callable[..., None], *args: object) -> None:
        """Call a function on the event loop; after the loop has closed there is nobody to tell."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            logger.debug("the event loop has closed")
