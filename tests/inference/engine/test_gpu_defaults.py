"""`load_models` as on a GPU: tensors stay on the CPU, a stand-in records graphs, and memory is a given number."""

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inference.engine import loading
from inference.engine.loading import load_models
from inference.engine.request import Request, SamplingParams
from inference.engine.sharing.memory import GIB
from inference.folder import open_folder
from inference.model import serving
from inference.model.cache import RingCache, bytes_per_slot
from inference.model.gpu import graphs
from inference.model.gpu.graphs import Recording
from inference.model.serving import ServedModel
from tests.fakes import write_model_folder
from tests.inference.engine.builders import finish, whole

GPU = torch.device("cuda", 0)


def record(run: Callable[[], Tensor]) -> Recording:
    def replay() -> None:
        run()

    return Recording(replay, run())


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    load = loading.load_for_serving
    monkeypatch.setattr(loading, "load_for_serving", lambda path, *, device, **more: load(path, **more))
    monkeypatch.setattr(loading, "RingCache", lambda *args, device, **more: RingCache(*args, **more))
    monkeypatch.setattr(loading, "widest_step_bytes", lambda model, chunk: chunk)
    monkeypatch.setattr(loading, "default_cache_bytes", lambda device, step_bytes: GIB)
    monkeypatch.setattr(graphs, "CudaRecorder", lambda device: record)
    monkeypatch.setattr(ServedModel, "device", GPU)
    monkeypatch.setattr(serving, "can_fuse", lambda *shape: True)


def answer(path: Path, **options: Any) -> str:
    engine = load_models({"a": open_folder(path)}, n_slots=3, **options).models["a"].engine
    engine.add(Request("x", tuple(range(5, 45)), SamplingParams(max_tokens=12, temperature=0)))
    return whole(finish(engine)["x"]).text


@pytest.mark.usefixtures("gpu")
def test_chunks_slots_and_graphs_are_those_of_a_gpu(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model_folder(tmp_path, max_seq_len=4000)
    folder = open_folder(tmp_path)
    n_bytes = bytes_per_slot(folder.config, max_len=4000, dtype=torch.float32) + 2
    monkeypatch.setattr(loading, "default_cache_bytes", lambda device, step_bytes: 90 * n_bytes)
    with caplog.at_level("INFO", loading.__name__):
        engine = load_models({"a": folder}, device=GPU).models["a"].engine
    assert (engine.n_slots, engine.max_len, engine._scheduler.max_chunk) == (90, 4000, 2048)
    assert "a: 8 CUDA graphs for up to 90 answers recorded in" in caplog.text
    assert not engine.use_quiet_moment()


@pytest.mark.usefixtures("gpu")
def test_without_a_window_the_length_follows_from_the_memory_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model_folder(tmp_path, max_seq_len=8000, sliding_window=None)
    folder = open_folder(tmp_path)
    n_bytes = bytes_per_slot(folder.config, max_len=3000, dtype=torch.float32) + 2
    monkeypatch.setattr(loading, "default_cache_bytes", lambda device, step_bytes: 16 * n_bytes)
    with caplog.at_level("INFO", loading.__name__):
        engine = load_models({"a": folder}, device=GPU).models["a"].engine
    assert (engine.n_slots, engine.max_len) == (16, 3000)
    assert "at most 3,000 of the 8,000 tokens that the model allows, so that 16 conversations fit" in caplog.text
    assert load_models({"a": folder}, device=GPU, max_len={"a": 8000}).models["a"].engine.max_len == 8000


def test_answers_on_a_gpu_are_those_of_a_cpu(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    write_model_folder(tmp_path, max_seq_len=400)
    expected = answer(tmp_path)
    request.getfixturevalue("gpu")
    assert answer(tmp_path, device=GPU, cache_gb=0.1) == expected


@pytest.mark.usefixtures("gpu")
def test_a_given_cache_is_filled_with_slots(tmp_path: Path) -> None:
    write_model_folder(tmp_path, max_seq_len=4000)
    folder = open_folder(tmp_path)
    n_bytes = bytes_per_slot(folder.config, max_len=4000, dtype=torch.float32)
    assert load_models({"a": folder}, device=GPU, cache_gb=70 * n_bytes / GIB).models["a"].engine.n_slots == 70


@pytest.mark.usefixtures("gpu")
def test_a_given_cache_that_leaves_no_room_for_a_step_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_model_folder(tmp_path)
    folder = open_folder(tmp_path)
    load_models({"a": folder}, device=GPU, cache_gb=0.9, n_slots=1)
    assert "--cache-gb" not in caplog.text
    load_models({"a": folder}, device=GPU, cache_gb=1.5, n_slots=1)
    assert "--cache-gb is 1.50, and 1.00 GiB of cuda:0 are free beside the weights and the widest step" in caplog.text


@pytest.mark.usefixtures("gpu")
def test_a_model_that_is_left_out_has_left_the_memory_before_it_is_divided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last model leaves no room for its own step: the caches of the first get the memory of its weights."""
    write_model_folder(tmp_path)
    folder, made, left = open_folder(tmp_path), list[weakref.ref[ServedModel]](), list[bool]()

    def step_bytes(model: ServedModel, chunk: int) -> int:
        made.append(weakref.ref(model))
        if len(made) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return 0

    def cache_bytes(device: torch.device, step_bytes: int) -> int:
        left.extend(one() is None for one in made)
        return GIB

    monkeypatch.setattr(loading, "widest_step_bytes", step_bytes)
    monkeypatch.setattr(loading, "default_cache_bytes", cache_bytes)
    monkeypatch.setattr(loading.logger, "disabled", True)  # pytest keeps logged errors, and so their frames
    loaded = load_models({"a": folder, "b": folder}, device=GPU, n_slots=1)
    assert (list(loaded.models), list(loaded.failures), left) == (["a"], ["b"], [False, True])
