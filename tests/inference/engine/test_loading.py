import hashlib
from pathlib import Path

import pytest
import torch

from inference.engine import loading, memory
from inference.engine.loading import load_models
from inference.folder import open_folder
from inference.model.cache import bytes_per_slot
from tests.fakes import write_model_folder


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    write_model_folder(path, max_seq_len=500)
    return path


def test_a_model_tells_what_it_is(path: Path) -> None:
    model = load_models({"a": open_folder(path)}, dtype=torch.bfloat16)["a"]
    assert model.fingerprint == hashlib.sha256((path / "consolidated.safetensors").read_bytes()).hexdigest()[:16]
    assert (model.dtype, model.n_parameters) == ("bfloat16", open_folder(path).config.n_parameters)


def test_the_checkpoint_s_own_length_is_the_limit_unless_another_is_given(path: Path) -> None:
    folder = open_folder(path)
    models = load_models({"a": folder, "b": folder}, max_len={"b": 90})
    assert [model.engine.max_len for model in models.values()] == [500, 90]


def test_slots_follow_from_the_memory_for_caches(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = open_folder(path)
    slot = bytes_per_slot(folder.config, max_len=500, dtype=torch.float32)
    with caplog.at_level("INFO", loading.__name__):
        models = load_models({"a": folder, "b": folder}, cache_gb=2 * slot * 5.5 / memory.GIB)
    assert [model.engine.n_slots for model in models.values()] == [5, 5]
    assert "a: 44,192 parameters, float32, 5 slots of 500 tokens at most" in caplog.text
    assert load_models({"a": folder}, n_slots=3)["a"].engine.n_slots == 3


def test_memory_without_room_for_a_slot_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="one slot of each model needs"):
        load_models({"a": open_folder(path)}, cache_gb=1e-6)
