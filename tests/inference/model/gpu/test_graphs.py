"""The ladders, the buffers, and when a graph is recorded again, with a recorder that runs on the CPU."""

import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
import torch
from torch import Tensor

from inference.model import serving
from inference.model.cache import Chunk, RingCache
from inference.model.gpu.graphs import BATCHES, CudaRecorder, GraphDecoder, Recording, keys_rung
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
    """One recorder for each cache, in order."""

    def __init__(self, failing: frozenset[int] = frozenset()) -> None:
        self.made: list[Recorder] = []
        self._failing = failing

    def __call__(self) -> Recorder:
        self.made.append(Recorder(self._failing))
        return self.made[-1]


def with_graphs(model: ServedModel, recorders: Recorders) -> ServedModel:
    """Return the model as it is on a GPU."""
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
    rng = Random(0)
    for step in range(14):
        slots = rng.sample(range(6), rng.randint(1, 6))
        sizes = [1 if ours.lengths[slot] and rng.random() < 0.8 else 4 for slot in slots]
        chunks = [
            Chunk(slot, ours.lengths[slot], random_ids(n, seed=step)) for slot, n in zip(slots, sizes, strict=True)
        ]
        torch.testing.assert_close(model.step(chunks, ours), other.step(chunks, theirs), atol=1e-5, rtol=1e-5)
        assert ours.lengths == theirs.lengths
    assert sum(recorders.made[0].n_replayed) > 5


def test_a_graph_is_recorded_once_for_each_rung() -> None:
    recorders = Recorders()
    model, _ = pair(recorders)
    cache = cache_of(model, 6)
    for n in (3, 4, 3, 5, 1, 6, 1):
        model.step([Chunk(slot, cache.lengths[slot], [slot]) for slot in range(n)], cache)
    assert [recorder.n_replayed for recorder in recorders.made] == [[3, 2, 2]]  # of 4 rows, 8 and 1


def test_longer_texts_use_another_graph() -> None:
    recorders = Recorders()
    model, other = pair(recorders, None)
    ours, theirs = cache_of(model, 1, max_len=1500), cache_of(other, 1, max_len=1500)
    for n_prompt in (510, 500):
        prompt = Chunk(0, ours.lengths[0], random_ids(n_prompt))
        model.step([prompt], ours)
        other.step([prompt], theirs)
        for token in range(4):
            chunk = Chunk(0, ours.lengths[0], [token])
            torch.testing.assert_close(model.step([chunk], ours), other.step([chunk], theirs), atol=1e-5, rtol=1e-5)
    assert recorders.made[0].n_replayed == [2, 6]  # up to 512 keys, up to 1024


def test_logits_are_not_overwritten_by_the_next_step() -> None:
    model, _ = pair(Recorders())
    cache = cache_of(model, 2)
    first = model.step([Chunk(0, 0, [1])], cache)
    kept = first.clone()
    model.step([Chunk(0, 1, [2])], cache)
    assert torch.equal(first, kept)


def test_another_cache_and_resized_rings_are_recorded_again() -> None:
    recorders = Recorders()
    model, other = pair(recorders)
    cache = cache_of(model, 2)
    model.step([Chunk(1, 0, [1])], cache)
    cache.resize([1], 3)
    again, expected = cache_of(model, 2), cache_of(other, 2)
    other.step([Chunk(0, 0, [1])], expected)
    for caches in ((cache, expected), (again, cache_of(other, 2))):
        chunk = Chunk(0, caches[0].lengths[0], [2])
        torch.testing.assert_close(model.step([chunk], caches[0]), other.step([chunk], caches[1]), atol=1e-5, rtol=1e-5)
    assert [recorder.n_replayed for recorder in recorders.made] == [[1], [1], [1]]


def test_a_step_that_cannot_be_recorded_runs_without_a_graph_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    model, other = pair(Recorders(failing=frozenset({0})))
    ours, theirs = cache_of(model, 4), cache_of(other, 4)
    with caplog.at_level(logging.WARNING):
        for n in (1, 1, 3, 3):
            chunks = [Chunk(slot, ours.lengths[slot], [slot]) for slot in range(n)]
            torch.testing.assert_close(model.step(chunks, ours), other.step(chunks, theirs), atol=1e-5, rtol=1e-5)
    assert [record.message for record in caplog.records] == [
        "no CUDA graph for 1 rows and 7 keys, these steps run slower: CUDA out of memory"
    ]


def test_more_sequences_than_the_largest_graph_has_run_without_one() -> None:
    recorders = Recorders()
    model, other = pair(recorders)
    n = BATCHES[-1] + 1
    chunks = [Chunk(slot, 0, [slot % 97]) for slot in range(n)]
    found, expected = model.step(chunks, cache_of(model, n)), other.step(chunks, cache_of(other, n))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    assert recorders.made == []


def test_the_memory_of_a_cache_is_freed() -> None:
    """Nothing keeps a ring of an unused cache alive: on a GPU the next cache may need its memory."""
    config = tiny_config()
    decoder = GraphDecoder(packed_weights(served_model(config)), lambda: lambda run: Recording(lambda: None, run()))
    cache = RingCache(config, n_slots=2, max_len=64, dtype=torch.float32)
    assert decoder.step([Chunk(0, 0, [1])], cache) is not None
    ring = weakref.ref(cache.rings[0])
    del cache
    assert ring() is None


def test_the_memory_of_a_model_is_freed() -> None:
    """Without waiting for the garbage collector: on a GPU the next model may not fit beside it."""
    model, _ = pair(Recorders())
    model.step([Chunk(0, 0, [1])], cache_of(model, 1))
    gone = weakref.ref(model)
    del model
    assert gone() is None


def test_a_model_names_how_it_decodes() -> None:
    recorders = Recorders(failing=frozenset({0}))
    model, _ = pair(recorders)
    assert model.way_of_decoding == "torch"
    cache = cache_of(model, 3)
    model.step([Chunk(0, 0, [1])], cache)
    assert model.way_of_decoding == "torch"  # recording failed
    recorders.made[0]._failing = frozenset()
    model.step([Chunk(slot, cache.lengths[slot], [1]) for slot in range(3)], cache)
    assert model.way_of_decoding == "CUDA graphs, plain products"


def test_a_graph_is_recorded_after_two_runs_on_a_separate_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calls to torch.cuda and their order; what CUDA does with them shows only on a GPU."""
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

    here = Stream("here")
    for name, fake in {
        "graph_pool_handle": lambda: "the pool",
        "Stream": lambda device: Stream("side"),
        "current_stream": lambda device: here,
        "stream": on,
        "CUDAGraph": Graph,
        "graph": recording,
    }.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    logits = torch.zeros(1)

    def run() -> Tensor:
        events.append("run")
        return logits

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
        "replay",
    ]


def test_the_rungs_of_keys_double_up_to_the_longest_ring() -> None:
    assert [keys_rung(n, 4096) for n in (1, 512, 513, 1025, 4096, 9999)] == [512, 512, 1024, 2048, 4096, 4096]
    assert keys_rung(1, 100) == keys_rung(300, 100) == 100
    assert keys_rung(2049, 3000) == 3000


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
