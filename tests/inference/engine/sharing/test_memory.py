from pathlib import Path

import pytest
import torch

from inference.engine.sharing import memory
from inference.engine.sharing.memory import GIB, count_slots, default_cache_bytes, too_large, widest_step_bytes
from inference.model.cache import Chunk, RingCache
from inference.model.serving import ServedModel
from tests.inference.model.builders import served_model, tiny_config


def test_all_models_get_the_same_number_of_slots() -> None:
    assert count_slots([100, 300], 4000, max_slots=64) == 10


def test_slots_are_capped() -> None:
    assert count_slots([1], GIB, max_slots=64) == 64


def test_memory_without_room_for_a_slot_is_refused_with_both_sizes() -> None:
    with pytest.raises(
        ValueError, match=r"may use 1.00 GiB, and one slot of each model needs 3.00 GiB; raise --cache-gb"
    ):
        count_slots([GIB, 2 * GIB], GIB, max_slots=64)


def test_a_quarter_of_the_free_memory_is_the_default_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: 4 * GIB)
    assert default_cache_bytes(torch.device("cpu")) == GIB


def test_a_gpu_keeps_a_gibibyte_free_or_what_its_widest_step_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    emptied = list[bool]()
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (9 * GIB, 24 * GIB))
    gpu = torch.device("cuda", 0)
    sizes = [default_cache_bytes(gpu, step_bytes=n_bytes) for n_bytes in (0, GIB // 2, 3 * GIB, 10 * GIB)]
    assert sizes == [8 * GIB, 8 * GIB, 6 * GIB, 0]
    assert emptied == [True] * 4


def test_the_widest_step_is_measured_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two chunks with logits of all their tokens, between the counters of torch's allocator."""
    model = served_model(tiny_config(max_seq_len=64))
    assert widest_step_bytes(model, 16) == 0, "a CPU's memory is not measured"
    events: list[object] = []
    step = model.step

    def recorded(chunks: list[Chunk], cache: RingCache, *, every_token: bool) -> torch.Tensor:
        events.extend((chunk.start, len(chunk.ids), every_token) for chunk in chunks)
        return step(chunks, cache, every_token=every_token)

    monkeypatch.setattr(model, "step", recorded)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: events.append("reset"))
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 100)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 350)
    monkeypatch.setattr(memory, "RingCache", lambda *args, device, **options: RingCache(*args, **options))
    monkeypatch.setattr(ServedModel, "device", torch.device("cuda"))
    assert widest_step_bytes(model, 16) == 250
    assert events == ["reset", (0, 16, True), (16, 16, True)]


def test_free_memory_is_the_lesser_of_machine_and_container(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable:     500 kB\n")
    assert memory._machine_free(tmp_path / "meminfo") == 500 * 1024
    assert memory._machine_free(tmp_path / "none") > 0, "a system without this file"
    assert memory._container_free(tmp_path) == float("inf")
    (tmp_path / "memory.current").write_text("300\n")
    (tmp_path / "memory.max").write_text("1000\n")
    assert memory._container_free(tmp_path) == 700
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._container_free(tmp_path) == float("inf")
    assert 0 < memory.free_bytes(torch.device("cpu")) < 2**50


def test_several_models_leave_memory_free_for_moving_slots() -> None:
    assert count_slots([100, 300], 4000, max_slots=64, copied=0.25) == 8
    assert count_slots([400], 4000, max_slots=64, copied=0.25) == 10, "one model alone shares with nobody"
    assert count_slots([100, 300], 450, max_slots=64, copied=0.25) == 1, "a single slot is never lent"


def test_the_largest_models_are_left_out_until_one_slot_of_each_fits() -> None:
    assert too_large({"a": 100, "b": 300, "c": 50}, 450) == []
    assert too_large({"a": 100, "b": 300, "c": 50}, 200) == ["b"]
    assert too_large({"a": 100, "b": 300, "c": 50}, 60) == ["b", "a"]
    assert too_large({"a": 100, "b": 300}, 60) == [], "then nothing is of use, and that is said of all"
