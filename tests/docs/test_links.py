"""Links within the repository: the file is there, and so is the heading."""

import importlib.util
import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, headings, read, without_blocks

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    missing = []
    for target in _LINK.findall(without_blocks(page)):
        name, _, anchor = target.partition("#")
        if name.startswith(("http://", "https://", "mailto:")):
            continue
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            missing.append(target)
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_has_one_title_and_no_two_headings_with_one_anchor(page: Path) -> None:
    found = headings(page)
    assert [level for level, _ in found].count(1) == 1
    assert found[0][0] == 1
    assert len(anchors(page)) == len(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_and_modules_that_a_page_names_are_there(page: Path) -> None:
    text = read(page)
    files = re.findall(r"`((?:app\.py|(?:arena|bench|db|docs|elo|inference|tests|\.ci)/[\w./-]+))`", text)
    modules = re.findall(r"python3? -m ((?:arena|bench|db|elo|inference)[\w.]*)", text)
    missing = [name for name in files if not (ROOT / name).exists()]
    missing += [name for name in modules if importlib.util.find_spec(name) is None]
    assert missing == []
