import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from arena.decks.shipped import shipped
from arena.service.decks.opening import open_decks, players_of
from arena.settings import BattleSettings, Player, QuickSettings, Settings
from db import queries
from db.queries import DeckPrompt
from db.session import Database, open_database

DEMO = tuple(
    Player(slug.replace("-", " ").title(), demo=slug) for slug in ("wren-sol", "moss-tarn", "fen-quill", "larch-umber")
)
SETTINGS = Settings(models=DEMO, quick=QuickSettings(decks=("demo",)))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    yield database
    database.close()


def decks(database: Database) -> dict[str, tuple[bool, int, int]]:
    with database.read() as tx:
        return {deck.name: (deck.is_live, deck.n_prompts, deck.n_answers) for deck in queries.list_decks(tx)}


def test_a_fresh_database_gets_the_shipped_deck_once(database: Database) -> None:
    open_decks(database, SETTINGS, now=1.0)
    file = shipped("demo")
    assert file is not None
    assert decks(database) == {"demo": (True, len(file.prompts), 4 * len(file.prompts))}
    with database.read() as tx:
        assert queries.deck_content(tx, "demo") == tuple(
            (prompt, tuple(sorted(answers, key=lambda one: one.model))) for prompt, answers in file.prompts
        )
    with database.write() as tx:
        tx.exec_driver_sql("UPDATE deck_answers SET seed = 1")
    open_decks(database, SETTINGS, now=2.0)
    with database.read() as tx:
        assert {answer.seed for _, answers in queries.deck_content(tx, "demo") for answer in answers} == {1}


def test_only_models_that_answer_as_the_file_says_get_its_answers(database: Database) -> None:
    wren, moss, fen, larch = DEMO
    renamed = replace(wren, name="My wren")
    players = (
        renamed,
        replace(moss, system_prompt="Rhyme."),
        replace(fen, dtype="int8"),
        replace(larch, is_active=False),
    )
    file = shipped("demo")
    assert file is not None
    assert players_of(file, players) == {"Wren Sol": renamed}
    twice = (renamed, replace(wren, name="Again"))
    assert players_of(file, twice) == {"Wren Sol": renamed}
    open_decks(database, replace(SETTINGS, models=players), now=1.0)
    assert decks(database) == {"demo": (True, len(file.prompts), len(file.prompts))}


def test_it_is_not_added_where_battles_have_other_settings(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        open_decks(database, replace(SETTINGS, battle=BattleSettings(temperature=0.1)), now=1.0)
        open_decks(database, replace(SETTINGS, quick=QuickSettings(decks=("mine",))), now=1.0)
        open_decks(database, replace(SETTINGS, models=(replace(DEMO[0], system_prompt="Rhyme."),)), now=1.0)
    assert decks(database) == {}
    assert len(caplog.records) == 2
    assert "asked for with other settings of [battle]" in caplog.text
    assert "[quick] names the deck 'mine', which has no prompts" in caplog.text


def test_the_settings_say_which_decks_are_live(database: Database) -> None:
    with database.write() as tx:
        for name in ("one", "two"):
            queries.add_deck_prompt(tx, DeckPrompt(name, "Hello"))
        queries.set_deck(tx, "one", is_live=True)
    for named, live in ((("two",), {"two"}), (("one", "two"), {"one", "two"}), ((), set[str]())):
        open_decks(database, replace(SETTINGS, quick=QuickSettings(decks=named)), now=1.0)
        assert {name for name, (is_live, _, _) in decks(database).items() if is_live} == live
