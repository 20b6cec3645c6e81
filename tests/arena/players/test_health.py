from __future__ import annotations

import asyncio
import socket
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace

import pytest

from arena.players.endpoint import (
    Broken,
    Busy,
    Endpoint,
    EndpointError,
    Message,
    Refused,
    Request,
    TimedOut,
    Unreachable,
)
from arena.players.health import Health
from arena.players.roster import Player, Roster
from tests.fakes import Script, ScriptedEndpoint
from tests.waiting import until

DEAD = "http://127.0.0.1:9/v1"  # the discard port: nobody listens


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def remote(*urls: str) -> Roster:
    return Roster(tuple(Player(f"m{number}", base_urls=(url,), model="m") for number, url in enumerate(urls)))


def health_of(roster: Roster, clock: Clock | None = None, **options: object) -> Health:
    endpoints = {player.name: Endpoint(player.base_urls or (DEAD,), "m") for player in roster}
    return Health(roster, endpoints, clock=clock or Clock(), **options)  # type: ignore[arg-type]


def names(health: Health) -> list[str]:
    return [player.name for player in health.ready()]


def test_a_remote_player_is_loading_until_a_probe_finds_it() -> None:
    async def main(server: ScriptedEndpoint) -> None:
        health = health_of(remote(server.base_url, DEAD))
        assert health.states() == {"m0": "loading", "m1": "loading"}
        await health.check()
        assert health.states() == {"m0": "ready", "m1": "down"}
        assert names(health) == ["m0"]
        await health.aclose()

    with ScriptedEndpoint() as server:
        asyncio.run(main(server))


@pytest.mark.parametrize("error", [Unreachable("x"), TimedOut("x"), Broken("x"), Refused("x")])
def test_a_failure_takes_a_player_out_until_its_time_is_over_and_a_probe_succeeds(error: EndpointError) -> None:
    async def main(server: ScriptedEndpoint) -> None:
        clock = Clock()
        health = health_of(remote(server.base_url), clock)
        await health.check()
        health.record("m0", error)
        await health.check()
        assert names(health) == []
        clock.now += 9.9
        await health.check()
        assert names(health) == []
        clock.now += 0.1
        assert names(health) == []  # not before it was seen to answer
        await health.check()
        assert names(health) == ["m0"]
        await health.aclose()

    with ScriptedEndpoint() as server:
        asyncio.run(main(server))


def test_each_further_failure_doubles_the_time_out_and_a_whole_answer_forgives_them_all() -> None:
    async def out_s(health: Health, clock: Clock) -> float:
        health.record("m0", Broken("x"))
        started = clock.now
        while not names(health):
            clock.now += 1.0
            await health.check()
        return clock.now - started

    async def main(server: ScriptedEndpoint) -> None:
        clock = Clock()
        health = health_of(remote(server.base_url), clock)
        assert [await out_s(health, clock) for _ in range(6)] == [10, 20, 40, 80, 160, 160]
        health.record("m0", None)
        assert await out_s(health, clock) == 10
        health.record("m0", Broken("x"))
        health.record("m0", None)  # an answer that was still on its way: back at once
        assert names(health) == ["m0"]
        await health.aclose()

    with ScriptedEndpoint() as server:
        asyncio.run(main(server))


def test_a_full_server_is_out_for_a_moment_only() -> None:
    clock = Clock()
    health = health_of(remote(DEAD), clock)
    health.record("m0", None)
    health.record("m0", Busy("x"))
    assert names(health) == []
    clock.now += 2.0
    assert names(health) == ["m0"]


def test_a_prompt_that_is_too_long_says_nothing_about_health() -> None:
    health = health_of(remote(DEAD))
    health.record("m0", None)
    health.record("m0", Refused("x", is_too_long=True))
    assert names(health) == ["m0"]


def test_streams_report_by_themselves() -> None:
    async def main(server: ScriptedEndpoint) -> None:
        health = health_of(remote(server.base_url))
        request = Request((Message("user", "hi"),), 1.0, 1.0, 8, 0)
        async with aclosing(health.endpoint("m0").stream(request)) as events:
            assert [event async for event in events]
        assert names(health) == ["m0"]
        with pytest.raises(Refused):
            async with aclosing(health.endpoint("m0").stream(request)) as events:
                await anext(events)
        assert names(health) == []
        await health.aclose()

    with ScriptedEndpoint(Script(), Script(status=400)) as server:
        asyncio.run(main(server))


@pytest.mark.parametrize(
    ("server_state", "player_state"),
    [("loading", "loading"), ("restarting", "loading"), ("failed", "failed"), ("ready", "ready")],
)
def test_native_players_follow_the_model_server(server_state: str, player_state: str) -> None:
    server = SimpleNamespace(state=server_state, failures={})
    health = health_of(Roster((Player("n", path=Path("x")),)), server=server)
    health.record("n", Unreachable("the child is gone, as its supervisor knows"))
    assert health.states() == {"n": player_state}


def test_a_native_player_that_times_out_leaves_while_the_server_is_ready() -> None:
    health = health_of(Roster((Player("n", path=Path("x")),)), server=SimpleNamespace(state="ready", failures={}))
    health.record("n", TimedOut("x"))
    assert health.states() == {"n": "down"}


def test_a_model_that_the_server_left_out_has_failed_for_good_and_is_not_probed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    child = SimpleNamespace(state="ready", failures={"near": "truncated"})
    health = health_of(Roster((Player("near", path=Path("x")), Player("far", path=Path("y")))), clock, server=child)
    health.record("near", TimedOut("of a battle that was under way"))
    clock.now += 1000
    asyncio.run(health.check())
    assert len(caplog.messages) == 1, "a probe of an address where nobody listens would be told as a second failure"
    assert health.states() == {"near": "failed", "far": "ready"}
    assert names(health) == ["far"]
    child.state = "restarting"
    assert health.states() == {"near": "failed", "far": "loading"}


def test_retired_players_are_never_drawn_and_have_no_endpoint() -> None:
    roster = Roster((Player("here", base_urls=(DEAD,)), Player("gone", base_urls=(DEAD,), is_active=False)))
    health = health_of(roster)
    health.record("here", None)
    assert names(health) == ["here"]
    with pytest.raises(KeyError):
        health.endpoint("gone")


def test_the_background_probe_finds_an_endpoint_that_starts_later() -> None:
    async def main() -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        clock = Clock()
        health = health_of(remote(f"http://127.0.0.1:{port}/v1"), clock, interval_s=0.01)
        await health.start()
        await until(lambda: health.state("m0") == "down")
        with ScriptedEndpoint(port=port):
            clock.now += 1000
            await until(lambda: health.state("m0") == "ready")
        await health.aclose()

    asyncio.run(main())
