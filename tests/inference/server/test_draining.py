"""While it drains, an application refuses new requests and counts the open ones until their last byte."""

import asyncio

import httpx
from starlette.types import Receive, Scope, Send

from inference.server.draining import DrainableApp


def test_a_draining_app_refuses_posts_answers_gets_and_finishes_open_requests() -> None:
    async def scenario() -> None:
        is_open, may_end = asyncio.Event(), asyncio.Event()

        async def slow(scope: Scope, _receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            if scope["method"] == "POST":
                is_open.set()
                await may_end.wait()
            await send({"type": "http.response.body", "body": b"done"})

        app = DrainableApp(slow)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as http:
            open_request = asyncio.create_task(http.post("/"))
            await is_open.wait()
            app.drain()
            refused = await http.post("/")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "draining")
            assert (await http.get("/")).text == "done"
            assert app.n_open == 1
            may_end.set()
            assert (await open_request).text == "done"
            assert app.n_open == 0

    asyncio.run(scenario())


def test_the_wait_for_open_requests_ends_when_they_end_or_somebody_is_in_a_hurry() -> None:
    async def scenario() -> None:
        is_open, may_end = asyncio.Event(), asyncio.Event()

        async def slow(_scope: Scope, _receive: Receive, send: Send) -> None:
            is_open.set()
            await may_end.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"done"})

        app = DrainableApp(slow)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as http:
            request = asyncio.create_task(http.post("/"))
            await is_open.wait()
            await app.finish(is_hurried=lambda: True)
            assert app.n_open == 1
            waiting = asyncio.create_task(app.finish(is_hurried=lambda: False))
            may_end.set()
            assert (await request).text == "done"
            await waiting
            assert app.n_open == 0

    asyncio.run(scenario())
