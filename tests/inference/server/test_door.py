"""A closed door lets nothing new in and counts those inside until their last byte."""

import asyncio

import httpx
from starlette.types import Receive, Scope, Send

from inference.server.door import Door


def test_a_closed_door_refuses_posts_lets_gets_through_and_keeps_those_inside() -> None:
    async def scenario() -> None:
        is_inside, go_on = asyncio.Event(), asyncio.Event()

        async def slow(scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            if scope["method"] == "POST":
                is_inside.set()
                await go_on.wait()
            await send({"type": "http.response.body", "body": b"done"})

        door = Door(slow)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://server") as http:
            inside = asyncio.create_task(http.post("/"))
            await is_inside.wait()
            door.close()
            refused = await http.post("/")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
            assert (await http.get("/")).text == "done"
            assert door.n_inside == 1
            go_on.set()
            assert (await inside).text == "done"
            assert door.n_inside == 0

    asyncio.run(scenario())
