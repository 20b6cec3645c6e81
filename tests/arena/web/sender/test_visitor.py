import re
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from arena.web.sender.address import address_mac
from arena.web.sender.visitor import COOKIE, Sender, VisitorCookie, identify, pseudonym

SECRET = b"0" * 32
SOMEBODY = "0123456789abcdef0123456789abcdef"


async def page(request: Request) -> Response:
    return HTMLResponse(str(pseudonym(request, SECRET)))


async def data(request: Request) -> Response:
    return JSONResponse({})


async def failing(request: Request) -> Response:
    return HTMLResponse("", status_code=500)


def client(base_url: str = "http://arena", path: str = "/") -> TestClient:
    app = Starlette(routes=[Route("/", page), Route("/data", data), Route("/failing", failing)])
    return TestClient(VisitorCookie(app, path=path), base_url=base_url)


def test_the_first_page_gives_a_cookie_that_scripts_and_other_sites_cannot_use() -> None:
    answer = client().get("/")
    assert re.fullmatch(
        r"visitor=[0-9a-f]{32}; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax", answer.headers["set-cookie"]
    )
    assert answer.text == "None"


def test_over_https_the_cookie_is_secure() -> None:
    assert client("https://arena").get("/").headers["set-cookie"].endswith("; SameSite=Lax; Secure")


def test_the_cookie_of_an_arena_at_a_path_is_not_sent_elsewhere_on_the_host() -> None:
    assert "; Path=/arena/; " in client(path="/arena/").get("/").headers["set-cookie"]


@pytest.mark.parametrize("foreign", ["visitor=theirs", f"visitor={SOMEBODY[::-1]}", "visitor", "lang=xx; a=b; a=c"])
def test_a_cookie_of_the_same_name_from_elsewhere_on_the_host_is_ignored(foreign: str) -> None:
    """A browser sends both, the one with the longer path first."""
    ours = client().get("/", headers={"cookie": f"{COOKIE}={SOMEBODY}"})
    both = client().get("/", headers={"cookie": f"{COOKIE}={SOMEBODY}; {foreign}"})
    assert re.fullmatch("[0-9a-f]{64}", ours.text)
    assert both.text == ours.text
    assert "set-cookie" not in both.headers


def test_a_visitor_keeps_one_cookie_and_one_pseudonym() -> None:
    browser = client()
    browser.get("/")
    again = browser.get("/")
    assert "set-cookie" not in again.headers
    assert re.fullmatch("[0-9a-f]{64}", again.text)
    assert browser.get("/").text == again.text
    assert browser.cookies[COOKIE] not in again.text


def test_two_visitors_have_different_pseudonyms() -> None:
    first, second = client(), client()
    first.get("/"), second.get("/")
    assert first.get("/").text != second.get("/").text


@pytest.mark.parametrize("path", ["/data", "/failing"])
def test_only_successful_pages_give_cookies(path: str) -> None:
    assert "set-cookie" not in client().get(path).headers


@pytest.mark.parametrize("cookie", ["", "x", SOMEBODY.upper(), SOMEBODY + "0", SOMEBODY[:-1] + "\n"])
def test_an_invalid_cookie_identifies_nobody_and_is_replaced(cookie: str) -> None:
    assert pseudonym(SimpleNamespace(cookies={COOKIE: cookie}), SECRET) is None
    if cookie.isalnum():
        assert "set-cookie" in client().get("/", headers={"cookie": f"{COOKIE}={cookie}"}).headers


def test_the_pseudonym_depends_on_the_secret_and_not_only_on_the_cookie() -> None:
    request = SimpleNamespace(cookies={COOKIE: SOMEBODY})
    # printf visitor:0123456789abcdef0123456789abcdef | openssl dgst -sha256 -hmac 00000000000000000000000000000000
    assert pseudonym(request, SECRET) == "afe7ec306840b9ddbfa4254dc8bdfce0b87de99aa0f1a7cb45099f9d587e89c2"
    assert pseudonym(request, b"1" * 32) != pseudonym(request, SECRET)


def test_a_sender_has_a_pseudonym_and_an_address() -> None:
    client = SimpleNamespace(host="203.0.113.7", port=1)
    request = SimpleNamespace(cookies={COOKIE: SOMEBODY}, client=client)
    assert identify(request, SECRET) == Sender(pseudonym(request, SECRET), address_mac(request, SECRET))
    nowhere = SimpleNamespace(cookies={}, client=None)
    assert identify(nowhere, SECRET) == Sender(None, address_mac(nowhere, SECRET))
