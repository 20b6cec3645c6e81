"""The one thread that owns all engines, and asynchronous streams in front of it.

One thread, so that a single team of OpenMP threads runs and no model waits for another's lock. Each turn it steps,
among the engines with work, the one that has used least time: a large model beside a small one gets half of the time,
not nearly all of it. An engine that had nothing to do comes back level with the others; neither idle time nor debt is
saved up.

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
from dataclasses import dataclass
from typing import Literal

from inference.engine.engine import Engine
from inference.engine.loading import Loaded, LoadedModel
from inference.engine.request import Event, Request

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
    """One engine as the thread sees it. It is ahead of the clock by one step at most, so no engine waits long."""

    engine: Engine
    used_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Submit:
    model: str
    request: Request


@dataclass(frozen=True, slots=True)
class _Cancel:
    model: str
    request_id: str


@dataclass(frozen=True, slots=True)
class _Close:
    pass


def least_used(used_s: Mapping[str, float]) -> str:
    """Whose turn it is among the engines with work: the one that has used least time, then by name."""
    return min(used_s, key=lambda name: (used_s[name], name))


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
        self._is_settled = asyncio.Event()
        self._clock_s = 0.0  # the time used by the engine that stepped last, as of then; it never goes back

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
            raise QueueFullError(f"model {model} has {open_requests} requests running and waiting; try again later")
        stream = Stream()
        self._streams[request.request_id] = (model, stream)
        self._commands.put(_Submit(model, request))
        return stream

    def cancel(self, request_id: str) -> None:
        """Stop caring about a request; its slot is free before the next step. Nothing happens if it has ended."""
        entry = self._streams.pop(request_id, None)
        if entry is not None:
            self._commands.put(_Cancel(entry[0], request_id))

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

    def _settle(self, loaded: Loaded, failure: Exception | None) -> None:
        if self.state == "loading":
            self.state = "ready" if failure is None else "failed"
            self.models, self.failures, self.failure = loaded.models, loaded.failures, failure
        self._is_settled.set()

    # from here on: in the thread

    def _run(self) -> None:
        try:
            loaded = self._load()
        except Exception as error:
            self._post(self._settle, Loaded({}), error)
            return
        lanes = {name: _Lane(model.engine) for name, model in loaded.models.items()}
        self._post(self._settle, loaded, None)
        while self._obey(lanes):
            used_s = {name: lane.used_s for name, lane in lanes.items() if lane.engine.has_work}
            if used_s:
                self._step(lanes[least_used(used_s)])

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
            else:
                self._add(command.request, lane)

    def _add(self, request: Request, lane: _Lane) -> None:
        if not lane.engine.has_work:
            lane.used_s = max(lane.used_s, self._clock_s)
        try:
            lane.engine.add(request)
        except Exception as error:
            logger.exception("request %s was refused", request.request_id)
            self._post(self._deliver, [Event(request.request_id, "", 0, "error", str(error))])

    def _step(self, lane: _Lane) -> None:
        self._clock_s = lane.used_s
        start = time.perf_counter()
        try:
            events = lane.engine.step()
        except Exception:  # not of one request, which the engine would have ended: nothing of this batch can be trusted
            logger.exception("an engine failed; all its requests end")
            events = []
            for request_id in lane.engine.request_ids:
                lane.engine.abort(request_id)
                events.append(Event(request_id, "", 0, "error", "the engine failed"))
        lane.used_s += time.perf_counter() - start
        if events:
            self._post(self._deliver, events)

    def _post(self, function: Callable[..., None], *args: object) -> None:
        """Call a function on the event loop; after the loop has closed there is nobody to tell."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            logger.debug("the event loop has closed")
