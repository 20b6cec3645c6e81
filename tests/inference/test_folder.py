import json
import shutil
from pathlib import Path

import pytest

from inference.demo.shipped import MODELS
from inference.folder import locate, open_folder, open_folders
from inference.model.config import CheckpointError
from inference.text.chat.jinja_template import JinjaTemplate
from inference.text.chat_template import ChatError, Message, render
from inference.text.sentencepiece_tokenizer import SentencePieceTokenizer
from inference.text.tokenizer import TokenizerError
from tests.fakes import write_model_folder, write_tokenizer
from tests.inference.text.chat import dialects
from tests.inference.text.chat.dialects import CHATML, CHATML_DEFAULT


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


def as_fine_tune(path: Path, template: str, **others: object) -> int:
    """Make a folder of a fine-tune with added pieces, without a tokenizer.json; return the id of the first."""
    size = open_folder(path).config.vocab_size
    (path / "added_tokens.json").write_text(json.dumps({"<|im_end|>": size, "<|im_start|>": size + 1}))
    (path / "tokenizer_config.json").write_text(
        json.dumps({"chat_template": template, "bos_token": "<s>", "eos_token": "<|im_end|>", **others})
    )
    params = path / "params.json"
    params.write_text(params.read_text().replace(str(size), str(size + 2)))
    return size


def test_a_fine_tune_with_chatml_and_added_pieces_opens(path: Path) -> None:
    end = as_fine_tune(path, CHATML)
    folder = open_folder(path)
    tokenizer, start = folder.tokenizer, end + 1
    assert folder.template == "chatml"
    assert tokenizer.eos_ids == {tokenizer.eos_id, end}
    ids = render([Message("user", "<|im_end|>")], tokenizer, folder.template)
    assert ids == [
        start,
        *tokenizer.encode("user\n<|im_end|>"),
        end,
        *tokenizer.encode("\n"),
        start,
        *tokenizer.encode("assistant\n"),
    ]


def test_a_mark_in_plain_text_that_ends_an_answer_is_a_stop_string(path: Path) -> None:
    assert open_folder(path).chat_stop == open_folder(path, template="none").chat_stop == ()
    assert open_folder(path, template="chatml").chat_stop == ("<|im_end|>",)
    as_fine_tune(path, CHATML)
    assert open_folder(path).chat_stop == (), "a control piece is an end by its id"


def test_a_fine_tune_with_another_template_is_rendered_by_it(path: Path) -> None:
    end = as_fine_tune(path, CHATML_DEFAULT)
    folder = open_folder(path)
    assert isinstance(folder.template, JinjaTemplate)
    assert end in folder.tokenizer.eos_ids
    ids = render([Message("user", "Hello")], folder.tokenizer, folder.template)
    assert folder.tokenizer.decode(ids).startswith("system\nYou are Quill.")
    folder.template.close()
    assert open_folder(path, template="v1").template == "v1"


def test_a_template_that_is_run_is_encoded_by_tokenizer_json(tmp_path: Path) -> None:
    write_model_folder(tmp_path)
    made = dialects.folder("metaspace")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(made / name, tmp_path)
    (tmp_path / "chat_template.jinja").write_text(dialects.VICUNA)
    folder = open_folder(tmp_path)
    assert isinstance(folder.template, JinjaTemplate)
    folder.template.close()
    assert isinstance(folder.tokenizer, SentencePieceTokenizer), "one with more pieces than the model is not used"


def test_layouts_are_chosen_by_name_and_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    opened = open_folders({"a": str(path), "b": str(path)}, template={"b": "none"})
    assert [folder.template for folder in opened.folders.values()] == ["v3", "none"]
    assert "a: chat layout v3" in caplog.text
    assert "b: chat layout none" in caplog.text


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
