"""A long replay of the online Elo keeps nobody waiting, and is right whatever happens meanwhile."""

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from db import queries
from db.codes import Reason
from db.integrity import problems
from db.online_replay import bring_up_to_date
from db.outcome import Outcome
from db.queries import BattleRecord, CastVote, OnlineElo
from db.queries.boards import online
from db.session import Database, open_database
from tests.db.building import ELO, MODELS, fight, votable, vote


@pytest.fixture(autouse=True)
def long_replays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "LONG_REPLAY", 20)


def imported(database: Database, folder: Path, n: int = 40, visitor: str = "far") -> list[BattleRecord]:
    """Import so many votes from another database; one in eight does not count."""
    other, rng = open_database(f"sqlite:///{folder / f'{visitor}.sqlite'}"), random.Random(visitor)
    with other.write() as tx:
        for i in range(n):
            a, b = rng.sample(MODELS, 2)
            reasons = [Reason.STOPPED] if i % 8 == 3 else []
            vote(tx, votable(tx, (a, b), visitor), rng.choice(list(Outcome)), visitor, reasons=reasons)
        records = [*queries.voted_battles(tx)]
    other.close()
    with database.write() as tx:
        queries.import_votes(tx, records)
    return records


def one_vote(database: Database, visitor: str = "ann", outcome: Outcome = Outcome.A, elo: OnlineElo = ELO) -> CastVote:
    with database.write() as tx:
        return vote(tx, votable(tx, visitor=visitor), outcome, visitor, elo=elo)


def is_right(database: Database) -> bool:
    """Whether the state is said to be up to date; then it must equal an independent replay."""
    with database.read() as tx:
        state = queries.ledger_state(tx)
        assert problems(tx, ELO) == []
        if state.elo_revision == state.revision:
            assert queries.elo_state(tx) == queries.replay(queries.votes_in_order(tx), ELO)
        return state.has_right_state(ELO)


def test_a_vote_after_a_long_import_has_no_change_until_the_replay(database: Database, tmp_path: Path) -> None:
    one_vote(database)
    imported(database, tmp_path)
    cast = one_vote(database)
    assert (cast.a, cast.b, cast.counted) == (None, None, True)
    assert not is_right(database)
    assert bring_up_to_date(database, ELO)
    assert is_right(database)
    cast = one_vote(database)
    assert cast.a is not None
    assert cast.a.after > cast.a.before
    assert is_right(database)


def test_a_vote_after_a_short_import_waits_for_the_replay(database: Database, tmp_path: Path) -> None:
    imported(database, tmp_path, n=15)
    cast = one_vote(database)
    assert cast.a is not None
    assert cast.a.after != cast.a.before
    assert is_right(database)


def test_a_state_of_another_formula_stays_out_of_date_until_the_replay(database: Database, tmp_path: Path) -> None:
    imported(database, tmp_path)
    bring_up_to_date(database, replace(ELO, name="another", update=lambda a, b, outcome: (a + 1, b - 1)))
    assert one_vote(database).a is None
    assert not is_right(database)
    assert bring_up_to_date(database, ELO)
    assert is_right(database)


class Meanwhile:
    """The tests' Elo, which makes one change of the ledger in each read of a snapshot, as another process may."""

    def __init__(self, *changes: Callable[[], object]) -> None:
        self.changes = [*changes]
        self.n_read = 0
        self.elo = replace(ELO, update_all=self._update_all)

    def _update_all(self, ratings: list[float], votes: Iterable[tuple[int, int, int]]) -> None:
        self.n_read += 1
        if self.changes:
            self.changes.pop(0)()
        ELO.extend(ratings, votes)


def test_votes_cast_during_a_replay_are_in_its_state(database: Database, tmp_path: Path) -> None:
    imported(database, tmp_path)
    cast: list[CastVote] = []

    def three_votes() -> None:
        cast.extend(one_vote(database, outcome=outcome) for outcome in (Outcome.B, Outcome.TIE, Outcome.B))

    meanwhile = Meanwhile(three_votes)
    assert bring_up_to_date(database, meanwhile.elo)
    assert [one.a for one in cast] == [None] * 3
    assert meanwhile.n_read == 2, "once from the snapshot, once for the three votes, under the lock"
    assert is_right(database)


