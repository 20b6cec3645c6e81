"""The filters' menus offer only what an address can ask for."""

import asyncio
from pathlib import Path

import pytest

from arena.standings.choices import Choices, KnownChoices
from db import queries
from db.queries import FilterChoices
from db.session import open_database


def test_a_tag_that_an_address_refuses_is_not_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = FilterChoices({"ko": 9, "en": 2}, {"long" * 21: 5, "code": 3, "two\nlines": 1}, ())
    monkeypatch.setattr(queries, "filter_choices", lambda tx, kinds: stored)
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    known = asyncio.run(KnownChoices(database).latest())
    database.close()
    assert known == Choices(("ko", "en"), ("code",))
