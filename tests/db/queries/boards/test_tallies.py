"""Kept counts equal fresh ones, whatever has changed since."""

import random
from pathlib import Path

import pytest
from sqlalchemy import event, text

from db import queries
from db.codes import BattleKind, Reason
from db.outcome import Outcome
from db.queries import BattleRecord, Tally, VoteTotals
from db.queries.boards import tallies as tallies_module
from db.session import Database, open_database
from tests.db.building import MODELS, add_models, fight, judge_again, votable, votable_quick, vote

VISITORS = ("ann", "bo", "cy")


def records_of(path: Path, seed: int, n: int) -> list[BattleRecord]:
    """Votes of another database, with visitors of its own."""
    other, rng = open_database(f"sqlite:///{path}"), random.Random(seed)
    with other.write() as tx:
        for _ in range(n):
            a, b = rng.sample(MODELS, 2)
            fight(tx, (a, b), rng.choice(list(Outcome)), rng.choice(VISITORS))
        queries.ban_visitor(tx, "ann", reason="test", now=30.0)
        records = [*queries.voted_battles(tx)]
    other.close()
    return records


def step(
    database: Database, rng: random.Random, voted: list[tuple[str, str]], imports: list[list[BattleRecord]]
) -> str:
    """Change the ledger in a random way."""
    visitor = rng.choice(VISITORS)
    what = rng.choices(["vote", "quick", "withdraw", "ban", "unban", "judge", "import"], [40, 6, 12, 3, 6, 3, 2])[0]
    with database.write() as tx:
        add_models(tx)
        queries.get_or_create_visitor(tx, visitor, now=1.0)
        if what == "vote":
            a, b = rng.sample(MODELS, 2)
            battle_id = votable(tx, (a, b), visitor)
            reasons = rng.choice([(), (), (), (Reason.FLAGGED,), (Reason.STOPPED, Reason.FLAGGED)])
            facts: dict[str, object] = {"n": rng.randrange(9)}
            vote(tx, battle_id, rng.choice(list(Outcome)), visitor, reasons=reasons, facts=facts)
            voted.append((battle_id, visitor))
        elif what == "quick":
            newcomer = f"quick {rng.random()}"  # a prepared prompt is dealt to a visitor once
            vote(tx, votable_quick(tx, visitor=newcomer), rng.choice(list(Outcome)), newcomer)
        elif what == "withdraw" and voted:
            battle_id, visitor = voted.pop(rng.randrange(len(voted)))
            queries.withdraw_vote(tx, battle_id, visitor=visitor, reason=None, now=30.0)
        elif what == "ban":
            queries.ban_visitor(tx, visitor, reason="test", now=30.0)
        elif what == "unban":
            queries.unban_visitor(tx, visitor)
        elif what == "judge":
            every = rng.choice([2, 3, 5])
            judge_again(
                tx, lambda facts: {Reason.FLAGGED} if facts.get("n", 1) == every else set(), rules_version=every
            )
        elif what == "import" and imports:
            queries.import_votes(tx, imports.pop())
    return what


@pytest.mark.parametrize("seed", range(3))
def test_kept_counts_equal_fresh_ones(
    database: Database, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several keepers, as several processes are, look after different numbers of changes."""
    monkeypatch.setattr(tallies_module, "_MOST_PAIRS", (50, 3, 1)[seed])
    rng = random.Random(seed)
    imports = [records_of(tmp_path / f"{n}.sqlite", n, n) for n in (5, 40)]
    kept: list[Tally | None] = [None, None, None]
    voted: list[tuple[str, str]] = []
    done = set()
    for _ in range(120):
        done.add(step(database, rng, voted, imports))
        for keeper, share in enumerate((1.0, 0.3, 0.05)):
            if rng.random() < share:
                with database.read() as tx:
                    kept[keeper] = found = queries.tally(tx, BattleKind.BATTLE, kept[keeper])
                    assert found == queries.tally(tx, BattleKind.BATTLE)
                    assert sorted(found.cells(queries.model_names(tx))) == sorted(queries.cells(tx))
                    assert (found.totals, found.exclusions) == (queries.vote_totals(tx), queries.exclusions(tx))
                    assert found.revision == queries.ledger_state(tx).revision
    assert {"vote", "withdraw", "ban", "unban", "judge", "import", "quick"} == done


def test_votes_of_another_kind_are_not_counted(database: Database) -> None:
    with database.write() as tx:
        fight(tx)
        vote(tx, votable_quick(tx), Outcome.TIE)
        of_quick = queries.tally(tx, BattleKind.QUICK)
        assert of_quick.totals == VoteTotals(1, 0)
        assert queries.tally(tx, BattleKind.BATTLE, of_quick).totals == VoteTotals(1, 0)


def test_a_revision_that_went_back_is_counted_afresh(database: Database) -> None:
    """As after a backup was restored."""
    with database.write() as tx:
        fight(tx)
        fight(tx)
        kept = queries.tally(tx, BattleKind.BATTLE)
        tx.execute(text("DELETE FROM votes WHERE revision = 2"))
        tx.execute(text("UPDATE ledger SET revision = 1, elo_revision = 0"))
        assert queries.tally(tx, BattleKind.BATTLE, kept).totals == VoteTotals(1, 0)


def test_one_more_vote_reads_its_pair_alone(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("the plan is SQLite's")
    with database.write() as tx:
        for pair in (("ash", "birch"), ("ash", "cedar"), ("birch", "cedar")):
            fight(tx, pair)
        vote(tx, votable(tx), reasons=[Reason.STOPPED])
        kept = queries.tally(tx, BattleKind.BATTLE)
        withdrawn = fight(tx, ("cedar", "ash"))
        vote(tx, votable(tx), reasons=[Reason.FLAGGED])
        queries.withdraw_vote(tx, withdrawn, visitor="ann", reason=None, now=30.0)
    statements: list[str] = []
    with database.read() as tx:
        event.listen(tx, "before_cursor_execute", lambda _, cursor, statement, *rest: statements.append(statement))
        found = queries.tally(tx, BattleKind.BATTLE, kept)
    with database.read() as tx:
        assert found == queries.tally(tx, BattleKind.BATTLE)
        plans = [
            row[3]
            for statement in statements
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple([0] * statement.count("?"))).all()
        ]
    of_votes = [plan for plan in plans if "votes" in plan.split()]
    assert {plan.split(" USING ")[1] for plan in of_votes} == {
        "INDEX sqlite_autoindex_votes_2 (revision>?)",
        "INDEX votes_changed (changed_revision>?)",
        "COVERING INDEX votes_board (counted=? AND model_a=? AND model_b=?)",
    }
