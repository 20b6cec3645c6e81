import sqlite3
from functools import partial
from pathlib import Path

import pytest

from db.outcome import Outcome
from db.queries import OnlineElo
from db.session import open_database
from elo.__main__ import main
from elo.online import name_of, update
from elo.settings import Settings
from tests.db import building


def online_elo(settings: Settings) -> OnlineElo:
    return OnlineElo(name_of(settings), settings.start, partial(update, settings=settings))


def voted(path: Path, elo: OnlineElo | None = None) -> str:
    """A database with two votes, the online ratings extended by each."""
    url = f"sqlite:///{path}"
    database = open_database(url)
    with database.write() as tx:
        for outcome in (Outcome.A, Outcome.TIE):
            building.vote(tx, building.votable(tx), outcome, elo=elo or online_elo(Settings(k=16.0)))
    database.close()
    return url


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def test_the_online_ratings_are_checked_by_the_arithmetic_that_made_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.sqlite"
    url = voted(path)
    assert main(["check", "--db", url]) == 0
    name = "elo base=10.0 scale=400.0 k=16.0 start=1000.0"
    assert capsys.readouterr().out == f"{url} is sound; its online ratings equal their replay ({name})\n"
    change(path, "UPDATE elo_state SET rating = rating + 1e-9 WHERE model_id = 1")
    assert main(["check", "--db", url]) == 1
    assert capsys.readouterr().out == "the online-Elo state of 1 models differs from its replay (ash)\n"
    change(path, "UPDATE ledger SET elo_revision = 0")
    assert main(["check", "--db", url]) == 0
    assert capsys.readouterr().out.endswith("its online ratings are out of date; the next vote replays them\n")


def test_a_check_says_where_there_is_nothing_to_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_database(f"sqlite:///{tmp_path / 'new.sqlite'}").close()
    assert main(["check", "--db", f"sqlite:///{tmp_path / 'new.sqlite'}"]) == 0
    assert capsys.readouterr().out.endswith(" is sound; no vote has moved its online ratings\n")
    url = voted(tmp_path / "other.sqlite", building.ELO)
    assert main(["check", "--db", url]) == 0
    assert capsys.readouterr().out.endswith(" is sound; 'elo k=32' cannot be replayed\n")


def test_a_check_of_no_database_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--db", f"sqlite:///{tmp_path / 'none.sqlite'}"]) == 1
    assert capsys.readouterr().err.startswith("error: there is no database at ")
