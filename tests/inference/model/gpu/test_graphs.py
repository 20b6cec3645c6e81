"""The ladders, the buffers, and when a graph is recorded again, with a recorder that runs on the CPU."""

import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import cast

import pytest
import torch
from torch import Tensor

from inference.model import serving
from inference.model.cache import Chunk, RingCache
from inference.model.gpu.graphs import (
    MOST_ROWS,
    CudaRecorder,
    GraphDecoder,
    Prepared,
    Recording,
    batch_rungs,
    key_rungs,
    keys_rung,
)
from inference.model.operators.linear import Product
from inference.model.packed import PackedWeights
from inference.model.serving import ServedModel
from tests.inference.model.builders import packed_weights, random_ids, served_model, tiny_config


class Recorder:
    """Like a CUDA graph: a replay reads the same buffers and writes its result into the same memory. The first run is a
    warm-up with the current content of the buffers."""

    def __init__(self, failing: frozenset[int] = frozenset()) -> None:
        self.n_replayed: list[int] = []
        self._failing = failing

    def __call__(self, run: Callable[[], Tensor]) -> Recording:
        logits = run()
        number = len(self.n_replayed)
        if number in self._failing:
            raise RuntimeError("CUDA out of memory")
        self.n_replayed.append(0)

        def replay() -> None:
            self.n_replayed[number] += 1
            logits.copy_(run())

        return Recording(replay, logits)


class Recorders:
    """One recorder for each cache, and another after each failure, in order."""

    def __init__(self, failing: frozenset[int] = frozenset()) -> None:
        self.made: list[Recorder] = []
        self._failing = failing

    def __call__(self) -> Recorder:
        self.made.append(Recorder(self._failing))
        return self.made[-1]


