import pytest

from db import queries
from db.codes import State
from db.column_types import clean_text
from db.errors import NoSuchBattle, NoSuchCampaign, NoSuchModel
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


@pytest.mark.parametrize("unknown", ["\0", "a\0b", "\ud800", "x" * 100_000])
def test_ids_and_names_that_no_database_can_store_are_unknown_like_any_other(database: Database, unknown: str) -> None:
    with database.write() as tx:
        votable(tx)
    for look_up, error in (
        (lambda tx: queries.get_battle(tx, unknown), NoSuchBattle),
        (lambda tx: queries.shared_battle(tx, unknown), NoSuchBattle),
        (lambda tx: queries.visitor_battles(tx, "ann", before=unknown, limit=9), NoSuchBattle),
        (lambda tx: queries.campaign_by_token(tx, unknown), NoSuchCampaign),
        (lambda tx: queries.model_record(tx, unknown), NoSuchModel),
        (lambda tx: queries.share_battle(tx, unknown, visitor="ann", now=1.0), NoSuchBattle),
    ):
        with pytest.raises(error), database.write() as tx:
            look_up(tx)
