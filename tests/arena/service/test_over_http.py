"""Battles over HTTP: the real client against servers that misbehave."""

import asyncio
from contextlib import aclosing

import pytest

from arena.players.endpoint import Endpoint, Patience
from arena.players.health import Health
from arena.service import Outcome
from db.codes import Side, State
from tests.arena.service.house import NAMES, House, run, started, watch
from tests.fakes import Script, ScriptedEndpoint
from tests.waiting import until


@pytest.mark.parametrize(
    ("script", "error", "text"),
    [
        (Script(tokens=("slow", " but", " sure"), first_s=0.2, gap_s=0.05), None, "slow but sure"),
        (Script(status=500, error={"error": {"message": "Wren Sol is out of memory"}}), "unreachable", ""),
        (Script(tokens=("one", "two", "three"), hang_after=0), "timed_out", ""),
        (Script(tokens=("one", "two", "three"), hang_after=2), "timed_out", "onetwo"),
        (Script(tokens=("one", "two", "three"), close_after=2), "broken", "onetwo"),
        (Script(raw=(b"data: no json\n\n",)), "broken", ""),
    ],
    ids=["slow", "fails", "hangs", "hangs half-way", "closes half-way", "speaks nonsense"],
)
def test_a_misbehaving_server_costs_one_side_and_never_the_battle(
    house: House, script: Script, error: str | None, text: str
) -> None:
    silence_s = 0.4 if error == "timed_out" else 60.0  # short only where silence is the point: machines can be busy
    impatient = Patience(
        first_token_timeout_s=60.0 if text else silence_s, stall_timeout_s=silence_s, retries=1, backoff_s=0.01
    )

    async def main(bad: ScriptedEndpoint, good: ScriptedEndpoint) -> None:
        endpoints = {
            NAMES[0]: Endpoint([bad.base_url], NAMES[0], patience=impatient),
            NAMES[1]: Endpoint([good.base_url], NAMES[1]),
        }
        health = Health(house.roster, endpoints, clock=lambda: 0.0)
        await health.check()
        house.players = health  # type: ignore[assignment]
        arena = await started(house)
        battle_id = await arena.send("visitor", None, "Hi")
        views = await watch(arena, battle_id)
        side = house.side_of(battle_id, "Wren Sol")
        mine, other = (getattr(views[-1], one) for one in (side, "b" if side == "a" else "a"))
        assert (other.state, other.text) == ("done", "Hello there.")
        assert (mine.state, mine.text) == ("failed" if error else "done", text)
        assert "Wren Sol" not in repr(views)
        stored = house.record(battle_id).turns[0].shown(Side.parse(side))
        assert stored is not None
        assert stored.error == error
        reveal = await arena.vote("visitor", battle_id, Outcome.BOTH_BAD)
        assert reveal.reasons == (("failed_side",) if error else ())
        bodies = [{**server.received[0], "model": "", "seed": 0} for server in (bad, good)]
        assert bodies[0] == bodies[1]
        assert bad.received[0]["seed"] != good.received[0]["seed"]
        await arena.close()
        await health.aclose()

    with ScriptedEndpoint(script) as bad, ScriptedEndpoint(Script()) as good:
        run(main(bad, good))


def test_an_abandoned_battle_closes_its_streams(house: House) -> None:
    async def main(one: ScriptedEndpoint, other: ScriptedEndpoint) -> None:
        endpoints = {name: Endpoint([server.base_url], name) for name, server in zip(NAMES, (one, other), strict=True)}
        health = Health(house.roster, endpoints)
        await health.check()
        house.players = health  # type: ignore[assignment]
        arena = await started(house, abandon_after_s=0.1)
        battle_id = await arena.send("visitor", None, "Hi")
        async with aclosing(arena.follow("visitor", battle_id)) as page:
            async for view in page:
                if view.a.text and view.sides["b"].text:
                    break
        for server in (one, other):
            assert await asyncio.to_thread(server.client_left.wait, 30)
        await until(lambda: house.record(battle_id).state is State.VOID)
        await arena.close()
        await health.aclose()

    script = Script(tokens=("x", "y"), hang_after=1)
    with ScriptedEndpoint(script) as one, ScriptedEndpoint(script) as other:
        run(main(one, other))
