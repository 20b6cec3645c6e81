import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.headers import Headers


async def page(request: Request) -> Response:
    return HTMLResponse("<head></head>")


async def asset(request: Request) -> Response:
    return PlainTextResponse("x", headers={"cache-control": "no-store"})


async def stream(request: Request) -> Response:
    return StreamingResponse(
        iter(["data: 1\n\n"]), media_type="text/event-stream", headers={"cache-control": "max-age=9"}
    )


async def private(request: Request) -> Response:
    return HTMLResponse("x", headers={"cache-control": "no-store"})


def client() -> TestClient:
    routes = [
        Route("/", page),
        Route("/assets/a.js", asset),
        Route("/plain", asset),
        Route("/stream", stream),
        Route("/private", private),
    ]
    return TestClient(Headers(Starlette(routes=routes)))


@pytest.mark.parametrize("path", ["/", "/assets/a.js", "/missing"])
def test_every_answer_tells_the_browser_what_to_refuse(path: str) -> None:
    headers = client().get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["img-src"] == "'self' data:"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["media-src"] == "'none'"
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_assets_are_kept_and_pages_are_not() -> None:
    assert client().get("/assets/a.js").headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client().get("/").headers["cache-control"] == "private, no-cache"
    assert client().get("/plain").headers["cache-control"] == "no-store"
    assert client().get("/private").headers["cache-control"] == "no-store"
    assert "cache-control" not in client().get("/assets/missing.js").headers


def test_no_proxy_keeps_a_stream_back_and_nobody_stores_it() -> None:
    """nginx buffers an answer unless the answer forbids it."""
    headers = client().get("/stream").headers
    assert headers["x-accel-buffering"] == "no"
    assert headers["cache-control"] == "no-store"
    assert "x-accel-buffering" not in client().get("/").headers
