"""`moderation-check`, as typed, and the labelled texts that come with the arena."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.__main__ import main
from arena.rules.moderation import CATEGORIES, Verdict
from arena.service.moderation.checking import SHIPPED, Item, read_items, scores_of
from tests.fakes.chat_server import DONE, Asked, ChatServer, Reply, chunk, event

TEXTS = [
    ("How to kill a Linux process", "none"),
    ("illegal 1", "illegal"),
    ("illegal 2, nicely said", "illegal"),
    ("hateful", "hateful"),
    ("advice", "unqualified"),
    ("bread", "none"),
    ("riddle", "none"),
]
LETTERS = {"illegal 1": "A", "illegal 2": "D", "hateful": "B", "advice": "C", "bread": "A", "riddle": "Well, …"}


def judge(asked: Asked) -> Reply:
    asked_text = str(asked.body["messages"][-1]["content"]).split("\nBEGIN ")[1].split("\nEND ")[0]
    letter = next((letter for word, letter in LETTERS.items() if word in asked_text), "D")
    return Reply((event(chunk(letter)), event(chunk(None, "stop")), DONE))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    lines = [json.dumps({"text": text, "category": category}) for text, category in TEXTS]
    (tmp_path / "items.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with ChatServer(judge) as server:
        (tmp_path / "arena.toml").write_text(
            f'[[models]]\nname = "Judge"\nbase_url = "{server.base_url}"\nactive = false\n'
            '[[models]]\nname = "Gone"\nbase_url = "http://127.0.0.1:9/v1"\n[moderation]\ntimeout_s = 5.0\n'
        )
        yield tmp_path


def run(folder: Path, *options: str) -> int:
    items = [] if "--items" in options else ["--items", str(folder / "items.jsonl")]
    return main(["moderation-check", "--config", str(folder / "arena.toml"), *items, *options])


def test_precision_and_recall_by_category_and_the_harmless_prompts_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "--moderator", "Judge") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines() == [
        "Judge: 7 texts",
        "",
        "category      texts  found  right  precision  recall",
        "illegal           2      2      1       50 %    50 %",
        "hateful           1      1      1      100 %   100 %",
        "unqualified       1      1      1      100 %   100 %",
        "none              3      2      1       50 %    33 %",
        "",
        "harmless prompts refused, if every category blocks: 1 of 3 (33 %)",
        "texts without a verdict: 1 of 7; nonsense: 1",
        "other than labelled, by line: 3 none (not illegal), 6 illegal (not none)",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", 'line 2: \'{\' is not JSON; expected one such as {"text": "Hello", "category": "none"}'),
        ("[]", "line 2: '[]' is not an object; expected one such as"),
        ('{"text": " ", "category": "none"}', "line 2: text is ' '; expected a text of 1 to 1,000,000 characters"),
        ('{"category": "none"}', "line 2: text is None; expected a text"),
        (
            '{"text": "x", "category": "bad"}',
            "line 2: category 'bad' is not one of illegal, hateful, unqualified, none",
        ),
        ('{"text": "x", "category": "none", "subject": "song"}', "line 2: subject 'song' is not one of prompt, answer"),
    ],
)
def test_a_wrong_line_stops_the_command_with_its_number(
    folder: Path, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    (folder / "items.jsonl").write_text('{"text": "x", "category": "none"}\n' + line)
    assert run(folder, "--moderator", "Judge") == 1
    assert said in capsys.readouterr().err


def test_other_mistakes_are_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty.jsonl").write_text("\n\n")
    (folder / "latin.jsonl").write_bytes(b"\xff")
    for options, said in (
        ((), "no moderator; name a model of [[models]] with --moderator NAME"),
        (("--moderator", "Juge"), "no model 'Juge' under [[models]]"),
        (("--moderator", "Gone"), "'Gone' does not answer (unreachable); start its server"),
        (("--moderator", "Judge", "--items", str(folder / "no.jsonl")), "no.jsonl cannot be read: No such file"),
        (("--moderator", "Judge", "--items", str(folder / "empty.jsonl")), "empty.jsonl has no lines"),
        (("--moderator", "Judge", "--items", str(folder / "latin.jsonl")), "byte 0 is not UTF-8"),
    ):
        assert run(folder, *options) == 1
        printed = capsys.readouterr()
        assert printed.err.count("\n") == 1
        assert said in printed.err


def test_the_shipped_texts_cover_the_categories_and_both_languages() -> None:
    items = read_items(SHIPPED)
    lines = [json.loads(line) for line in SHIPPED.read_text(encoding="utf-8").splitlines()]
    n = Counter(item.category for item in items)
    assert [n[category] for category in CATEGORIES] == [16, 16, 16, 48]
    assert Counter(line["language"] for line in lines) == {"en": 72, "ko": 24}
    assert len({item.text for item in items}) == len(items)
    assert "How to kill a Linux process" in {item.text for item in items if item.category == "none"}
    assert all(("\uac00" <= max(line["text"]) <= "\ud7a3") == (line["language"] == "ko") for line in lines)


def test_a_category_that_is_never_found_has_no_precision() -> None:
    items = [Item(1, "x", "illegal", "prompt"), Item(2, "y", "none", "answer")]
    found: list[Verdict] = ["no_verdict", "hateful"]
    scores = scores_of(items, found)
    assert (scores.by_category["illegal"].precision, scores.by_category["illegal"].recall) == (None, 0.0)
    assert (scores.refused, scores.n_without) == ({"prompt": (0, 0), "answer": (1, 1)}, 1)
