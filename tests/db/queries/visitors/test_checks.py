from db import queries
from db.codes import Action, Side
from db.queries import Check, CheckCount
from db.session import Database
from tests.db.building import votable


def test_findings_are_counted_with_and_without_a_battle(database: Database) -> None:
    prompt = Check(1, None, "hateful", Action.BLOCKED, "guard")
    answer = Check(1, Side.B, "none", Action.ALLOWED, "guard")
    with database.write() as tx:
        queries.save_check(tx, prompt, visitor="cy", now=5.0)
        queries.save_check(tx, prompt, visitor="cy", now=9.0)
        queries.save_check(tx, answer, battle_id=votable(tx), now=12.0)
        assert queries.check_counts(tx) == [
            CheckCount("guard", False, "hateful", Action.BLOCKED, 2),
            CheckCount("guard", True, "none", Action.ALLOWED, 1),
        ]
        assert [one.n for one in queries.check_counts(tx, since=9.0)] == [1, 1]
        # A visitor with nothing but a blocked prompt is forgotten; the count stays.
        queries.forget_visitor(tx, "cy", fresh="0", now=20.0)
        assert queries.get_visitor(tx, "cy") is None
        assert queries.check_counts(tx)[0].n == 2
