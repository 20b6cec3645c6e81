import dataclasses

from db import queries
from db.session import Database
from tests.db.building import fight


def test_consent_covers_the_battles_from_then_on_until_it_is_revoked(database: Database) -> None:
    with database.write() as tx:
        assert queries.consent_at(tx, "ann") is None
        queries.set_consent(tx, "ann", is_given=False, now=1.0)
        assert queries.get_visitor(tx, "ann") is None
        early = queries.get_battle(tx, fight(tx))  # at 10.0
        queries.set_consent(tx, "ann", is_given=True, now=10.0)
        queries.set_consent(tx, "ann", is_given=True, now=11.0)
        assert queries.consent_at(tx, "ann") == 10.0
        covered = queries.get_battle(tx, early.battle_id)
        assert (early.has_consent, covered.has_consent) == (False, True)
        assert not dataclasses.replace(covered, opened_at=9.9).has_consent
        queries.set_consent(tx, "ann", is_given=False, now=12.0)
        queries.set_consent(tx, "ann", is_given=True, now=13.0)
        assert not queries.get_battle(tx, early.battle_id).has_consent
