from pathlib import Path

import pytest

from inference.demo.shipped import MODELS
from inference.folder import locate, open_folder
from inference.model.config import CheckpointError
from inference.text.chat_template import ChatError
from inference.text.tokenizer import TokenizerError
from tests.fakes import write_model_folder, write_tokenizer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_model_folder(tmp_path)
    return tmp_path


def test_a_complete_folder_opens_without_reading_its_weights(path: Path) -> None:
    (path / "consolidated.safetensors").write_bytes(b"")
    folder = open_folder(path)
    assert (folder.template, folder.config.n_layers) == ("v3", 2)
    assert open_folder(path, template="v1").template == "v1"


@pytest.mark.parametrize(
    ("name", "error", "match"),
    [
        (
            "params.json",
            CheckpointError,
            "no params.json in .*; it states the shape of consolidated.safetensors: copy it",
        ),
        ("consolidated.safetensors", CheckpointError, "no consolidated.safetensors in .*: found no weights"),
        ("tokenizer.model", TokenizerError, "no tokenizer in .*; put tokenizer.model"),
    ],
)
def test_a_missing_file_is_named(path: Path, name: str, error: type[Exception], match: str) -> None:
    (path / name).unlink()
    with pytest.raises(error, match=match):
        open_folder(path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"no folder {tmp_path / 'none'}"):
        open_folder(tmp_path / "none")


def test_a_tokenizer_of_another_model_is_refused(path: Path) -> None:
    params = path / "params.json"
    size = open_folder(path).config.vocab_size
    params.write_text(params.read_text().replace(str(size), str(size - 1)))
    expected = rf"the tokenizer has {size} pieces, and params.json a vocabulary of {size - 1}"
    with pytest.raises(CheckpointError, match=expected):
        open_folder(path)


def test_a_tokenizer_without_control_pieces_is_v1(path: Path) -> None:
    write_tokenizer(path, has_control_pieces=False)
    assert open_folder(path).template == "v1"
    assert issubclass(ChatError, ValueError)


def test_a_demo_model_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate("demo:wren-sol") == MODELS / "wren-sol"
    assert open_folder(locate("demo:wren-sol")).config.n_layers == 4
    assert locate("wren-sol") == Path("wren-sol")


@pytest.mark.parametrize("name", ["", "none", "../models/wren-sol", "accuracy.json"])
def test_an_unknown_demo_model_lists_those_that_exist(name: str) -> None:
    with pytest.raises(CheckpointError) as refused:
        locate(f"demo:{name}")
    known = "demo:fen-quill, demo:larch-umber, demo:moss-tarn, demo:wren-sol"
    assert str(refused.value) == f"there is no demo:{name}; the demo models are {known}"
