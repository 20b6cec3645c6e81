from collections.abc import Mapping

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.metrics import Metrics
from arena.web.admin import admin_app

TOKEN = "t" * 32
BASE = "http://127.0.0.1:9860"


def client(base: str = BASE) -> TestClient:
    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.method} page")

    routes = Starlette(routes=[Route("/", page, methods=["GET", "POST"]), Route("/try", page)]).routes
    app = admin_app(
        routes, Metrics(), token=TOKEN, port=9860, locked=lambda _, has_token: "refused" if has_token else "locked"
    )
    return TestClient(app, base_url=base, follow_redirects=False)


def entered() -> TestClient:
    browser = client()
    browser.get("/", params={"token": TOKEN})
    return browser


def test_the_token_becomes_a_cookie_that_scripts_cannot_read_and_leaves_the_address() -> None:
    browser = client()
    answer = browser.get("/try", params={"token": TOKEN, "name": "Wren Sol"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/try?name=Wren+Sol")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("owner-9860=")
    assert TOKEN not in cookie
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert browser.get("/").text == "GET page"


@pytest.mark.parametrize("given", ["", "t" * 31, "t" * 33, "T" * 32, "ключ"])
def test_without_the_right_token_every_page_is_locked(given: str) -> None:
    for path in ("/", "/try", "/nowhere"):
        for answer in (
            client().get(path),
            client().get(path, params={"token": given}),
            client().get(path, headers={b"authorization": f"Bearer {given}".encode()}),
            client().get(path, headers={b"cookie": f"owner-9860={given}".encode()}),
            client().post(path, headers={"origin": BASE}),
        ):
            assert (answer.status_code, answer.text) == (403, "locked")
            assert "set-cookie" not in answer.headers


def test_metrics_need_no_token() -> None:
    answer = client().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE arena_votes_total counter" in answer.text
    assert client().post("/metrics").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:9860", "192.168.0.1:9860", "", "[::1"])
def test_a_name_that_leads_to_this_machine_is_not_enough(host: str) -> None:
    browser = entered()
    for path in ("/", "/metrics", f"/?token={TOKEN}"):
        assert browser.get(path, headers={"host": host}).status_code == 421


@pytest.mark.parametrize("base", ["http://localhost:9000", "http://[::1]:9860", "http://127.0.0.1"])
def test_a_tunnel_to_this_machine_may_have_another_port(base: str) -> None:
    browser = client(base)
    assert browser.get("/", params={"token": TOKEN}).status_code == 303
    assert browser.get("/").status_code == 200
    assert browser.post("/", headers={"origin": base}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://127.0.0.1:7860"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_a_form_of_another_page_is_refused(headers: Mapping[str, str]) -> None:
    answer = entered().post("/", headers=headers)
    assert (answer.status_code, answer.text) == (403, "refused")


def test_a_program_sends_the_token_itself() -> None:
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert client().post("/", headers=bearer).text == "POST page"


def test_the_redirect_never_leads_to_another_host() -> None:
    assert client().get(f"{BASE}//evil.example/?token={TOKEN}").headers["location"] == "/evil.example/"


def test_long_forms_are_refused() -> None:
    origin = {"origin": BASE}
    assert entered().post("/", headers=origin, content=b"x" * 65_536).status_code == 200
    assert entered().post("/", headers=origin, content=b"x" * 65_537).status_code == 413
    assert entered().post("/", headers=origin, content=iter([b"x"])).status_code == 413


def test_pages_have_the_headers_of_the_other_pages() -> None:
    answer = entered().get("/")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
