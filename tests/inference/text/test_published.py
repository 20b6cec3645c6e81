import json
from pathlib import Path

import pytest

from inference.text import published
from inference.text.tokenizer import TokenizerError


def write(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content))


def test_a_folder_without_such_files_publishes_nothing(tmp_path: Path) -> None:
    assert published.special_id(tmp_path, "bos", {"<s>": 1}) is None
    assert published.eos_ids(tmp_path) == ()
    assert published.added_pieces(tmp_path) == {}
    assert published.special_tokens(tmp_path) == {}
    assert published.has_space_after_marks(tmp_path)
    assert published.chat_template(tmp_path) is None


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("text", "text"),
        ([{"name": "tool_use", "template": "other"}, {"name": "default", "template": "text"}], "text"),
        ([{"name": "default", "template": None}], None),
        ([], None),
        (" \n", None),
        (None, None),
    ],
)
def test_a_template_is_the_only_one_or_the_default_of_several(
    tmp_path: Path, template: object, found: str | None
) -> None:
    for file in ("chat_template.json", "tokenizer_config.json"):
        write(tmp_path, file, {"chat_template": template})
        expected = None if found is None else published.ChatTemplate(found, file)
        assert published.chat_template(tmp_path) == expected


@pytest.mark.parametrize(
    ("template", "match"),
    [
        (
            [{"name": "tool_use", "template": "a"}, {"name": "rag", "template": "b"}],
            "named rag, tool_use, and none named",
        ),
        ([1], "chat_template is a list; a string was expected"),
        ({"default": "a"}, "chat_template is a dict; a string was expected"),
        (5, "chat_template is a int; a string was expected"),
    ],
)
def test_a_template_that_cannot_be_chosen_is_not_taken_for_none(tmp_path: Path, template: object, match: str) -> None:
    write(tmp_path, "tokenizer_config.json", {"chat_template": template})
    with pytest.raises(TokenizerError, match=rf"tokenizer_config\.json.* {match}.*; choose a layout with --template"):
        published.chat_template(tmp_path)


def test_a_template_file_takes_precedence_over_the_configuration_unless_it_is_empty(tmp_path: Path) -> None:
    write(tmp_path, "tokenizer_config.json", {"chat_template": "old"})
    (tmp_path / "chat_template.jinja").write_text("\n")
    assert published.chat_template(tmp_path) == published.ChatTemplate("old", "tokenizer_config.json")
    (tmp_path / "chat_template.jinja").write_text("new")
    assert published.chat_template(tmp_path) == published.ChatTemplate("new", "chat_template.jinja")


def test_added_pieces_and_special_tokens_are_read_from_either_file(tmp_path: Path) -> None:
    write(tmp_path, "added_tokens.json", {"<|im_end|>": 7, "<|odd|>": "8"})
    assert published.added_pieces(tmp_path) == {"<|im_end|>": 7}
    write(tmp_path, "special_tokens_map.json", {"bos_token": "<s>", "eos_token": "</s>", "unk_token": 3})
    assert published.special_tokens(tmp_path) == {"bos_token": "<s>", "eos_token": "</s>", "unk_token": None}
    decoder = {"9": {"content": "<|im_start|>"}, "x": {"content": "a"}, "10": 3}
    config = {"added_tokens_decoder": decoder, "eos_token": {"content": "<|im_end|>"}, "legacy": False}
    write(tmp_path, "tokenizer_config.json", config)
    assert published.added_pieces(tmp_path) == {"<|im_end|>": 7, "<|im_start|>": 9}
    assert published.special_tokens(tmp_path) == {
        "bos_token": "<s>",
        "eos_token": "<|im_end|>",
        "unk_token": None,
    }
    assert not published.has_space_after_marks(tmp_path)


def test_a_name_takes_precedence_over_a_number(tmp_path: Path) -> None:
    write(tmp_path, "config.json", {"bos_token_id": 7})
    assert published.special_id(tmp_path, "bos", {"<s>": 1, "a": 7}) == 7
    write(tmp_path, "tokenizer_config.json", {"bos_token": {"content": "<s>", "special": True}})
    assert published.special_id(tmp_path, "bos", {"<s>": 1, "a": 7}) == 1


@pytest.mark.parametrize("ids", ["2", [2, "3"], 2.5, True, {"a": 1}])
def test_ids_of_another_kind_are_refused(tmp_path: Path, ids: object) -> None:
    write(tmp_path, "generation_config.json", {"eos_token_id": ids})
    with pytest.raises(TokenizerError, match=r"eos_token_id is .*; an id or a list of ids was expected"):
        published.eos_ids(tmp_path)


@pytest.mark.parametrize(
    ("content", "match"),
    [("{", "is not JSON, or is damaged"), ("[" * 100_000, "is not JSON"), ("[]", "is a JSON list; an object")],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str, match: str) -> None:
    (tmp_path / "generation_config.json").write_text(content)
    with pytest.raises(TokenizerError, match=rf"generation_config\.json {match}"):
        published.eos_ids(tmp_path)
