import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inference.engine import loading
from inference.engine.loading import load_for_serving, load_models
from inference.engine.request import Request, SamplingParams
from inference.engine.sharing import memory
from inference.folder import open_folder
from inference.model.cache import bytes_per_slot
from inference.model.checkpoint import weights
from inference.model.config import CheckpointError
from inference.model.operators import linear
from inference.model.score import score
from inference.model.serving import ServedModel
from tests.fakes import write_model_folder


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    write_model_folder(path, max_seq_len=500)
    return path


def test_a_loaded_model_has_its_parameters_fingerprint_and_dtype(path: Path) -> None:
    model = load_models({"a": open_folder(path)}, dtype={"a": torch.bfloat16}).models["a"]
    assert model.fingerprint == hashlib.sha256((path / "consolidated.safetensors").read_bytes()).hexdigest()[:16]
    assert (model.dtype, model.n_parameters) == ("bfloat16", open_folder(path).config.n_parameters)


def test_the_checkpoint_s_own_length_is_the_limit_unless_another_is_given(path: Path) -> None:
    folder = open_folder(path)
    models = load_models({"a": folder, "b": folder}, max_len={"b": 90}).models
    assert [model.engine.max_len for model in models.values()] == [500, 90]


def test_slots_follow_from_the_memory_for_caches(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = open_folder(path)
    slot = bytes_per_slot(folder.config, max_len=500, dtype=torch.float32)
    with caplog.at_level("INFO", loading.__name__):
        models = load_models({"a": folder, "b": folder}, cache_gb=1.5 * 2 * slot * 5.5 / memory.GIB).models
    assert [model.engine.n_slots for model in models.values()] == [5, 5]
    assert "a: 44,192 parameters, float32, 5 slots of up to 500 tokens" in caplog.text
    assert load_models({"a": folder}, n_slots=3).models["a"].engine.n_slots == 3


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_served_weights_score_as_plain_ones(path: Path, dtype: torch.dtype) -> None:
    ids = list(range(5, 90))
    logprobs = weights.load(path, dtype=dtype).forward_full(torch.tensor([ids]))[0].float().log_softmax(-1)
    expected = [float(logprobs[at, token]) for at, token in enumerate(ids[1:])]
    tolerance = 1e-5 if dtype == torch.float32 else 0.1
    assert score(load_for_serving(path, dtype=dtype), ids) == pytest.approx(expected, abs=tolerance)


def test_answers_are_the_same_without_onednns_layout(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    for by_onednn in (True, False):
        with monkeypatch.context() as here:
            if not by_onednn:
                here.setattr(linear, "_packed", lambda _weight: None)
            engine = load_models({"a": open_folder(path)}, n_slots=1).models["a"].engine
        engine.add(Request("x", (5, 6, 7), SamplingParams(max_tokens=100, seed=1)))
        events = []
        while engine.has_work:
            events += engine.step()
        answers.append(events)
    assert answers[0] == answers[1]


def test_memory_without_room_for_a_slot_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="one slot of each model needs"):
        load_models({"a": open_folder(path)}, cache_gb=1e-6)


def test_a_damaged_model_is_left_out_and_the_others_are_served(path: Path, tmp_path: Path) -> None:
    write_model_folder(tmp_path)
    (tmp_path / "consolidated.safetensors").write_bytes(b"short")
    folders = {"bad": open_folder(tmp_path), "good": open_folder(path)}
    loaded = load_models(folders, n_slots=1, failures={"before": "no tokenizer"})
    assert (list(loaded.models), list(loaded.failures)) == (["good"], ["before", "bad"])
    assert "consolidated.safetensors is truncated or damaged" in loaded.failures["bad"]


def test_a_model_that_does_not_fit_into_memory_is_left_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = loading.load_for_serving

    def load(folder: Path, **options: Any) -> ServedModel:
        if folder.name == "large":
            raise torch.OutOfMemoryError("tried to allocate 90 GiB")
        return whole(folder, **options)

    monkeypatch.setattr(loading, "load_for_serving", load)
    folder = open_folder(path)
    loaded = load_models({"a": folder, "large": replace(folder, path=Path("large"))}, n_slots=1)
    assert (list(loaded.models), loaded.failures) == (["a"], {"large": "tried to allocate 90 GiB"})


def test_the_first_error_is_raised_when_no_model_can_be_used(path: Path, tmp_path: Path) -> None:
    write_model_folder(tmp_path)
    folder = open_folder(tmp_path)
    (tmp_path / "consolidated.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError, match="truncated or damaged"):
        load_models({"a": folder, "b": replace(folder, path=Path("none"))})


def test_int8_is_a_dtype_and_is_reported(path: Path) -> None:
    loaded = load_models({"a": open_folder(path)}, dtype={"a": torch.int8}, max_len={"a": 32}, n_slots=1)
    assert loaded.models["a"].dtype == "int8"
    ids = [5, 9, 11, 3, 8]
    near = score(load_for_serving(path, dtype=torch.int8), ids)
    assert near == pytest.approx(score(load_for_serving(path), ids), abs=0.5)
    assert near != score(load_for_serving(path), ids)


def test_a_model_whose_slot_does_not_fit_is_left_out_and_the_others_are_served(tmp_path: Path) -> None:
    for name, max_seq_len in (("small", 500), ("vast", 10**9)):
        write_model_folder(tmp_path / name, max_seq_len=max_seq_len, sliding_window=None)
    folders = {name: open_folder(tmp_path / name) for name in ("vast", "small")}
    loaded = load_models(folders, cache_gb=0.01, max_len={"vast": 10**9})
    assert list(loaded.models) == ["small"]
    assert "one conversation of 1,000,000,000 tokens needs" in loaded.failures["vast"]


def test_a_model_for_longer_texts_than_fit_is_served_for_shorter_ones(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_model_folder(tmp_path, max_seq_len=10**9, sliding_window=None)
    with caplog.at_level("INFO"):
        (model,) = load_models({"vast": open_folder(tmp_path)}, cache_gb=0.01).models.values()
    assert 2048 < model.engine.max_len < 100_000
    assert "of the 1,000,000,000 tokens that the model allows, so that 2 conversations fit; --max-len" in caplog.text