def test_a_replay_begins_again_if_an_older_vote_changes(database: Database, tmp_path: Path) -> None:
    imported(database, tmp_path)
    mine = []
    with database.write() as tx:
        mine.append(fight(tx))

    def withdraw() -> None:
        with database.write() as tx:
            queries.withdraw_vote(tx, mine[0], visitor="ann", reason=None, now=30.0)

    def ban() -> None:
        with database.write() as tx:
            assert queries.ban_visitor(tx, "far", reason="test", now=30.0).n_flipped == 35

    def unban() -> None:
        with database.write() as tx:
            queries.unban_visitor(tx, "far")

    meanwhile = Meanwhile(withdraw, ban, unban)
    with database.write() as tx:  # after the ban a vote is left to read
        fight(tx, ("cedar", "dogwood"), visitor="bo")
    assert bring_up_to_date(database, meanwhile.elo)
    assert meanwhile.changes == []
    assert meanwhile.n_read == 4
    assert is_right(database)


def test_a_second_import_during_a_replay_is_read_outside_the_lock_too(database: Database, tmp_path: Path) -> None:
    imported(database, tmp_path)
    meanwhile = Meanwhile(lambda: imported(database, tmp_path, visitor="farther"))
    assert bring_up_to_date(database, meanwhile.elo)
    assert meanwhile.n_read == 2, "the second read begins where the first ended"
    assert is_right(database)


def test_votes_that_never_stop_changing_are_left_for_later(
    database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    imported(database, tmp_path)

    def change() -> None:
        with database.write() as tx:
            queries.ban_visitor(tx, "far", reason="test", now=30.0)
            queries.unban_visitor(tx, "far")

    assert not bring_up_to_date(database, Meanwhile(*[change] * 10).elo)
    assert "votes changed during each of 10 replays" in caplog.text
    assert not is_right(database)
    assert bring_up_to_date(database, ELO)
    assert is_right(database)


def test_nobody_waits_for_a_replay(database: Database, tmp_path: Path) -> None:
    """A vote from another thread is stored while the replay stands still."""
    imported(database, tmp_path)
    begun, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert may_go_on.wait(20)

    replay = threading.Thread(target=bring_up_to_date, args=(database, Meanwhile(hold).elo))
    replay.start()
    assert begun.wait(20)
    cast = one_vote(database)
    with database.read() as tx:
        assert queries.ledger_state(tx).revision == cast.revision
    may_go_on.set()
    replay.join(20)
    assert cast.a is None
    assert is_right(database)
    assert one_vote(database).a is not None


def test_two_processes_may_replay_at_once(database: Database, tmp_path: Path) -> None:
    imported(database, tmp_path)
    assert bring_up_to_date(database, Meanwhile(lambda: bring_up_to_date(database, ELO)).elo)
    assert is_right(database)


@pytest.mark.parametrize("moment", ["reading", "storing"])
def test_a_replay_that_dies_leaves_the_old_state(
    database: Database, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_vote(database)
    imported(database, tmp_path)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with database.read() as tx:
        before = queries.elo_state(tx)
    with monkeypatch.context() as patch:
        if moment == "storing":  # the rows are written, the ledger is not
            patch.setattr(online, "update", die)
        with pytest.raises(KeyboardInterrupt):
            bring_up_to_date(database, Meanwhile(die).elo if moment == "reading" else ELO)
    with database.read() as tx:
        assert queries.elo_state(tx) == before
    assert not is_right(database)
    assert one_vote(database).a is None
    assert bring_up_to_date(database, ELO)
    assert is_right(database)


def test_under_the_lock_only_the_newest_votes_are_read(database: Database, tmp_path: Path) -> None:
    if not database.is_sqlite:
        pytest.skip("the plan is SQLite's")
    imported(database, tmp_path)
    with database.read() as tx:
        so_far = online.extended(tx, online.Replay(ELO))
    one_vote(database)
    statements: list[str] = []
    with database.write() as tx:
        event.listen(tx, "before_cursor_execute", lambda _, cursor, statement, *rest: statements.append(statement))
        assert online.store_replay(tx, so_far)
    with database.read() as tx:
        plans = [
            row[3]
            for statement in statements
            if statement.startswith("SELECT")
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple([0] * statement.count("?"))).all()
        ]
    assert {plan.split(" USING ")[-1] for plan in plans if "votes" in plan.split()} == {
        "INDEX sqlite_autoindex_votes_2 (revision>?)",
        "INDEX votes_changed (changed_revision>?)",
    }
