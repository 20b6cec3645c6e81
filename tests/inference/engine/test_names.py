from pathlib import Path

import pytest

from inference.engine.loading import Loaded, load_models
from inference.engine.names import first_names, shared_names, under_all_names
from inference.engine.sharing.memory import GIB
from inference.folder import ModelFolder, open_folder
from tests.fakes import write_model_folder


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    write_model_folder(path, max_seq_len=500)
    return path


@pytest.fixture(scope="module")
def folders(path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelFolder]:
    """Two names for one folder, one of them by a link, and another model."""
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(path)
    other = tmp_path_factory.mktemp("other")
    write_model_folder(other)
    return {name: open_folder(where) for name, where in {"a": path, "b": link, "c": other}.items()}


def load(folders: dict[str, ModelFolder], cache_gb: float) -> Loaded:
    first = shared_names(folders, dtypes={}, max_len={})
    loaded = load_models({name: folders[name] for name in first.values()}, cache_gb=cache_gb)
    return under_all_names(loaded, first, folders)


def test_two_names_of_a_folder_share_one_engine_and_its_memory(folders: dict[str, ModelFolder]) -> None:
    cache_gb = 8 * 2**20 / GIB
    alone = load_models({name: folders[name] for name in ("a", "c")}, cache_gb=cache_gb).models
    models = load(folders, cache_gb).models
    assert list(models) == ["a", "b", "c"]
    assert models["a"].engine is models["b"].engine
    assert models["c"].engine is not models["a"].engine
    assert [models[name].engine.stats.cache_bytes for name in ("a", "c")] == [
        alone[name].engine.stats.cache_bytes for name in ("a", "c")
    ]
    assert first_names(models) == {"a": "a", "b": "a", "c": "c"}


@pytest.mark.parametrize("options", [{"dtypes": {"b": "bfloat16"}}, {"max_len": {"b": 90}}])
def test_names_that_differ_in_what_an_engine_depends_on_are_loaded_apart(
    folders: dict[str, ModelFolder], options: dict[str, dict[str, int]]
) -> None:
    assert shared_names(folders, **{"dtypes": {}, "max_len": {}, **options}) == {"a": "a", "b": "b", "c": "c"}


def test_each_name_keeps_its_chat_layout(path: Path) -> None:
    folders = {"a": open_folder(path), "b": open_folder(path, template="llama-2")}
    models = load(folders, 0.01).models
    assert models["a"].engine is models["b"].engine
    assert [models[name].folder.template for name in ("a", "b")] == [folders["a"].template, "llama-2"]
    assert folders["a"].template != "llama-2"


def test_a_model_that_failed_has_failed_under_all_its_names(folders: dict[str, ModelFolder]) -> None:
    loaded = under_all_names(Loaded({}, {"a": "no room"}), {"a": "a", "b": "a"}, folders)
    assert loaded.failures == {"a": "no room", "b": "no room"}