@pytest.fixture(autouse=True)
def on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a model with graphs take itself to be on a GPU. Its tensors remain on the CPU."""

    def device(model: ServedModel) -> torch.device:
        return torch.device("cuda" if isinstance(model._decoder, GraphDecoder) else "cpu")

    monkeypatch.setattr(ServedModel, "device", property(device))


def with_graphs(model: ServedModel, recorders: Recorders) -> ServedModel:
    model._decoder = GraphDecoder(packed_weights(model), recorders)
    return model


def pair(recorders: Recorders, window: int | None = 7) -> tuple[ServedModel, ServedModel]:
    """Return the same model with graphs, and without."""
    config = tiny_config(sliding_window=window, max_seq_len=2048)
    return with_graphs(served_model(config), recorders), served_model(config)


def cache_of(model: ServedModel, n_slots: int, max_len: int = 64) -> RingCache:
    return RingCache(model.config, n_slots=n_slots, max_len=max_len, dtype=torch.float32)


@pytest.mark.parametrize("window", [None, 7])
def test_a_model_with_graphs_computes_the_same(window: int | None) -> None:
    """Prompts and single tokens together, slots in any order, more of them from step to step."""
    recorders = Recorders()
    model, other = pair(recorders, window)
    ours, theirs = cache_of(model, 6), cache_of(other, 6)
    model.prepare(ours)
    rng = Random(0)
    for step in range(28):
        slots = rng.sample(range(6), rng.randint(1, 6))
        sizes = [1 if ours.lengths[slot] and rng.random() < 0.9 else 4 for slot in slots]
        chunks = [
            Chunk(slot, ours.lengths[slot], random_ids(n, seed=step)) for slot, n in zip(slots, sizes, strict=True)
        ]
        torch.testing.assert_close(model.step(chunks, ours), other.step(chunks, theirs), atol=1e-5, rtol=1e-5)
        assert ours.lengths == theirs.lengths
    assert sum(recorders.made[0].n_replayed) > 3


def test_a_step_with_prompts_and_single_tokens_is_one_pass_over_the_weights() -> None:
    recorders = Recorders()
    model, _ = pair(recorders)
    cache = cache_of(model, 3)
    model.prepare(cache)
    model.step([Chunk(0, 0, [1]), Chunk(1, 0, [2])], cache)
    products = list[int]()
    head = packed_weights(model).head

    def counted(x: Tensor, **options: bool) -> Tensor:
        products.append(len(x))
        return head(x, **options)

    model._weights = replace(packed_weights(model), head=cast(Product, counted))
    logits = model.step([Chunk(1, 1, [3]), Chunk(2, 0, [4, 5, 6]), Chunk(0, 1, [7])], cache)
    assert (len(products), len(logits)) == (1, 3)
    assert sum(recorders.made[0].n_replayed) == 1


def test_all_graphs_are_recorded_before_the_first_step_and_none_later() -> None:
    recorders = Recorders()
    model, _ = pair(recorders)
    cache = cache_of(model, 6)
    prepared = model.prepare(cache)
    assert prepared is not None
    assert (prepared.n_graphs, prepared.n_missing, prepared.n_rows) == (4, 0, 6)
    for n in (3, 4, 3, 5, 1, 6, 1):
        model.step([Chunk(slot, cache.lengths[slot], [slot]) for slot in range(n)], cache)
    assert [recorder.n_replayed for recorder in recorders.made] == [[2, 2, 0, 3]]  # of 6 rows, 1, 2 and 4
    assert not model.record_wanted(cache)


def test_a_step_whose_graph_is_missing_takes_a_larger_one_until_it_is_recorded_in_a_quiet_moment() -> None:
    recorders = Recorders()
    model, other = pair(recorders, None)
    ours, theirs = cache_of(model, 4, max_len=1500), cache_of(other, 4, max_len=1500)
    assert model._graphs().prepare(ours, limit_s=0.0).n_graphs == 0
    assert model._graphs().step([Chunk(0, 0, [1])], ours) is None  # no graph at all: computed without
    assert model._graphs().record_wanted(ours)
    assert not model._graphs().record_wanted(ours)

    def step(n: int) -> None:
        chunks = [Chunk(slot, ours.lengths[slot], [slot]) for slot in range(n)]
        torch.testing.assert_close(model.step(chunks, ours), other.step(chunks, theirs), atol=1e-5, rtol=1e-5)

    model._graphs()._try_to_record((4, 1500), ours)
    for n in (1, 2, 2, 3):
        step(n)
    assert recorders.made[0].n_replayed == [1, 3]
    while model.record_wanted(ours):
        pass
    for n in (1, 2, 2, 3):
        step(n)
    assert recorders.made[0].n_replayed == [2, 3, 2, 1]


def test_recording_in_a_quiet_moment_changes_no_conversation() -> None:
    model, _ = pair(Recorders())
    cache = cache_of(model, 2)
    for slot in range(2):
        model.step([Chunk(slot, 0, random_ids(5, seed=slot))], cache)
    before = [ring.clone() for ring in cache.rings]
    assert model._graphs().step([Chunk(0, 5, [1])], cache) is None
    assert model.record_wanted(cache)
    for ring, old in zip(cache.rings, before, strict=True):
        assert torch.equal(ring, old)


def test_recording_ends_after_its_time_with_the_largest_graph_first(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    def tick() -> float:
        now[0] += 10.0
        return now[0]

    monkeypatch.setattr("inference.model.gpu.graphs.time.perf_counter", tick)
    model, _ = pair(Recorders(), None)
    cache = cache_of(model, 6, max_len=1500)
    assert model.prepare(cache) == Prepared(3, 4 * 3 - 3, 6, 50.0)
    assert list(model._graphs()._recordings) == [(6, 1500), (1, 512), (1, 1024)]


def test_longer_texts_use_another_graph() -> None:
    recorders = Recorders()
    model, other = pair(recorders, None)
    ours, theirs = cache_of(model, 1, max_len=1500), cache_of(other, 1, max_len=1500)
    model.prepare(ours)
    for n_prompt in (510, 500):
        prompt = Chunk(0, ours.lengths[0], random_ids(n_prompt))
        model.step([prompt], ours)
        other.step([prompt], theirs)
        for token in range(4):
            chunk = Chunk(0, ours.lengths[0], [token])
            torch.testing.assert_close(
                model.step([chunk], ours), other.step([chunk], theirs), atol=3e-5, rtol=1e-5
            )  # sums over 1,000 keys: with AVX2 one of 97 logits differs by 1.1e-5
    assert recorders.made[0].n_replayed == [0, 2, 6]  # up to 1500 keys, 512 and 1024


def test_logits_are_not_overwritten_by_the_next_step() -> None:
    model, _ = pair(Recorders())
    cache = cache_of(model, 2)
    model.prepare(cache)
    first = model.step([Chunk(0, 0, [1])], cache)
    kept = first.clone()
    model.step([Chunk(0, 1, [2])], cache)
    assert torch.equal(first, kept)


def test_another_cache_and_resized_rings_are_recorded_again() -> None:
    recorders = Recorders()
    model, other = pair(recorders)
    cache = cache_of(model, 1)
    model.prepare(cache)
    model.step([Chunk(0, 0, [1])], cache)
    cache.resize([0], 2)
    again, expected = cache_of(model, 1), cache_of(other, 1)
    other.step([Chunk(0, 0, [1])], expected)
    for caches in ((cache, expected), (again, cache_of(other, 1))):
        for token in (2, 3):
            chunk = Chunk(0, caches[0].lengths[0], [token])
            torch.testing.assert_close(
                model.step([chunk], caches[0]), other.step([chunk], caches[1]), atol=1e-5, rtol=1e-5
            )
            model.record_wanted(caches[0])
    assert [recorder.n_replayed for recorder in recorders.made] == [[1], [1], [1]]


def test_a_step_that_cannot_be_recorded_runs_without_a_graph_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    recorders = Recorders(failing=frozenset({0}))
    model, other = pair(recorders)
    ours, theirs = cache_of(model, 16), cache_of(other, 16)
    with caplog.at_level(logging.WARNING):
        model.prepare(ours)
        for n in (1, 1, 3, 3):
            chunks = [Chunk(slot, ours.lengths[slot], [slot]) for slot in range(n)]
            torch.testing.assert_close(model.step(chunks, ours), other.step(chunks, theirs), atol=1e-5, rtol=1e-5)
    assert [record.message for record in caplog.records] == [
        "no CUDA graph for 16 rows and 7 keys, these steps run slower: CUDA out of memory"
    ]
    assert len(recorders.made) == 3  # a fresh one for each try, and no further tries
    assert not model.record_wanted(ours)


def test_one_failure_takes_a_fresh_recorder_and_the_other_graphs_are_recorded() -> None:
    recorders = Recorders(failing=frozenset({1}))
    model, _ = pair(recorders)
    prepared = model.prepare(cache_of(model, 6))
    assert prepared is not None
    assert (prepared.n_graphs, prepared.n_missing) == (2, 2)
    assert [len(recorder.n_replayed) for recorder in recorders.made] == [1, 1]


def test_more_sequences_than_the_largest_graph_has_run_without_one() -> None:
    recorders = Recorders()
    model, other = pair(recorders)
    n = MOST_ROWS + 1
    chunks = [Chunk(slot, 0, [slot % 97]) for slot in range(n)]
    found, expected = model.step(chunks, cache_of(model, n)), other.step(chunks, cache_of(other, n))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert recorders.made == []


def test_the_memory_of_a_cache_is_freed() -> None:
    """Nothing keeps a ring of an unused cache alive: on a GPU the next cache may need its memory."""
    config = tiny_config()
    decoder = GraphDecoder(packed_weights(served_model(config)), lambda: lambda run: Recording(lambda: None, run()))
    cache = RingCache(config, n_slots=2, max_len=64, dtype=torch.float32)
    decoder.prepare(cache)
    assert decoder.step([Chunk(0, 0, [1])], cache) is not None
    ring = weakref.ref(cache.rings[0])
    del cache
    assert ring() is None


def test_the_memory_of_a_model_is_freed() -> None:
    """Without waiting for the garbage collector: on a GPU the next model may not fit beside it."""
    model, _ = pair(Recorders())
    model.prepare(cache_of(model, 1))
    gone = weakref.ref(model)
    del model
    assert gone() is None


def test_a_model_names_how_it_decodes() -> None:
    recorders = Recorders(failing=frozenset({0}))
    model, _ = pair(recorders)
    assert model.way_of_decoding == "torch"
    model.prepare(cache_of(model, 3))
    assert model.way_of_decoding == "torch"  # recording failed
    recorders._failing = frozenset()
    model.prepare(cache_of(model, 3))
    assert model.way_of_decoding == "CUDA graphs, plain products"


@pytest.mark.parametrize("ends", [True, False])
def test_a_graph_is_recorded_after_two_runs_on_a_separate_stream(monkeypatch: pytest.MonkeyPatch, ends: bool) -> None:
    """The calls to torch.cuda and their order; what CUDA does with them shows only on a GPU. Where a recording fails to
    end, torch leaves the thread on its stream."""
    events: list[object] = []

    class Stream:
        device = "the GPU"

        def __init__(self, name: object) -> None:
            self.name = name

        def wait_stream(self, other: "Stream") -> None:
            events.append((self.name, "waits for", other.name))

    class Graph:
        def replay(self) -> None:
            events.append("replay")

    @contextmanager
    def on(stream: Stream) -> Iterator[None]:
        events.append(("on", stream.name))
        yield
        events.append("off")

    @contextmanager
    def recording(graph: Graph, *, pool: str, stream: Stream, capture_error_mode: str) -> Iterator[None]:
        events.append(("record", pool, stream.name, capture_error_mode))
        yield
        events.append("recorded")

    @contextmanager
    def failing(graph: Graph, **options: object) -> Iterator[None]:
        yield
        raise RuntimeError("capture failed")

    here = Stream("here")
    capture = recording if ends else failing
    for name, fake in {
        "graph_pool_handle": lambda: "the pool",
        "Stream": lambda device: Stream("side"),
        "current_stream": lambda device: here,
        "stream": on,
        "CUDAGraph": Graph,
        "graph": capture,
        "set_stream": lambda stream: events.append(("back on", stream.name)),
    }.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    logits = torch.zeros(1)

    def run() -> Tensor:
        events.append("run")
        return logits

    def exhausted() -> Tensor:
        raise torch.OutOfMemoryError("tried to allocate")

    if not ends:
        with pytest.raises(RuntimeError, match="capture failed"):
            CudaRecorder(torch.device("cpu"))(run)
        assert events[-1] == ("back on", "here")
        return
    with pytest.raises(torch.OutOfMemoryError):
        CudaRecorder(torch.device("cpu"))(exhausted)
    assert events[-2:] == [("here", "waits for", "side"), ("back on", "here")]
    events.clear()
    recorded = CudaRecorder(torch.device("cpu"))(run)
    recorded.replay()
    assert recorded.logits is logits
    assert events == [
        ("side", "waits for", "here"),
        ("on", "side"),
        "run",
        "run",
        "off",
        ("here", "waits for", "side"),
        ("record", "the pool", "side", "thread_local"),
        "run",
        "recorded",
        ("back on", "here"),
        "replay",
    ]


def test_the_rungs_of_keys_double_up_to_the_longest_ring() -> None:
    assert [keys_rung(n, 4096) for n in (1, 512, 513, 1025, 4096, 9999)] == [512, 512, 1024, 2048, 4096, 4096]
    assert keys_rung(1, 100) == keys_rung(300, 100) == 100
    assert keys_rung(2049, 3000) == 3000


def test_the_rungs_of_rows_follow_the_slots() -> None:
    assert batch_rungs(1) == [1]
    assert batch_rungs(37) == [1, 2, 4, 8, 16, 32, 37]
    assert batch_rungs(128) == [1, 2, 4, 8, 16, 32, 64, 128]
    assert batch_rungs(300)[-4:] == [128, 192, 256, 300]
    assert batch_rungs(9999)[-3:] == [384, 448, 512]
    assert key_rungs(100) == [100]
    assert key_rungs(4096) == [512, 1024, 2048, 4096]


def test_a_model_on_a_gpu_decodes_by_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    model, logits = served_model(tiny_config()), torch.ones(1, 97)
    cache = cache_of(model, 1)

    class Decoder:
        def __init__(self, weights: PackedWeights) -> None:
            assert weights is packed_weights(model)

        def step(self, chunks: list[Chunk], its_cache: RingCache) -> Tensor:
            return logits

    monkeypatch.setattr(serving, "GraphDecoder", Decoder)
    monkeypatch.setattr(ServedModel, "device", torch.device("cuda"))
    assert model.step([Chunk(0, 0, [1])], cache) is logits
    assert cache.lengths == [1]
