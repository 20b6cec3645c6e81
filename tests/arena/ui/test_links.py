import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

import arena.ui
from arena.ui.links import PAGES, link

BASES = ("http://127.0.0.1:7860", "https://example.org/arena", "https://example.org/apps/arena")


@pytest.mark.parametrize("base", BASES)
def test_a_link_works_on_every_page_at_any_address_of_the_arena(base: str) -> None:
    for here in PAGES.values():
        for there in (*PAGES.values(), "/leaderboard.json"):
            assert urljoin(base + here, link(there)) == base + there


def test_no_page_links_from_the_root_of_its_host() -> None:
    """If the arena is at https://example.org/arena, the root of the host belongs to somebody else."""
    for source in Path(arena.ui.__file__).parent.rglob("*"):
        if source.suffix in (".py", ".js", ".css", ".toml"):
            text = source.read_text(encoding="utf-8")
            assert not re.search(r"""(href|src|action)=\\?["']/|url\(["']?/|fetch\(["'`]/|; ?path=/""", text), source
