"""The tree shows every module with a sentence about it."""

from pathlib import Path

import pytest

from docs.writers.source import caption
from docs.writers.tree import PACKAGES, tree
from tests.docs.pages import ROOT


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_a_caption(package: str) -> None:
    assert [str(path) for path in (ROOT / package).rglob("*.py") if not caption(path)] == []


def test_folders_and_modules_are_listed_with_the_first_sentence_of_their_docstrings(tmp_path: Path) -> None:
    for name in ("arena", "elo", "db", "inference", "bench", "tests", "tests/arena", "docs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("" if name == "tests/arena" else f'"""Of {name}. More."""')
    (tmp_path / "app.py").write_text('"""Start it."""')
    (tmp_path / "elo" / "fit").mkdir()
    (tmp_path / "elo" / "fit" / "__init__.py").write_text('"""Fits."""')
    (tmp_path / "elo" / "fit" / "ties.py").write_text('"""Models of ties: two. Not more."""')
    lines = [" ".join(line.split()) for line in tree(tmp_path).splitlines()]
    assert "app.py Start it" in lines
    at = lines.index("elo/ Of elo")
    assert lines[at + 1 : at + 3] == ["fit/ Fits", "ties.py Models of ties: two"]
    assert "arena/" not in lines
