"""The worker with real engines, and with scripted ones for exact times and failures. Every wait has a limit."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from inference.engine import worker as worker_module
from inference.engine.engine import Engine
from inference.engine.loading import Loaded, LoadedModel, load_models
from inference.engine.metrics import EngineStats, Metrics
from inference.engine.request import Event, Request, SamplingParams
from inference.engine.sharing.slot_quotas import SlotUse
from inference.engine.stream import Stream
from inference.engine.worker import NotReadyError, QueueFullError, Worker
from inference.folder import ModelFolder, open_folder
from tests.fakes import write_model_folder

LIMIT_S = 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    path = tmp_path_factory.mktemp("model")
    write_model_folder(path)
    return open_folder(path)


def request(name: str, *, max_tokens: int = 20, prompt: tuple[int, ...] = (1, 50, 60)) -> Request:
    return Request(name, prompt, SamplingParams(max_tokens=max_tokens, seed=len(name)))


def with_worker(
    load: Callable[[], Loaded],
    scenario: Callable[[Worker], Awaitable[None]],
    *,
    max_waiting: int = 8,
) -> None:
    """Run a scenario on a started worker, and close it."""

    async def run() -> None:
        worker = Worker(load, max_waiting=max_waiting)
        async with asyncio.timeout(LIMIT_S):
            worker.start()
            try:
                await scenario(worker)
            finally:
                worker.close()
        assert worker.join(LIMIT_S)

    asyncio.run(run())


async def read(stream: Stream) -> Event:
    """Return the last event, with the text of all."""
    text = ""
    async for event in stream:
        text += event.text
    return Event(event.request_id, text, event.n_output, event.finish_reason, event.error)


def test_streams_give_the_events_of_the_engine(folder: ModelFolder) -> None:
    def load() -> Loaded:
        return load_models({"a": folder}, n_slots=2)

    engine, expected = load().models["a"].engine, {}
    for i in range(4):
        engine.add(request("r" * (i + 1)))
        text = ""
        while engine.has_work:
            for event in engine.step():
                text += event.text
        expected[event.request_id] = text

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        streams = [worker.submit("a", request("r" * (i + 1))) for i in range(4)]
        events = await asyncio.gather(*map(read, streams))
        assert {event.request_id: event.text for event in events} == expected

    with_worker(load, scenario)


def test_a_cancelled_request_frees_its_slot_for_the_next(folder: ModelFolder) -> None:
    async def scenario(worker: Worker) -> None:
        await worker.settled()
        first, second = worker.submit("a", request("first", max_tokens=1000)), worker.submit("a", request("second"))
        await anext(first)
        worker.cancel("first")
        worker.cancel("first")
        assert (await read(second)).finish_reason in ("stop", "length")
        worker.cancel("second")
        assert worker.models["a"].engine.stats.n_running == 0

    with_worker(lambda: load_models({"a": folder}, n_slots=1), scenario)


def test_a_model_borrows_slots_of_an_idle_one_and_gives_them_back(folder: ModelFolder) -> None:
    def load() -> Loaded:
        return load_models({"a": folder, "b": folder}, n_slots=4)

    async def alone(worker: Worker) -> None:
        await worker.settled()
        expected.update({name: (await read(worker.submit("a", request(name, max_tokens=600)))).text for name in names})

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        most, n_bytes = {"a": 0, "b": 0}, sum(one.stats.cache_bytes for one in worker.metrics().models.values())
        tasks = [asyncio.create_task(read(worker.submit("a", request(name, max_tokens=600)))) for name in names]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(0.002)
            stats = {name: one.stats for name, one in worker.metrics().models.items()}
            assert sum(one.cache_bytes for one in stats.values()) <= n_bytes
            most = {name: max(most[name], one.n_running) for name, one in stats.items()}
            if most["a"] == 6 and len(tasks) == len(names):
                tasks += [
                    asyncio.create_task(read(worker.submit("b", request(f"b{name}", max_tokens=600)))) for name in names
                ]
        assert most["a"] == 6, "half of b's share stayed"
        assert most["b"] >= 4, "and it got the rest back; perhaps a slot of a's, once that had nothing left to do"
        events = [task.result() for task in tasks]
        assert {event.request_id: event.text for event in events[: len(names)]} == expected

    names, expected = ["r" * i for i in range(1, 9)], dict[str, str]()
    with_worker(load, alone)
    with_worker(load, scenario)


def test_metrics_count_requests_tokens_and_times(folder: ModelFolder) -> None:
    async def scenario(worker: Worker) -> None:
        assert worker.metrics() == Metrics({})
        await worker.settled()
        last = [await read(worker.submit("a", request(f"r{i}", prompt=(1, 50 + i, 60)))) for i in range(3)]
        for i in range(9):
            worker.submit("a", request(f"q{i}", max_tokens=900))
        with pytest.raises(QueueFullError):
            worker.submit("a", request("late"))
        for i in range(9):
            worker.cancel(f"q{i}")
        last.append(await read(worker.submit("a", request("r3"))))  # whatever came before has been done by then
        found = worker.metrics().models
        assert (found["a"].n_refused, found["b"].n_refused) == (1, 0)
        assert found["b"].stats.output_tokens == 0
        stats, first, others = found["a"].stats, found["a"].time_to_first_token_s, found["a"].time_per_token_s
        assert stats.ended["length"] + stats.ended.get("stop", 0) == 4
        assert stats.ended["aborted"] == 9
        assert stats.prompt_tokens >= 12
        n_output = sum(event.n_output for event in last)
        assert stats.output_tokens == first.counts[-1] + others.counts[-1] >= n_output
        assert first.counts[-1] >= 4
        assert 0 < first.total < LIMIT_S

    with_worker(lambda: load_models({"a": folder, "b": folder}, n_slots=1), scenario)


def test_a_slow_reader_keeps_no_slot_and_gets_all_text_merged(folder: ModelFolder) -> None:
    async def scenario(worker: Worker) -> None:
        await worker.settled()
        slow, fast = worker.submit("a", request("slow")), worker.submit("a", request("fast"))
        await read(fast)  # with one slot it can only run once the slow one has ended
        events = [event async for event in slow]
        assert len(events) == 1
        assert events[0].finish_reason is not None
        assert events[0].text == (await read(worker.submit("a", request("slow")))).text

    with_worker(lambda: load_models({"a": folder}, n_slots=1), scenario)


def test_requests_beyond_the_queue_are_refused_until_one_ends(folder: ModelFolder) -> None:
    async def scenario(worker: Worker) -> None:
        await worker.settled()
        streams = [worker.submit("a", request(f"r{i}", max_tokens=900)) for i in range(3)]
        with pytest.raises(QueueFullError, match="model a has 3 requests running and waiting"):
            worker.submit("a", request("late"))
        worker.submit("b", request("other"))
        worker.cancel("r2")
        worker.submit("a", request("late"))
        del streams

    with_worker(lambda: load_models({"a": folder, "b": folder}, n_slots=1), scenario, max_waiting=2)


def test_requests_are_refused_before_the_models_are_loaded(folder: ModelFolder) -> None:
    gate = threading.Event()

    def load() -> Loaded:
        gate.wait(LIMIT_S)
        return load_models({"a": folder}, n_slots=1)

    async def scenario(worker: Worker) -> None:
        assert worker.state == "loading"
        with pytest.raises(NotReadyError, match="the server is loading"):
            worker.submit("a", request("early"))
        gate.set()
        await worker.settled()
        await read(worker.submit("a", request("now")))

    with_worker(load, scenario)


def test_models_that_cannot_be_loaded_are_reported() -> None:
    def load() -> Loaded:
        raise ValueError("weights.bin is truncated")

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        assert (worker.state, str(worker.failure)) == ("failed", "weights.bin is truncated")
        with pytest.raises(NotReadyError, match="the server has failed"):
            worker.submit("a", request("x"))

    with_worker(load, scenario)


def test_closing_while_loading_ends_without_a_model(folder: ModelFolder) -> None:
    gate = threading.Event()

    def load() -> Loaded:
        gate.wait(LIMIT_S)
        return load_models({"a": folder}, n_slots=1)

    async def scenario(worker: Worker) -> None:
        worker.close()
        gate.set()
        assert worker.state == "closed"

    with_worker(load, scenario)


class Scripted:
    """An engine whose steps take a given time on the test's clock, and may fail.

    While it has `pieces` of prompts to read, a step with one takes `piece_s` longer. `steps` has the starts and ends.
    """

    n_slots = 9

    def __init__(self, name: str, step_s: float, clock: list[float], log: list[str]) -> None:
        self.name, self.step_s, self.clock, self.log = name, step_s, clock, log
        self.left: dict[str, int] = {}
        self.fails = False
        self.pieces, self.piece_s = 0, 0.0
        self.to_prepare, self.is_prepared = 0, threading.Event()
        self.steps: list[tuple[float, float]] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def has_work(self) -> bool:
        return bool(self.left)

    @property
    def is_prefilling(self) -> bool:
        return self.pieces > 0

    is_streaming = has_work
    can_resize = True
    stats = EngineStats(0, 0, 9, 9, 0, 0, 0, 0, {})
    slot_use = SlotUse(1, 9, 9, 0, 0)

    @property
    def request_ids(self) -> list[str]:
        return list(self.left)

    def add(self, request: Request) -> None:
        if request.request_id == "refused":
            raise ValueError("no such token")
        self.left[request.request_id] = request.params.max_tokens

    def abort(self, request_id: str) -> None:
        self.left.pop(request_id, None)

    def use_quiet_moment(self) -> bool:
        assert not self.left
        self.to_prepare -= 1
        self.log.append("prepared")
        if self.to_prepare == 0:
            self.is_prepared.set()
        return self.to_prepare > 0

    def fail(self, error: str) -> list[Event]:
        failed, self.left = self.left, {}
        return [Event(request_id, "", 0, "error", error) for request_id in failed]

    def step(self, *, prefills: bool = True) -> list[Event]:
        self.gate.wait(LIMIT_S)
        start = self.clock[0]
        self.clock[0] += self.step_s
        if prefills and self.pieces:
            self.clock[0] += self.piece_s
            self.pieces -= 1
        self.steps.append((start, self.clock[0]))
        self.log.append(self.name)
        if self.fails:
            self.fails = False
            raise RuntimeError("broken")
        events = []
        for request_id in list(self.left):
            self.left[request_id] -= 1
            reason = "length" if self.left[request_id] == 0 else None
            events.append(Event(request_id, "x", 1, cast(Any, reason)))
            if reason:
                del self.left[request_id]
        return events


def scripted(engine: Scripted) -> LoadedModel:
    return LoadedModel(cast(ModelFolder, None), cast(Engine, engine), 0, "", "")


def test_closing_ends_open_streams_with_an_error() -> None:
    engine = Scripted("a", 1, [0.0], [])

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        streams = [worker.submit("a", request(f"r{i}", max_tokens=10**9)) for i in range(3)]
        await anext(streams[0])
        engine.gate.clear()
        worker.close()
        events = await asyncio.gather(*map(read, streams))
        engine.gate.set()
        assert {(event.finish_reason, event.error) for event in events} == {("error", "the server is shutting down")}
        with pytest.raises(NotReadyError, match="the server is closed"):
            worker.submit("a", request("late"))

    with_worker(lambda: Loaded({"a": scripted(engine)}), scenario)


def test_a_slow_engine_gets_half_of_the_time_and_no_credit_for_having_been_idle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, log = [0.0], list[str]()
    monkeypatch.setattr(worker_module, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    slow, fast = Scripted("slow", 8.0, clock, log), Scripted("fast", 1.0, clock, log)

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        await read(worker.submit("fast", request("warm", max_tokens=50)))
        log.clear()
        slow.gate.clear()  # both are there before the first step ends
        streams = [
            worker.submit("slow", request("s", max_tokens=9)),
            worker.submit("fast", request("f", max_tokens=72)),
        ]
        slow.gate.set()
        await asyncio.gather(*map(read, streams))

    with_worker(lambda: Loaded({"slow": scripted(slow), "fast": scripted(fast)}), scenario)
    assert log[0] == "slow", "it has used least, so it is not kept waiting"
    steps = "".join(name[0] for name in log)
    assert steps[: 9 * 8].count("s") == 8, "8 s of slow for every 8 steps of fast, from the start"
    assert "f" * 10 not in steps[: steps.rindex("s")], "fast does not wait for slow to make up the time before"


def test_long_prompts_in_several_models_delay_no_answer_by_more_than_one_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two models read prompts of 16 chunks, 1 s each, and answer at the same time; a third one answers. A step without
    a chunk takes 10 ms.
    """
    clock = [0.0]
    monkeypatch.setattr(worker_module, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    engines = {name: Scripted(name, 0.01, clock, []) for name in "abc"}
    engines["a"].gate.clear()

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        streams = [worker.submit(name, request(name, max_tokens=120)) for name in "abc"]
        for name in "bc":
            engines[name].pieces, engines[name].piece_s = 16, 1.0
        engines["a"].gate.set()
        await asyncio.gather(*map(read, streams))

    with_worker(lambda: Loaded({name: scripted(engine) for name, engine in engines.items()}), scenario)
    for name, engine in engines.items():
        assert engine.pieces == 0
        waited = [start - end for (_, end), (start, _) in pairwise(engine.steps)]
        assert 0.5 < max(waited) <= 1.0 + 6 * 0.01 + 1e-9, f"{name} waited for others"


def test_an_engine_that_fails_ends_its_requests_and_continues(caplog: pytest.LogCaptureFixture) -> None:
    clock, log = [0.0], list[str]()
    bad, good = Scripted("bad", 1, clock, log), Scripted("good", 1, clock, log)
    bad.fails = True
    bad.gate.clear()

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        broken = [worker.submit("bad", request(f"b{i}")) for i in range(2)]
        fine = worker.submit("good", request("g"))
        bad.gate.set()
        events = await asyncio.gather(*map(read, broken))
        assert ("error", "the engine failed") in {(event.finish_reason, event.error) for event in events}
        assert (await read(fine)).text == "x" * 20
        assert (await read(worker.submit("bad", request("again")))).text == "x" * 20

    with_worker(lambda: Loaded({"bad": scripted(bad), "good": scripted(good)}), scenario)
    assert "an engine failed; all its requests end" in caplog.text


def test_engines_prepare_later_steps_only_while_no_request_runs() -> None:
    log = list[str]()
    first, second = (Scripted(name, 1, [0.0], log) for name in ("a", "b"))
    first.to_prepare = second.to_prepare = 3

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        assert (await read(worker.submit("a", request("x")))).text == "x" * 20
        assert await asyncio.to_thread(second.is_prepared.wait, LIMIT_S)

    with_worker(lambda: Loaded({"a": scripted(first), "b": scripted(second)}), scenario)
    first_step, last_step = log.index("a"), len(log) - log[::-1].index("a")
    assert "prepared" not in log[first_step:last_step]


def test_a_thread_that_stops_ends_all_streams_with_an_error(caplog: pytest.LogCaptureFixture) -> None:
    class Hopeless(Scripted):
        def fail(self, error: str) -> list[Event]:
            raise RuntimeError("not even that")

    engine = Hopeless("bad", 1, [0.0], [])
    engine.fails = True
    engine.gate.clear()

    async def scenario(worker: Worker) -> None:
        await worker.settled()
        streams = [worker.submit("bad", request("a")), worker.submit("good", request("b"))]
        engine.gate.set()
        events = await asyncio.gather(*map(read, streams))
        assert {(event.finish_reason, event.error) for event in events} == {("error", "the engines' thread stopped")}
        assert (worker.state, str(worker.failure)) == ("failed", "not even that")
        with pytest.raises(NotReadyError, match="the server has failed"):
            worker.submit("good", request("late"))

    good = Scripted("good", 1, [0.0], [])
    with_worker(lambda: Loaded({"bad": scripted(engine), "good": scripted(good)}), scenario)
    assert "the engines' thread stopped" in caplog.text


def test_a_request_that_an_engine_refuses_ends_with_its_reason() -> None:
    async def scenario(worker: Worker) -> None:
        await worker.settled()
        event = await read(worker.submit("a", request("refused")))
        assert (event.finish_reason, event.error) == ("error", "no such token")

    with_worker(lambda: Loaded({"a": scripted(Scripted("a", 1, [0.0], []))}), scenario)
