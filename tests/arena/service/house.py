"""The arena on a real SQLite file with scripted players; pages wait 2 ms, and the test sets the wall clock."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import Connection

from arena.players.roster import Roster
from arena.rounds.views import BattleView
from arena.rounds.watchers import Timing
from arena.service import Arena, Refusal
from arena.service.moderation import Moderator
from arena.settings import Settings, load
from db import queries
from db.errors import StorageFailed
from db.queries import BattleRecord
from db.session import Database, open_database
from tests.fakes import ScriptedPlayer, ScriptedPlayers

NAMES = ("Wren Sol", "Moss Tarn")
MADE = {"organisation": "This project", "licence": "Apache-2.0", "parameters": 15}
LONG = "A long answer, written word by word. " * 4
TICK_S = 0.002


class House:
    """One database and one roster, on which a test starts one arena after another."""

    def __init__(
        self,
        folder: Path,
        names: tuple[str, ...] = NAMES,
        *,
        inactive: tuple[str, ...] = (),
        own_prompts: Mapping[str, str] = MappingProxyType({}),
        **sections: Any,
    ) -> None:
        toml: dict[str, Any] = {"battle": {"pace": "free", **sections.pop("battle", {})}, **sections}
        toml["models"] = [
            {
                "name": name,
                "base_url": "http://127.0.0.1:9/v1",
                "family": "Bird",
                **MADE,
                "active": name not in inactive,
                "system_prompt": own_prompts.get(name, ""),
            }
            for name in names
        ]
        self.settings: Settings = load(toml, {})
        self.roster = Roster(self.settings.models)
        self.database: Database = open_database(f"sqlite:///{folder / 'arena.sqlite'}")
        self.streams = {name: ScriptedPlayer([f"{number}: ", LONG]) for number, name in enumerate(names)}
        self.players = ScriptedPlayers(self.roster, self.streams)
        self.wall_s = 1_000_000.0
        self.clock_s = 0.0
        self.moderator: Moderator | None = None

    def arena(self, *, abandon_after_s: float = 60.0) -> Arena:
        def clock() -> float:
            return asyncio.get_running_loop().time() + self.clock_s

        return Arena(
            self.settings,
            self.roster,
            self.database,
            self.players,
            rng=random.Random(1),
            wall_clock=lambda: self.wall_s,
            timing=Timing(abandon_after_s=abandon_after_s, tick_s=TICK_S, heartbeat_s=0.05, clock=clock),
            moderator=self.moderator,
        )

    def record(self, battle_id: str) -> BattleRecord:
        with self.database.read() as tx:
            return queries.get_battle(tx, battle_id)

    def read(self, query: Callable[[Connection], Any]) -> Any:
        with self.database.read() as tx:
            return query(tx)

    def script(self, *scripts: Any) -> None:
        """Give every player the same script."""
        for name in self.streams:
            self.streams[name] = self.players.streams[name] = ScriptedPlayer(*scripts)

    def side_of(self, battle_id: str, name: str) -> Any:
        return "a" if self.record(battle_id).model_a == name else "b"


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(main, 120))


async def watch(arena: Arena, battle_id: str, visitor: str = "visitor") -> list[BattleView]:
    return [view async for view in arena.follow(visitor, battle_id)]


async def battle(arena: Arena, text: str = "Hi", visitor: str = "visitor") -> str:
    """Start a battle and wait for its answers; return its id."""
    battle_id = await arena.send(visitor, None, text)
    await watch(arena, battle_id, visitor)
    return battle_id


async def started(house: House, **options: Any) -> Arena:
    arena = house.arena(**options)
    await arena.start()
    return arena


@contextmanager
def refused(key: str, **numbers: float) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert (caught.value.key, dict(caught.value.numbers)) == (key, numbers)


def full_disk(*args: Any, **options: Any) -> None:
    """Fail as a query does if the database cannot write."""
    raise StorageFailed("disk full")
