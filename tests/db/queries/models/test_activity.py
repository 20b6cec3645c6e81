from db import queries
from db.codes import BattleKind, Reason
from db.queries import ModelActivity
from db.session import Database
from tests.db.building import fight, votable, vote


def test_models_have_their_battles_votes_and_exclusions_since_a_time(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        vote(tx, votable(tx), reasons=[Reason.STOPPED, Reason.FLAGGED])
        vote(tx, votable(tx, ("cedar", "cedar"), kind=BattleKind.CONTROL), reasons=[Reason.CONTROL])
        votable(tx, ("birch", "dogwood"))
        assert queries.model_activity(tx, 10.0) == [
            ModelActivity("ash", 2, 2, {Reason.STOPPED: 1, Reason.FLAGGED: 1}),
            ModelActivity("birch", 3, 2, {Reason.STOPPED: 1, Reason.FLAGGED: 1}),
            ModelActivity("cedar", 1, 1, {Reason.CONTROL: 1}),
            ModelActivity("dogwood", 1, 0, {}),
        ]
        assert {(one.battles, one.votes) for one in queries.model_activity(tx, 15.0)} == {(0, 2), (0, 1), (0, 0)}
