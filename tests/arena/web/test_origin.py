from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.origin import Origin


async def told(request: Request) -> Response:
    forwarded = [name for name in request.headers if name.startswith("x-forwarded")]
    return PlainTextResponse(f"{request.url} {request.headers['host']} {forwarded}")


FORGED = {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "X-Forwarded-For": "1.2.3.4"}
app = Starlette(routes=[Route("/page", told)])


def test_a_forged_host_is_forgotten() -> None:
    answer = TestClient(Origin(app), base_url="http://arena:7860").get("/page", headers=FORGED)
    assert answer.text == "http://arena:7860/page arena:7860 []"


def test_a_public_url_is_the_address_of_every_request() -> None:
    client = TestClient(Origin(app, public_url="https://arena.example.org/"), base_url="http://10.0.0.5:7860")
    assert client.get("/page", headers=FORGED).text == "https://arena.example.org/page arena.example.org []"
