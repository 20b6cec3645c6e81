import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.entrance.gate import MAX_BODY_BYTES, Gate, is_taken

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]


async def echo(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {len(await request.body())}")


def client() -> TestClient:
    app = Starlette(routes=[Route("/{path:path}", echo, methods=METHODS)])
    return TestClient(Gate(app, pages=["/", "/leaderboard"], n_inputs={3: 1}, forms=["/mine/consent"]))


def call_of(n_bytes: int) -> bytes:
    """Return a call of event 3 with this length."""
    call = json.dumps({"fn_index": 3, "session_hash": "s", "data": [""]}).encode()
    return call.replace(b'""', b'"' + b"x" * (n_bytes - len(call)) + b'"')


CANCEL = {"fn_index": 3, "session_hash": "s", "event_id": "e"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("HEAD", "/leaderboard"),
        ("HEAD", "/health"),
        ("HEAD", "/assets/index-4f2a.js"),
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
        ("GET", "/config?page=leaderboard"),
    ],
)
def test_addresses_of_the_pages_are_open(method: str, path: str) -> None:
    assert client().request(method, path).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gradio_api/queue/join?", call_of(100)),
        ("/gradio_api/run/vote", call_of(100)),
        ("/gradio_api/cancel", json.dumps(CANCEL).encode()),
    ],
)
def test_bodies_of_the_pages_pass_completely(path: str, body: bytes) -> None:
    answer = client().post(path, content=body)
    assert (answer.status_code, answer.text) == (200, f"POST {len(body)}")


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("/gradio_api/queue/join", call_of(100).replace(b"3", b"4"), "fn_index: this event does not exist"),
        ("/gradio_api/run/predict", b"", "the body is not JSON"),
        ("/gradio_api/cancel", call_of(100), "expected the keys event_id, fn_index, session_hash"),
    ],
)
def test_a_body_that_no_page_sends_is_refused(path: str, body: bytes, reason: str) -> None:
    """Gradio answered 500 with a traceback in the log."""
    answer = client().post(path, content=body)
    assert answer.status_code == 400
    assert answer.text.startswith(reason)


def test_the_stream_of_a_session_that_never_called_just_ends() -> None:
    """Gradio starts the answer, reports the missing session and then fails with a traceback in the log."""

    async def unknown(request: Request) -> Response:
        async def pieces() -> AsyncIterator[str]:
            yield "no such session"
            raise HTTPException(404)

        return StreamingResponse(pieces())

    app = Starlette(routes=[Route("/gradio_api/queue/data", unknown)])
    answer = TestClient(Gate(app, pages=[], n_inputs={})).get("/gradio_api/queue/data?session_hash=x")
    assert answer.text == "no such session"


def test_another_failure_in_a_stream_is_raised() -> None:
    async def broken(request: Request) -> Response:
        raise RuntimeError("a bug")

    app = Starlette(routes=[Route("/gradio_api/queue/data", broken)])
    with pytest.raises(RuntimeError, match="a bug"):
        TestClient(Gate(app, pages=[], n_inputs={})).get("/gradio_api/queue/data?session_hash=x")


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
        ("GET", "/?page=nowhere"),
        ("GET", "/config?page=nowhere"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/call/vote"),
        ("POST", "/"),
        ("PUT", "/"),
        ("DELETE", "/leaderboard"),
        ("OPTIONS", "/gradio_api/queue/join"),
        ("HEAD", "/gradio_api/queue/data?session_hash=x"),
        ("HEAD", "/gradio_api/heartbeat/x"),
        ("HEAD", "/nowhere"),
        ("GET", "/leaderboard//"),
        ("GET", "/nowhere/"),
        ("POST", "/leaderboard/"),
    ],
)
def test_everything_else_is_not_found(method: str, path: str) -> None:
    assert client().request(method, path).status_code == 404


def test_head_is_answered_like_get_without_the_body() -> None:
    """Gradio answers HEAD only for the first page, and our routes do not; monitors use it."""
    get, head = client().get("/leaderboard"), client().head("/leaderboard")
    assert get.text == "GET 0"
    assert (head.text, head.headers) == ("", get.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_page_with_a_slash_at_its_end_redirects_to_the_one_without(method: str) -> None:
    """Its relative links would be wrong. The redirect is relative too, so it works at any path of a proxy."""
    answer = client().request(method, "/leaderboard/?lang=ko", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "../leaderboard?lang=ko")


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/leaderboard", True),
        ("/assets", True),
        ("/gradio_api", True),
        ("/gradio_api/queue", True),
        ("/health", True),
        ("/arena", False),
        ("/arena/leaderboard", False),
        ("/leader", False),
    ],
)
def test_the_path_of_a_proxy_must_not_be_one_of_ours(path: str, is_ours: bool) -> None:
    assert is_taken(path, ["/", "/leaderboard"]) is is_ours


def test_a_body_may_have_at_most_64_kb() -> None:
    path = "/gradio_api/queue/join"
    assert client().post(path, content=call_of(MAX_BODY_BYTES)).text == f"POST {MAX_BODY_BYTES}"
    refused = client().post(path, content=call_of(MAX_BODY_BYTES + 1))
    assert (refused.status_code, refused.text) == (413, "The body is longer than 65536 bytes\n")


def test_a_body_of_unannounced_length_is_cut_off_at_the_same_size() -> None:
    def pieces(n_bytes: int) -> Iterator[bytes]:
        call = call_of(n_bytes)
        for start in range(0, n_bytes, 1024):
            yield call[start : start + 1024]

    path = "/gradio_api/queue/join"
    assert client().post(path, content=pieces(MAX_BODY_BYTES)).text == f"POST {MAX_BODY_BYTES}"
    assert client().post(path, content=pieces(MAX_BODY_BYTES + 1024)).status_code == 413


def test_a_length_that_is_not_a_number_is_refused() -> None:
    answer = client().post("/gradio_api/queue/join", content=b"x", headers={"content-length": "-1"})
    assert answer.status_code == 413


def test_websockets_are_closed() -> None:
    sent: list[Any] = []

    async def main() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        await Gate(Starlette(), pages=[], n_inputs={})({"type": "websocket", "path": "/"}, receive, send)

    asyncio.run(main())
    assert sent == [{"type": "websocket.close", "code": 1000}]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "http://testserver"}, 200),
        ({"sec-fetch-site": "same-site", "origin": "http://testserver"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_is_let_in_from_our_own_pages_only(headers: dict[str, str], status: int) -> None:
    assert client().post("/mine/consent", data={"is_given": "on"}, headers=headers).status_code == status


def test_a_form_is_closed_to_get_and_as_large_as_any_other_body() -> None:
    assert client().get("/mine/consent").status_code == 404
    body, headers = b"x" * (MAX_BODY_BYTES + 1), {"sec-fetch-site": "same-origin"}
    assert client().post("/mine/consent", content=body, headers=headers).status_code == 413
