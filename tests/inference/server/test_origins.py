"""Pages of other origins, asked for as browsers do: no header without --allow-origin; errors that pages can read."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inference.server.origins import allowing, parse_origin
from inference.server.responses.errors import ApiError, answer_api_error


async def refuse(_request: Request) -> Response:
    raise ApiError(400, "no", param="model")


def ask(method: str, *allowed: str, **headers: str) -> httpx.Response:
    """Ask an application that refuses every POST. `headers` with underscores instead of hyphens."""
    app = Starlette(routes=[Route("/", refuse, methods=["POST"])], exception_handlers={ApiError: answer_api_error})

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(allowing(app, allowed))
        async with httpx.AsyncClient(transport=transport, base_url="http://server") as http:
            return await http.request(method, "/", headers={k.replace("_", "-"): v for k, v in headers.items()})

    return asyncio.run(send())


PAGE = "http://localhost:3000"


@pytest.mark.parametrize(
    ("allowed", "origin", "answered"),
    [
        ((), PAGE, None),
        ((PAGE,), PAGE, PAGE),
        (("https://other.example", PAGE), PAGE, PAGE),
        ((PAGE,), "http://localhost:3001", None),
        ((PAGE,), "https://localhost:3000", None),
        (("*",), PAGE, "*"),
        (("null",), "null", "null"),
    ],
)
def test_only_pages_of_the_given_origins_may_read_answers(
    allowed: tuple[str, ...], origin: str, answered: str | None
) -> None:
    answer = ask("POST", *allowed, origin=origin)
    assert answer.status_code == 400
    assert answer.headers.get("access-control-allow-origin") == answered


def test_a_preflight_request_is_answered() -> None:
    wanted = {"access_control_request_method": "POST", "access_control_request_headers": "authorization,content-type"}
    granted = ask("OPTIONS", PAGE, origin=PAGE, access_control_request_private_network="true", **wanted)
    assert granted.status_code == 200
    assert granted.headers["access-control-allow-origin"] == PAGE
    assert granted.headers["access-control-allow-headers"] == wanted["access_control_request_headers"]
    assert granted.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-credentials" not in granted.headers
    assert ask("OPTIONS", PAGE, origin="http://evil.example", **wanted).status_code == 400
    assert ask("OPTIONS", origin=PAGE, **wanted).status_code == 405


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("*", "*"),
        ("null", "null"),
        ("http://localhost:80", "http://localhost"),
        ("HTTPS://Pages.example:443", "https://pages.example"),
        ("https://pages.example:80", "https://pages.example:80"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ],
)
def test_an_origin_is_read_as_browsers_send_it(text: str, origin: str) -> None:
    assert parse_origin(text) == origin
