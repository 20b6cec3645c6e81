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
    assert latest(tmp_path, monkeypatch, stored) == [Choices(("ko", "en"), ("code",))]


def test_quick_reads_are_waited_for_and_slow_ones_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = [FilterChoices({language: 1}, {}, ()) for language in ("en", "ko", "ja")]
    assert latest(tmp_path, monkeypatch, *stored) == [Choices(("en",)), Choices(("ko",)), Choices(("ja",))]
    assert latest(tmp_path, monkeypatch, *stored, read_s=0.1) == [Choices(("en",))] * 3


def latest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *stored: FilterChoices, read_s: float = 0.0
) -> list[Choices]:
    """Ask once for each of the choices that the database has meanwhile."""
    reads, now = iter(stored), 0.0

    def read(tx: object, kinds: object) -> FilterChoices:
        nonlocal now
        now += read_s
        return next(reads)

    monkeypatch.setattr(queries, "filter_choices", read)
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    known = KnownChoices(database, clock=lambda: now)

    async def ask() -> list[Choices]:
        return [await known.latest() for _ in stored]

    try:
        return asyncio.run(ask())
    finally:
        database.close()
