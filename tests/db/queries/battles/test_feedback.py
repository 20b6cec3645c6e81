import pytest

from db import queries
from db.errors import NoSuchBattle, NotAllowedNow, NotYours
from db.queries import Feedback, Tag
from db.session import Database
from tests.db.building import fight, votable


def test_feedback_replaces_what_was_stored(database: Database) -> None:
    first = Feedback(a=(Tag.CLEAR, Tag.USEFUL, Tag.CLEAR), b=(Tag.WRONG,), comment="B \0 adds up wrongly.")
    with database.write() as tx:
        battle_id = fight(tx)
        assert not queries.feedback_of(tx, battle_id)
        queries.save_feedback(tx, battle_id, visitor="ann", feedback=first)
        stored = Feedback((Tag.USEFUL, Tag.CLEAR), (Tag.WRONG,), "B \ufffd adds up wrongly.")
        assert queries.feedback_of(tx, battle_id) == stored == queries.get_battle(tx, battle_id).feedback
        only_b = Feedback(b=(Tag.IGNORES_INSTRUCTIONS,))
        queries.save_feedback(tx, battle_id, visitor="ann", feedback=only_b)
        assert queries.feedback_of(tx, battle_id) == only_b
        queries.save_feedback(tx, battle_id, visitor="ann", feedback=Feedback(comment=""))
        assert not queries.feedback_of(tx, battle_id)


def test_feedback_comes_from_the_voter_after_the_vote(database: Database) -> None:
    praise = Feedback(a=(Tag.USEFUL,))
    with database.write() as tx:
        with pytest.raises(NotAllowedNow, match="is votable; feedback comes after the vote"):
            queries.save_feedback(tx, votable(tx), visitor="ann", feedback=praise)
        with pytest.raises(NotYours):
            queries.save_feedback(tx, fight(tx), visitor="bo", feedback=praise)
        with pytest.raises(NoSuchBattle):
            queries.feedback_of(tx, "nope")


def test_the_list_of_tags_is_closed_and_says_which_are_praise() -> None:
    assert [tag.value for tag in Tag if tag.is_praise] == ["useful", "correct", "complete", "clear", "well_formatted"]
    assert [tag.value for tag in Tag if not tag.is_praise] == ["wrong", "superficial", "ignores_instructions"]
