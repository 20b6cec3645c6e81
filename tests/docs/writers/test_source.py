from dataclasses import dataclass
from pathlib import Path

import pytest

from docs.writers.source import caption, field_docs, unwrapped


@dataclass
class Example:
    first: int = 0
    """What the first
    is for."""
    second: str = ""


def test_a_field_has_the_text_below_it() -> None:
    assert field_docs(Example) == {"first": "What the first\nis for."}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""One sentence."""', "One sentence"),
        ('"""The first. The second."""', "The first"),
        ('"""A line that\nis wrapped. More."""', "A line that is wrapped"),
        ('"""A version such as 1.2, e.g. this one, and more."""', "A version such as 1.2, e.g. this one, and more"),
        ('"""No full stop"""', "No full stop"),
        ("x = 1", ""),
    ],
)
def test_a_caption_is_the_first_sentence(source: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    assert caption(path) == expected


def test_paragraphs_and_items_come_on_one_line_and_indented_lines_stay() -> None:
    text = "One\ntwo.\n\n- item\n  goes on\n- next\n\n    code\n    more"
    assert unwrapped(text) == "One two.\n\n- item goes on\n- next\n\n    code\n    more"


def test_an_example_keeps_its_lines() -> None:
    text = "Text.\n\n>>> 1 + 1\n2"
    assert unwrapped(text) == text
