"""An arena on the database of a cell: what a page waits for.

board        from a database to the web's board, with nothing kept
next-board   the same after one more vote, by an arena that has shown the board before it
late-vote    store a vote while the online Elo is out of date, as after an import of all votes
catch-up     the part of the replay after such an import in which no one else can vote
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import text

from arena.standings import Standings
from db import queries
from db.codes import BattleKind, Policy, State
from db.outcome import Outcome
from db.queries import NewBattle, OnlineElo, StoredSettings
from db.queries.boards import online
from db.session import open_database
from elo.online import extend, name_of, update
from elo.settings import Settings

TASKS = ("board", "next-board", "late-vote", "catch-up")


@dataclass(frozen=True, slots=True)
class Timed:
    """`run` is on the clock, and `before` it, off the clock, comes what it needs each time."""

    run: Callable[[], object]
    before: Callable[[], object] = lambda: None
    most_runs: int = 20


def prepare(task: str, path: Path) -> Timed:
    """The task on a copy of the database."""
    arena = _Arena(path)
    return {
        "board": arena.board,
        "next-board": arena.next_board,
        "late-vote": arena.late_vote,
        "catch-up": arena.catch_up,
    }[task]()


class _Arena:
    def __init__(self, path: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(dir=path.parent)  # gone with this object
        copy = Path(self._folder.name) / path.name
        shutil.copy(path, copy)
        self._database = open_database(f"sqlite:///{copy.absolute()}", create=False)
        with self._database.read() as tx:
            self._names = [model.info.name for model in queries.list_models(tx)]
        settings = Settings()
        self._elo = OnlineElo(
            name_of(settings),
            settings.start,
            partial(update, settings=settings),
            partial(extend, settings=settings),
        )
        self._n_votes = 0
        self._battle = ""

    def board(self) -> Timed:
        return Timed(lambda: asyncio.run(Standings(self._database, Settings()).board()))

    def next_board(self) -> Timed:
        with self._database.read() as tx:
            self._store(online.extended(tx, online.Replay(self._elo)))
        standings = Standings(self._database, Settings())
        asyncio.run(standings.board())

        def before() -> None:
            self._open()
            self._vote()

        return Timed(lambda: asyncio.run(standings.board()), before)

    def late_vote(self) -> Timed:
        return Timed(self._vote, before=self._open)

    def catch_up(self) -> Timed:
        """After a replay outside the lock and ten votes during it."""
        so_far: list[online.Replay] = []

        def before() -> None:
            with self._database.write() as tx:
                tx.execute(text("UPDATE ledger SET elo_revision = 0"))
            with self._database.read() as tx:
                so_far[:] = [online.extended(tx, online.Replay(self._elo))]
            for _ in range(10):
                self._open()
                self._vote()

        return Timed(lambda: self._store(so_far[0]), before, most_runs=3)

    def _store(self, so_far: online.Replay) -> None:
        with self._database.write() as tx:
            if not online.store_replay(tx, so_far):
                raise RuntimeError("the votes changed during the measurement")

    def _open(self) -> None:
        self._n_votes += 1
        K = len(self._names)
        first, round_ = self._n_votes % K, self._n_votes // K
        pair = self._names[first], self._names[(first + 1 + round_ % (K - 1)) % K]
        settings = StoredSettings(None, 0.7, 1.0, 64, "equal")
        new = NewBattle("a visitor", *pair, settings, BattleKind.BATTLE, policy=Policy.UNIFORM, draw_probability=0.001)
        with self._database.write() as tx:
            self._battle = queries.open_battle(tx, new, now=time.time())
            queries.add_turn(tx, self._battle, "Hello")
            queries.set_battle_state(tx, self._battle, State.VOTABLE, now=time.time())

    def _vote(self) -> None:
        with self._database.write() as tx:
            queries.cast_vote(
                tx,
                self._battle,
                visitor="a visitor",
                outcome=Outcome.A,
                reasons=(),
                facts={},
                rules_version=1,
                elo=self._elo,
                now=time.time(),
            )
