import pytest

from db import queries
from db.codes import BattleKind, Reason
from db.errors import NoSuchBattle, NotAllowedNow, NotYours
from db.session import Database
from tests.db.building import fight, votable, votable_quick, vote


def test_a_battle_is_shared_only_by_its_visitor_and_until_it_is_taken_back(database: Database) -> None:
    with database.write() as tx:
        battle_id = fight(tx)
        with pytest.raises(NoSuchBattle):
            queries.shared_battle(tx, queries.get_battle(tx, battle_id).share_id)
        for step in (
            lambda: queries.share_battle(tx, battle_id, visitor="bo", now=30.0),
            lambda: queries.unshare_battle(tx, battle_id, visitor="bo"),
        ):
            with pytest.raises(NotYours):
                step()
        link = queries.share_battle(tx, battle_id, visitor="ann", now=30.0)
        assert queries.share_battle(tx, battle_id, visitor="ann", now=31.0) == link
        assert queries.shared_battle(tx, link) == queries.get_battle(tx, battle_id)
        assert queries.get_battle(tx, battle_id).shared_at == 30.0
        queries.unshare_battle(tx, battle_id, visitor="ann")
        again = queries.share_battle(tx, battle_id, visitor="ann", now=32.0)
        assert again != link
        with pytest.raises(NoSuchBattle):
            queries.shared_battle(tx, link)


def test_only_voted_battles_that_are_not_quick_are_shared(database: Database) -> None:
    with database.write() as tx:
        quick = votable_quick(tx)
        vote(tx, quick)
        for battle_id in (votable(tx), quick):
            with pytest.raises(NotAllowedNow, match="only a voted one that is not quick can be shared"):
                queries.share_battle(tx, battle_id, visitor="ann", now=30.0)
        named = votable(tx, kind=BattleKind.NAMED)
        vote(tx, named, reasons=[Reason.NAMED])
        assert queries.shared_battle(tx, queries.share_battle(tx, named, visitor="ann", now=30.0)).battle_id == named
