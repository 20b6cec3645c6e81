"""The forms of every page, sent as a browser sends them, with and without script."""

import re

import pytest

from arena.service import Refusal
from tests.arena.ui.fake_arena import FakeArena
from tests.arena.ui.plain.test_pages import AT_A_PATH, BROWSER, served

OURS = {"sec-fetch-site": "same-origin", "accept": "text/html"}
SCRIPT = {"sec-fetch-site": "same-origin", "accept": "application/json"}
ANNA = {"visitor": "anna"}


def test_chosen_colours_are_kept_and_every_page_has_them() -> None:
    with served() as client:
        answer = client.post("/theme", data={"theme": "dark"}, headers=OURS, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "./")
        for path in ("/", "/about", "/nowhere"):
            page = client.get(path, headers=BROWSER).text
            assert re.search(r'<html\s+lang="en" data-theme="dark"', page)
            assert re.findall(r'value="(\w+)" aria-pressed="true"', page) == ["dark"]
        client.post("/theme", data={"theme": "system"}, headers=OURS)
        assert "data-theme=" not in client.get("/about").text.partition("</style>")[0].partition("<style>")[0]
        assert client.post("/theme", data={"theme": "red"}, headers=OURS).status_code == 400


@pytest.mark.parametrize(
    ("form", "came_from", "location"),
    [
        ("/theme", "http://testserver/about?lang=ko", "./about?lang=ko"),
        ("/mine/consent", "http://testserver/about", "../about"),
        ("/theme", "http://testserver/", "./"),
        ("/theme", "http://testserver/no/such/page", "./"),
        ("/theme", "http://testserver/%2F%2Fexample.org", "./"),
        ("/theme", "http://[", "./"),
    ],
)
def test_a_form_leads_back_to_the_page_that_it_is_on(form: str, came_from: str, location: str) -> None:
    with served() as client:
        data = {"theme": "light", "consent": "hidden"}
        headers = OURS | {"referer": came_from, "cookie": "visitor=anna"}
        answer = client.post(form, data=data, headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, location)


@pytest.mark.parametrize("form", ["/theme", "/mine/consent"])
def test_a_body_that_is_not_the_form_is_refused(form: str) -> None:
    with served() as client:
        for body in (b"", b"a=1&" * 20 + b"theme=dark&consent=given", b"\xff\0=%zz", b"theme=%00&consent=%ff"):
            headers = OURS | {"content-type": "application/x-www-form-urlencoded", "cookie": "visitor=anna"}
            assert client.post(form, content=body, headers=headers).status_code == 400


def test_a_form_of_another_site_changes_nothing() -> None:
    arena = FakeArena()
    with served(arena) as client:
        headers = {"sec-fetch-site": "cross-site", "cookie": "visitor=anna"}
        assert client.post("/mine/consent", data={"consent": "given"}, headers=headers).status_code == 403
    assert not arena.visitors.consenting


def test_consent_is_asked_for_until_it_is_given_and_the_line_dismissed() -> None:
    arena = FakeArena()
    with served(arena, public_url=AT_A_PATH) as client:
        client.base_url = "https://example.org"
        client.cookies.set("visitor", "anna")
        assert 'data-consent="ask"' in client.get("/about").text
        assert not arena.visitors.consenting, "off by default"
        states = [("given", "given", True), ("refused", "refused", False), ("hidden", None, False)]
        for choice, state, has_consent in states:
            answer = client.post("/arena/mine/consent", data={"consent": choice}, headers=SCRIPT)
            assert (answer.status_code, answer.content) == (204, b"")
            cookie = answer.headers["set-cookie"].lower()
            assert "path=/arena/" in cookie
            assert "secure" in cookie
            page = client.get("/arena/about").text
            assert re.findall(r'<section id="consent"[^>]* data-consent="(\w+)"', page) == ([state] if state else [])
            assert bool(arena.visitors.consenting) == has_consent


def test_consent_that_is_not_stored_is_not_shown_as_given() -> None:
    arena = FakeArena()
    with served(arena) as client:
        data = {"consent": "given"}
        assert client.post("/mine/consent", data=data, headers=OURS).status_code == 400, "no cookie, so no visitor"
        arena.visitors.refusal = Refusal("not_stored")
        answer = client.post("/mine/consent", data=data, headers=OURS | {"cookie": "visitor=anna"})
        assert answer.status_code == 503
        assert "consent=" not in answer.headers.get("set-cookie", "")
        assert 'data-consent="ask"' in answer.text
