"""Reach the models of a run: all at once, or one after the other.

One after the other, a model is loaded, answers everything and is unloaded before the next one is loaded, so that the
memory has to hold one model only. Names of the same weights share one loaded model (`groups`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from arena.players.connect import Connector
from arena.players.native.protocol import place_of
from arena.players.native.server import NativeServer
from arena.players.roster import Player, Roster
from arena.service.decks.filling import Filling
from arena.settings import Settings
from db.errors import DatabaseError


class Server(Protocol):
    """What a run needs from the arena's own model server."""

    @property
    def base_url(self) -> str: ...

    @property
    def problem(self) -> str | None: ...

    @property
    def failures(self) -> Mapping[str, str]: ...

    async def start(self) -> None: ...

    async def wait_ready(self) -> bool: ...

    async def stop(self) -> None: ...


StartServer = Callable[[Sequence[Player]], Server]


def groups(players: Sequence[Player], *, one_at_a_time: bool) -> list[tuple[Player, ...]]:
    """Return the players in groups that are reached together: all, or those that share loaded weights."""
    if not one_at_a_time:
        return [tuple(players)] if players else []
    by_weights: dict[object, list[Player]] = {}
    for player in players:
        weights = (place_of(player), player.dtype, player.max_len) if player.is_native else player.name
        by_weights.setdefault(weights, []).append(player)
    return [tuple(group) for group in by_weights.values()]


async def fill(
    filling: Filling,
    settings: Settings,
    env: Mapping[str, str],
    *,
    one_at_a_time: bool = False,
    n_at_once: int = 4,
    progress: Callable[[], None] = lambda: None,
    loading: Callable[[Sequence[str]], None] = lambda _names: None,
    start_server: StartServer | None = None,
) -> None:
    """Ask every player for what is missing. What is missing afterwards is in `filling.gaps`, with the reasons.

    `progress` is called after each answer, `loading` with the names of the models that are loaded next.

    Raises:
        SettingsError: a key is missing.
        db.errors.DatabaseError: the database refuses; the answers stored so far stay.
    """
    start_server = start_server or server_of(settings, env)
    waiting = [player for player in filling.players if filling.todo[player.name]]
    for group in groups(waiting, one_at_a_time=one_at_a_time):
        native = [player for player in group if player.is_native]
        server = start_server(native) if native else None
        if native:
            loading([player.name for player in native])
        try:
            await _fill_group(filling, group, server, settings, env, n_at_once=n_at_once, progress=progress)
        finally:
            if server is not None:
                await server.stop()


async def _fill_group(
    filling: Filling,
    group: Sequence[Player],
    server: Server | None,
    settings: Settings,
    env: Mapping[str, str],
    *,
    n_at_once: int,
    progress: Callable[[], None],
) -> None:
    connector = Connector(env, server.base_url if server is not None else None)
    endpoints = connector.endpoints(
        Roster(settings.models, settings.file), settings.battle, names=[player.name for player in group]
    )

    loading = asyncio.create_task(_load(server), name="load models") if server is not None else None

    async def answer(player: Player) -> None:
        if player.is_native and server is not None and loading is not None:
            is_loaded = await asyncio.shield(loading)
            why = (
                server.failures.get(player.name) if is_loaded else f"not loaded: {server.problem or 'no reason given'}"
            )
            if why is not None:
                filling.give_up(player.name, filling.todo[player.name], why)
                progress()
                return
        await filling.answer_all(player, endpoints[player.name], n_at_once=n_at_once, progress=progress)

    try:
        async with asyncio.TaskGroup() as tasks:
            for player in group:
                tasks.create_task(answer(player))
    except* DatabaseError as failed:
        raise failed.exceptions[0] from None
    finally:
        if loading is not None:
            loading.cancel()
        for endpoint in endpoints.values():
            await endpoint.aclose()


async def _load(server: Server) -> bool:
    await server.start()
    return await server.wait_ready()


def server_of(settings: Settings, env: Mapping[str, str]) -> StartServer:
    """Return how a run starts its model server: on a free port, because an arena may be using the one of the
    settings."""
    inference = replace(settings.inference, port=0)
    return lambda players: NativeServer(players, inference, environment=env)
