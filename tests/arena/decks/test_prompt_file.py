from importlib.resources import files
from pathlib import Path

import pytest

from arena.decks.prompt_file import Prompt, PromptFileError, read_prompts
from arena.decks.shipped import shipped


def write(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_text_file_has_one_prompt_a_line(tmp_path: Path) -> None:
    found = read_prompts(write(tmp_path, "p.txt", "\ufeffHello\r\n\n  Name a tree. \rHello\n\u2028x"), max_chars=99)
    assert found.prompts == (Prompt("Hello"), Prompt("Name a tree."), Prompt("x"))
    assert found.n_repeated == 1


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_file_has_tags_and_a_language(tmp_path: Path, separator: str) -> None:
    content = """id,Text,tags,language
1,"One, or ""two""
lines?",words|numbers|,en
2,크다?,,ko
,,,
"""
    if separator != ",":
        content = content.replace(",", separator).replace(f"One{separator}", "One,")
    found = read_prompts(write(tmp_path, "p.csv", content), max_chars=99)
    assert found.prompts == (
        Prompt('One, or "two"\nlines?', ("words", "numbers"), "en"),
        Prompt("크다?", (), "ko"),
    )
    assert found.ignored == ("id",)


def test_json_lines_have_tags_and_a_language(tmp_path: Path) -> None:
    content = '{"text": "Hi", "tags": ["a", "a", " b"], "language": "en-US", "n": 1}\n\n{"prompt": "Bye"}\n'
    found = read_prompts(write(tmp_path, "p.jsonl", content), max_chars=99)
    assert found.prompts == (Prompt("Hi", ("a", "b"), "en"), Prompt("Bye"))
    assert found.ignored == ("n",)


def test_the_prompts_of_the_shipped_deck_are_read(tmp_path: Path) -> None:
    path = Path(str(files("arena.decks"))) / "demo.jsonl"
    found = read_prompts(path, max_chars=4000)
    deck = shipped("demo")
    assert deck is not None
    assert [(one.text, one.tags, one.language) for one in found.prompts] == [
        (one.text, one.tags, one.language) for one, _ in deck.prompts
    ]
    assert found.ignored == ("answers",)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.txt", "\n \n", "p.txt: no prompts; expected one in each line"),
        ("p.txt", "fine\n" + "x" * 11, "line 2: a prompt of 11 characters; expected at most 10, the max_prompt_chars"),
        ("p.txt", b"fine\n\xff\xfe", "line 2: not UTF-8 text; save the file as UTF-8"),
        ("p.txt", "a\0b", "line 1: 'a\\\\x00b' has characters that cannot be stored"),
        ("p.csv", "name\nx\n", "line 1: the columns are 'name'; expected a first line with a column text"),
        ("p.csv", "", "line 1: the columns are ''"),
        ("p.csv", "sep=;\ntext;language\nfine;en\nx;5\n", "line 4: language is '5'; expected a code"),
        ("p.csv", "text,text\na,b\n", "line 1: 2 columns text; expected one"),
        ("p.csv", "text\nfine\na,b\n", "line 3: 2 fields; expected 1, as in the first line"),
        ("p.csv", 'text\n"open\nmore\n', "line 2: unexpected end of data; expected CSV with closed quotes"),
        ("p.csv", "text,language\nfine,en\nx,English\n", "line 3: language is 'English'; expected a code such as en"),
        ("p.csv", "text,language\n,en\n", "line 2: text is None; expected a prompt"),
        ("p.csv", "text,tags\nx," + "t" * 41 + "\n", "line 2: the tag 't+'; expected at most 40 printable"),
        ("p.jsonl", '{"text": "x"}\nHello\n', "line 2: 'Hello' is not JSON; expected an object such as"),
        ("p.json", '["x"]', r"line 1: '\[\"x\"\]' is not an object"),
        ("p.csv", "text,prompt\na,b\n", "line 2: both text and prompt; expected one of them"),
        ("p.jsonl", '{"text": 5}', "line 1: text is 5; expected a prompt"),
        ("p.jsonl", '{"text": "\\u200b "}', "line 1: text is .*; expected a prompt"),
        ("p.jsonl", '{"text": "x\\ud800"}', "line 1: .* has characters that cannot be stored"),
        ("p.jsonl", '{"text": "x", "tags": {"a": 1}}', "line 1: tags is {'a': 1}; expected a list of texts"),
        ("p.jsonl", "[" * 100_000, "line 1: .*is not JSON"),
    ],
)
def test_a_wrong_prompt_is_named_with_its_line_and_what_was_expected(
    tmp_path: Path, name: str, content: str | bytes, expected: str
) -> None:
    with pytest.raises(PromptFileError, match=expected):
        read_prompts(write(tmp_path, name, content), max_chars=10 if "fine\nx" in str(content) else 99)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptFileError, match=r"no file .*none\.txt; name a file of prompts with --prompts"):
        read_prompts(tmp_path / "none.txt", max_chars=9)
    with pytest.raises(PromptFileError, match="cannot be read: Is a directory"):
        read_prompts(tmp_path, max_chars=9)
