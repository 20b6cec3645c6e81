import re

import pytest
from sqlalchemy import event

from db import queries
from db.codes import BattleKind, Reason, State
from db.errors import NoSuchBattle
from db.outcome import Outcome
from db.queries import Cell, NewBattle, OwnTotals
from db.session import Database
from tests.db.building import add_models, fight, votable, votable_quick, vote


def test_a_visitors_battles_come_newest_first_in_pages_and_by_filter(database: Database) -> None:
    with database.write() as tx:
        ids = [votable(tx) for _ in range(4)]  # all opened at one time
        vote(tx, ids[0], Outcome.TIE)
        vote(tx, ids[1], Outcome.B, reasons=[Reason.STOPPED])
        ids.append(votable_quick(tx))
        fight(tx, visitor="bo")

        def found(**chosen: object) -> list[str]:
            return [one.battle_id for one in queries.visitor_battles(tx, "ann", **{"limit": 9, **chosen})]  # type: ignore[arg-type]

        assert found() == ids[::-1]
        assert found(limit=2) == ids[:2:-1]
        assert found(limit=2, before=ids[3]) == ids[2:0:-1]
        assert found(before=ids[0]) == []
        assert found(kinds=[BattleKind.QUICK]) == [ids[4]]
        assert found(outcome=Outcome.TIE) == [ids[0]]
        assert found(counted=True) == [ids[0]]
        assert found(counted=False) == [ids[1]]
        assert queries.visitor_battles(tx, "nobody", limit=9) == []
        with pytest.raises(NoSuchBattle):
            queries.visitor_battles(tx, "bo", before=ids[0], limit=9)


def test_a_list_tells_no_name_before_the_vote_and_the_owner_all(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        votable(tx)
        votable(tx, kind=BattleKind.NAMED)
        own = queries.visitor_battles(tx, "ann", limit=9)
        assert [(one.kind.label, one.state, one.model_a, one.model_b) for one in own] == [
            ("named", State.VOTABLE, "ash", "birch"),
            ("battle", State.VOTABLE, None, None),
            ("battle", State.VOTED, "ash", "birch"),
        ]
        assert (own[2].outcome, own[2].counted, own[2].prompt, own[1].counted) == (
            Outcome.A,
            True,
            "What is 2 + 2?",
            None,
        )
        last = queries.latest_battles(tx, 2)
        assert [one.battle_id for one in last] == [one.battle_id for one in own[:2]]
        assert {one.model_a for one in last} == {"ash"}


def test_a_battle_that_was_replaced_is_not_listed_to_its_visitor(database: Database) -> None:
    with database.write() as tx:
        add_models(tx)
        new = NewBattle("ann", "ash", "birch", None)
        old = queries.open_battle(tx, new, now=5.0)
        queries.add_turn(tx, old, "Hi", now=5.0)
        later = queries.replace_battle(tx, old, new, "Hi", answers=(), now=6.0)
        assert [one.battle_id for one in queries.visitor_battles(tx, "ann", limit=9)] == [later]


def test_a_visitors_own_board_counts_their_counted_votes(database: Database) -> None:
    with database.write() as tx:
        for outcome in (Outcome.A, Outcome.A, Outcome.TIE):
            fight(tx, outcome=outcome)
        fight(tx, visitor="bo")
        vote(tx, votable(tx), reasons=[Reason.STOPPED])
        vote(tx, votable_quick(tx))
        assert sorted(queries.visitor_cells(tx, "ann")) == [
            Cell("ash", "birch", Outcome.A, 2),
            Cell("ash", "birch", Outcome.TIE, 1),
        ]
        assert len(queries.visitor_cells(tx, "ann", BattleKind.QUICK)) == 1


def test_a_visitors_queries_read_only_the_visitors_own_rows(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("the plan is SQLite's")
    asked: list[tuple[str, object]] = []
    with database.write() as tx:
        last = fight(tx)
    with database.read() as tx:
        event.listen(
            tx, "before_cursor_execute", lambda _, cursor, statement, values, *rest: asked.append((statement, values))
        )
        queries.visitor_battles(tx, "ann", counted=True, outcome=Outcome.A, before=last, limit=20)
        queries.visitor_cells(tx, "ann")
        queries.visitor_totals(tx, "ann")
        queries.visitor_records(tx, "ann", before=last, limit=20)
        queries.withdrawals(tx, "ann", since=0.0)
        queries.count_recent(tx, visitor="ann", address="cafe", since=0.0)
        queries.named_prompts(tx, "ann", since=0.0)
    with database.read() as tx:
        plans = [row[3] for one in asked for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {one[0]}", one[1])]  # type: ignore[arg-type]
    large = [step for step in plans if re.search(r"\b(battles|votes|turns)\b", step)]
    assert len(large) > 10
    assert [step for step in large if step.startswith("SCAN") or "votes_board" in step or "cast_at" in step] == []


def test_a_visitors_records_come_in_pages_and_the_totals_count_only_blind_votes(database: Database) -> None:
    with database.write() as tx:
        ids = [fight(tx), votable(tx), votable_quick(tx)]
        vote(tx, ids[1], reasons=[Reason.STOPPED, Reason.NO_ANSWER])
        vote(tx, ids[2])
        queries.share_battle(tx, ids[0], visitor="ann", now=1.0)
        fight(tx, visitor="bo")
        assert [one.battle_id for one in queries.visitor_records(tx, "ann", limit=2)] == ids[:0:-1]
        assert queries.visitor_records(tx, "ann", before=ids[1], limit=9) == [queries.get_battle(tx, ids[0])]
        assert [one.battle_id for one in queries.visitor_battles(tx, "ann", is_shared=True, limit=9)] == ids[:1]
        assert queries.visitor_totals(tx, "ann") == OwnTotals(
            3, 1, 3, 1, 1, {Reason.STOPPED: 1, Reason.NO_ANSWER: 1}, 2
        )
        assert queries.visitor_totals(tx, "nobody") == OwnTotals(0, 0, 0, 0, 0, {})
