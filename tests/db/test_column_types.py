import pytest

from db import queries
from db.codes import State
from db.column_types import clean_text
from db.session import Database
from tests.db.building import votable


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("plain 한국어 🌲", "plain 한국어 🌲"),
        ("a\0b", "a\ufffdb"),
        ("half \ud83c", "half \ufffd"),
        ("pair \ud83c\udf32 in halves", "pair 🌲 in halves"),
        ("", ""),
    ],
)
def test_any_text_can_be_stored(database: Database, came: str, kept: str) -> None:
    assert clean_text(came) == kept
    with database.write() as tx:
        battle_id = votable(tx)
        queries.set_battle_state(tx, battle_id, State.OPEN, now=1.0)
        queries.add_turn(tx, battle_id, came)
    with database.read() as tx:
        assert queries.get_battle(tx, battle_id).turns[-1].prompt == kept
