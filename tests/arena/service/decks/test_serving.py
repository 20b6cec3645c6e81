"""The models of a run: all at once, or one after the other with only one loaded."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from arena.decks.prompt_file import Prompt
from arena.players.native.server import NativeServer
from arena.service.decks.filling import Filling, prepare
from arena.service.decks.serving import fill, groups, server_of
from arena.settings import Player, Settings
from arena.settings.sections import BattleSettings
from db import queries
from db.session import Database, open_database
from tests.fakes import ScriptedEndpoint, write_model_folder

PROMPTS = (Prompt("the quick brown fox"), Prompt("hello there"))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'arena.sqlite'}")
    yield database
    database.close()


def prepared(database: Database, *players: Player) -> tuple[Filling, Settings]:
    settings = Settings(battle=BattleSettings(max_tokens=12, temperature=0.0, retries=0), models=players)
    return prepare(database, settings, players, "d", PROMPTS, now=1.0), settings


def test_players_are_grouped_by_the_weights_that_they_share(tmp_path: Path) -> None:
    one, other = Player("a", path=tmp_path), Player("b", path=tmp_path / "b")
    rhymes = replace(one, name="c", system_prompt="Rhyme.")
    short = replace(one, name="d", max_len=99)
    remote = [Player(name, base_urls=("http://127.0.0.1:9/v1",)) for name in "ef"]
    players = [one, other, rhymes, short, *remote]
    assert groups(players, one_at_a_time=False) == [tuple(players)]
    assert groups(players, one_at_a_time=True) == [(one, rhymes), (other,), (short,), (remote[0],), (remote[1],)]
    assert groups([], one_at_a_time=False) == []


class Recorded:
    """A model server that notes what is loaded: another server's models, and what `/health` of this one lists."""

    def __init__(
        self, server: NativeServer, log: "list[tuple[str, tuple[str, ...]]]", players: Sequence[Player]
    ) -> None:
        self._server, self._log = server, log
        self._names = tuple(player.name for player in players)

    @property
    def base_url(self) -> str:
        return self._server.base_url

    @property
    def problem(self) -> str | None:
        return self._server.problem

    @property
    def failures(self) -> Mapping[str, str]:
        return self._server.failures

    async def start(self) -> None:
        self._log.append(("start", self._names))
        await self._server.start()

    async def wait_ready(self) -> bool:
        is_ready = await self._server.wait_ready()
        async with httpx.AsyncClient(trust_env=False) as client:
            health = (await client.get(self._server.base_url.replace("/v1", "/health"))).json()
        self._log.append(("loaded", tuple(health["models"])))
        return is_ready

    async def stop(self) -> None:
        await self._server.stop()
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(self._server.base_url.replace("/v1", "/health"))
        self._log.append(("gone", self._names))


def test_one_at_a_time_unloads_a_model_before_it_loads_the_next(database: Database, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_model_folder(tmp_path / name)
    one, two = (Player(name, path=tmp_path / name.lower(), model=name) for name in ("One", "Two"))
    rhymes = replace(one, name="One rhymes", model="One rhymes", system_prompt="Rhyme.")
    filling, settings = prepared(database, one, two, rhymes)
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    log: list[tuple[str, tuple[str, ...]]] = []
    start = server_of(settings, env)

    def recorded(players: Sequence[Player]) -> Recorded:
        server = start(players)
        assert isinstance(server, NativeServer)
        return Recorded(server, log, players)

    asyncio.run(fill(filling, settings, env, one_at_a_time=True, start_server=recorded))
    assert not filling.gaps
    assert log == [
        *((step, ("One", "One rhymes")) for step in ("start", "loaded", "gone")),
        *((step, ("Two",)) for step in ("start", "loaded", "gone")),
    ]
    with database.read() as tx:
        ((_, answers), _) = queries.deck_content(tx, "d")
        assert {one.model for one in answers} == {"One", "One rhymes", "Two"}
    again, settings = prepared(database, one, two, rhymes)
    asyncio.run(fill(again, settings, env, one_at_a_time=True, start_server=recorded))
    assert len(log) == 6, "nothing is loaded where nothing is missing"


class Broken:
    """A model server that cannot load one model, or none."""

    base_url = "http://127.0.0.1:9/v1"
    problem = "no room"

    def __init__(self, failures: Mapping[str, str], *, is_ready: bool) -> None:
        self.failures, self._is_ready, self.is_stopped = failures, is_ready, False

    async def start(self) -> None: ...

    async def wait_ready(self) -> bool:
        return self._is_ready

    async def stop(self) -> None:
        self.is_stopped = True


@pytest.mark.parametrize(
    ("failures", "is_ready", "why"), [({"Bad": "damaged"}, True, "damaged"), ({}, False, "not loaded: no room")]
)
def test_models_that_cannot_be_loaded_are_reported_and_the_others_asked(
    database: Database, tmp_path: Path, failures: dict[str, str], is_ready: bool, why: str
) -> None:
    broken = Broken(failures, is_ready=is_ready)
    with ScriptedEndpoint() as server:
        good = Player("Good", base_urls=(server.base_url,), model="scripted")
        filling, settings = prepared(database, Player("Bad", path=tmp_path), good)
        asyncio.run(fill(filling, settings, {}, start_server=lambda _players: broken))
    assert [(gap.model, gap.reason) for gap in filling.gaps] == [("Bad", why)] * 2
    assert len(filling.stored["Good"]) == 2
    assert broken.is_stopped
