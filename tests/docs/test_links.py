"""Links within the repository: the file is there, and so is the heading."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, anchors, headings, without_blocks

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
