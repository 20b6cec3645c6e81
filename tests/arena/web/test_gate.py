from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.gate import MAX_BODY_BYTES, Gate

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]


async def echo(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {len(await request.body())}")


def client() -> TestClient:
    return TestClient(
        Gate(Starlette(routes=[Route("/{path:path}", echo, methods=METHODS)]), pages=["/", "/leaderboard"])
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/leaderboard"),
        ("GET", "/leaderboard.json"),
        ("GET", "/leaderboard.csv"),
        ("GET", "/health"),
        ("GET", "/config"),
        ("GET", "/theme.css"),
        ("GET", "/assets/index-4f2a.js"),
        ("GET", "/static/img/x.svg"),
        ("GET", "/gradio_api/queue/data?session_hash=x"),
        ("GET", "/gradio_api/heartbeat/x"),
        ("POST", "/gradio_api/queue/join?"),
        ("POST", "/gradio_api/run/vote"),
        ("POST", "/gradio_api/cancel"),
    ],
)
def test_what_the_pages_ask_for_gets_in(method: str, path: str) -> None:
    assert client().request(method, path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/about"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/deep_link?session_hash=x"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/monitoring/summary"),
        ("GET", "/assets/../gradio_api/info"),
        ("GET", "/assets/%2e%2e/gradio_api/info"),
        ("GET", "/metrics"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/call/vote"),
        ("POST", "/"),
        ("PUT", "/"),
        ("DELETE", "/leaderboard"),
        ("OPTIONS", "/gradio_api/queue/join"),
    ],
)
def test_everything_else_is_not_found(method: str, path: str) -> None:
    assert client().request(method, path).status_code == 404


def test_a_body_may_have_64_kb_and_no_more() -> None:
    path = "/gradio_api/queue/join"
    assert client().post(path, content=b"x" * MAX_BODY_BYTES).text == f"POST {MAX_BODY_BYTES}"
    refused = client().post(path, content=b"x" * (MAX_BODY_BYTES + 1))
    assert (refused.status_code, refused.text) == (413, "The body is longer than 65536 bytes\n")


def test_a_body_of_unannounced_length_is_cut_off_at_the_same_size() -> None:
    def pieces(n_bytes: int) -> Iterator[bytes]:
        for _ in range(n_bytes // 1024):
            yield b"x" * 1024

    path = "/gradio_api/queue/join"
    assert client().post(path, content=pieces(MAX_BODY_BYTES)).text == f"POST {MAX_BODY_BYTES}"
    assert client().post(path, content=pieces(MAX_BODY_BYTES + 1024)).status_code == 413


def test_a_length_that_is_no_number_is_refused() -> None:
    answer = client().post("/gradio_api/queue/join", content=b"x", headers={"content-length": "-1"})
    assert answer.status_code == 413


def test_websockets_are_closed() -> None:
    sent: list[Any] = []

    async def main() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        await Gate(Starlette(), pages=[])({"type": "websocket", "path": "/"}, receive, send)

    asyncio.run(main())
    assert sent == [{"type": "websocket.close", "code": 1000}]
