"""The boards as of each day."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from arena.service.profiles import history
from arena.service.profiles.history import Histories
from arena.standings import View
from db import queries
from db.outcome import Outcome
from db.queries import DayCells
from db.session import Database, open_database
from elo.battles import Cells
from elo.board.leaderboard import rate
from elo.board.over_time import MOST_DAYS, history_settings, spaced
from elo.settings import Settings
from tests.db.building import votable, vote

DAY = 86_400.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    yield found
    found.close()


def cast(database: Database, outcome: Outcome, *, day: int) -> str:
    with database.write() as tx:
        battle_id = votable(tx, ("ash", "birch"))
        vote(tx, battle_id, outcome, now=day * DAY + 5)
    return battle_id


def test_each_day_is_the_board_of_the_votes_so_far_and_is_rated_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rated = []

    def counting(cells: Cells, settings: Settings) -> object:
        rated.append(cells.n_votes)
        return rate(cells, settings)

    monkeypatch.setattr(history, "rate", counting)
    found = Histories(database, Settings())
    cast(database, Outcome.A, day=3)
    cast(database, Outcome.A, day=3)
    cast(database, Outcome.B, day=7)
    days = asyncio.run(found.all())["ash"]
    assert [day.ends_at for day in days] == [4 * DAY, 8 * DAY]
    alone = rate(Cells.from_counts([("ash", "birch", Outcome.A, 2)]), history_settings(Settings()))
    assert (days[0].rating, days[0].low) == (alone.rows[0].rating, alone.rows[0].low)
    assert days[1].rating < days[0].rating
    asyncio.run(found.all())
    cast(database, Outcome.A, day=9)
    assert len(asyncio.run(found.all())["birch"]) == 3
    assert rated == [2, 3, 4]


def test_a_withdrawn_vote_is_in_no_days_board(database: Database) -> None:
    found = Histories(database, Settings())
    first = cast(database, Outcome.A, day=3)
    cast(database, Outcome.B, day=4)
    before = asyncio.run(found.all())["ash"]
    with database.write() as tx:
        queries.withdraw_vote(tx, first, visitor="ann", reason=None, now=5 * DAY)
    (after,) = asyncio.run(found.all())["ash"]
    assert (len(before), after.ends_at) == (2, 5 * DAY)
    assert after.rating < 1000 == before[1].rating


def test_a_view_has_a_history_of_its_votes_alone_and_keeps_it(database: Database) -> None:
    found = Histories(database, Settings())
    for day, outcome in ((3, Outcome.A), (4, Outcome.A), (6, Outcome.B)):
        cast(database, outcome, day=day)
    view = View(until="1970-01-07", has_style=True, sort="votes")
    days = asyncio.run(found.all(view))["ash"]
    assert [day.ends_at for day in days] == [4 * DAY, 5 * DAY]
    assert days == asyncio.run(found.all())["ash"][:2]
    cast(database, Outcome.A, day=3)
    assert asyncio.run(found.all(view, revision=3))["ash"] == days, "as old as the board that is shown"
    assert asyncio.run(found.all(view, revision=4))["ash"] != days


def test_days_are_spaced_evenly_with_the_first_and_the_last() -> None:
    days = [DayCells(n, []) for n in range(1000)]
    chosen = [day.day for day in spaced(days, MOST_DAYS)]
    assert (len(chosen), chosen[0], chosen[-1]) == (MOST_DAYS, 0, 999)
    assert {b - a for a, b in pairwise(chosen)} == {16, 17}


@pytest.mark.parametrize(
    "official",
    [
        Settings(method="elo"),
        Settings(gauge="anchor", anchor=(("nobody", 1000.0),)),
        Settings(cluster="voter", half_life_days=3.0),
        Settings(prior=0.0),
    ],
)
def test_every_official_board_has_a_history(official: Settings) -> None:
    board = rate(Cells.from_counts([("ash", "birch", Outcome.A, 2)]), history_settings(official))
    assert [row.interval for row in board.rows] == ["hessian", "hessian"] or board.rows[0].low is not None
