"""The pages as a browser without script, a link preview or a lost visitor sees them, through all of `web`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from arena import __version__, ui
from arena.settings import Link, QuickSettings, Settings, load
from arena.ui.links import DOCUMENTS, FORMS, LIVE, OLD_LEADERBOARD, PAGES, pages_of
from arena.ui.messages import LANGUAGES, messages
from arena.ui.plain.frame.place import place_of
from arena.ui.plain.frame.shell import Shell
from arena.web import protect
from arena.web.sender.visitor import renew
from tests.arena.ui.fake_arena import NAMES, FakeArena, full_board

AT_A_PATH = "https://example.org/arena"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@contextmanager
def served(
    arena: FakeArena | None = None, *, public_url: str | None = None, title: str = "Arena"
) -> Iterator[TestClient]:
    arena = arena or FakeArena(board=full_board())
    settings = Settings()
    web, own = replace(settings.web, public_url=public_url), replace(settings.arena, title=title)
    settings = replace(settings, web=web, arena=own, quick=QuickSettings(("demo",)))

    def visitor_of(request: Any) -> Any:
        return SimpleNamespace(visitor=request.cookies.get("visitor"), address=None)

    pages = ui.build(arena, settings, visitor_of=visitor_of)  # type: ignore[arg-type]
    app, texts = FastAPI(), ui.PlainPages(settings)
    app.include_router(ui.plain_routes(arena, texts, visitor_of, renew))  # type: ignore[arg-type]
    protect(
        app,
        pages=list(LIVE.values()),
        n_inputs={},
        texts=texts,
        public_url=public_url,
        documents=[*DOCUMENTS.values(), OLD_LEADERBOARD],
        forms=list(FORMS.values()),
    )
    with TestClient(ui.mount(app, pages, settings)) as client:
        yield client


def _tags(page: str) -> dict[str, str]:
    found: dict[str, str] = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', page))
    titles = re.findall(r"<title>(.*?)</title>", page)
    assert len(titles) == 1
    return found | {"title": titles[0]}


def _links(page: str) -> set[str]:
    return set(re.findall(r'href="([^"]*)"', page))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_has_its_own_title_description_and_tags_in_the_visitors_language(language: str) -> None:
    texts = messages(language)
    with served() as client:
        for name, path in PAGES.items():
            tags = _tags(client.get(path, headers={"accept-language": language}).text)
            assert tags["title"] == f"{texts(f'title_{name}')} · Arena"
            assert tags["og:title"] == texts(f"title_{name}")
            assert tags["description"] == tags["og:description"] == texts(f"description_{name}")
            assert tags["og:site_name"] == "Arena"
            assert tags["og:locale"].startswith(language)
            assert not {"og:url", "og:image"} & set(tags), "the host of a request could be anything"


def test_the_address_in_a_preview_is_the_public_one() -> None:
    with served(public_url=AT_A_PATH) as client:
        for base in ("", "/arena"):
            for path in PAGES.values():
                tags = _tags(client.get(base + path).text)
                assert (tags["og:url"], tags["og:image"]) == (AT_A_PATH + path, f"{AT_A_PATH}/preview.png")
        picture = client.get("/preview.png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert len(picture.content) <= 60_000


def test_a_title_with_markup_stays_text() -> None:
    with served(title='<b>"A" & B') as client:
        page = client.get("/about", headers=BROWSER).text
        assert "· &lt;b&gt;&quot;A&quot; &amp; B</title>" in page
        assert "<b>" not in page + client.get("/nowhere", headers=BROWSER).text


def test_no_page_names_a_model_before_script_runs() -> None:
    with served() as client:
        for path in {*PAGES.values(), "/nowhere"} - {PAGES["leaderboard"]}:
            page = client.get(path, headers=BROWSER).text
            assert not [name for name in NAMES if name in page], path


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_script_a_page_says_what_it_is_and_what_can_be_read(language: str) -> None:
    texts = messages(language)
    with served() as client:
        for name, path in LIVE.items():
            page = client.get(path, headers={"accept-language": language}).text
            _, body = re.findall(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
            assert texts(f"plain_{name}") in body
            assert {"./leaderboard", "./about"} <= _links(body)
            assert f'<html\n\tlang="{language}"' in page
        about = client.get("/about", headers={"accept-language": language}).text
    assert texts.texts["about_markdown"].split("\n")[3].removeprefix("## ") in about
    assert "gradio" not in about


def test_every_page_has_the_header_with_its_own_link_marked_and_the_footer() -> None:
    with served() as client:
        for name, path in ({**PAGES} | {"not_found": "/nowhere"}).items():
            page = client.get(path, headers=BROWSER).text
            header, footer = (re.findall(rf"<{tag} id.*?</{tag}>", page, re.DOTALL) for tag in ("header", "footer"))
            assert len(header) == len(footer) == 1, path
            assert {f".{one}" for one in PAGES.values()} <= _links(header[0])
            marked = re.findall(r'href="\./(\S*?)" aria-current="page"', header[0])
            assert marked == ([] if name == "not_found" else [PAGES[name][1:]])
            assert f"Arena {__version__}" in footer[0]


def test_the_footer_has_the_owners_links_of_the_pages_language() -> None:
    links = (Link("Imprint & more", "https://example.org/?a=1&b=2"), Link("개인정보", "https://example.org/ko", "ko"))
    shell = Shell(replace(Settings(), links=links))
    place = place_of(Request({"type": "http", "path": "/", "headers": [], "query_string": b""}), "")
    footer = shell.below(place)
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="noreferrer">Imprint &amp; more</a>' in footer
    assert "개인정보" not in footer
    assert "개인정보" in shell.below(replace(place, texts=messages("ko")))


def test_pages_that_the_settings_switch_off_are_left_out() -> None:
    every = {"battle": "/", "side_by_side": "/side-by-side", "chat": "/chat"}
    off = load({"arena": {"named_pages": "off"}}, {})
    assert list(pages_of(off, every)) == ["battle"]
    assert pages_of(Settings(), every) == every
    assert "quick" not in pages_of(replace(Settings(), quick=QuickSettings(())))
    assert "quick" in pages_of(replace(Settings(), quick=QuickSettings(("demo",))))


def test_links_keep_a_language_that_the_address_chose() -> None:
    with served() as client:
        page = client.get("/leaderboard?lang=ko", headers={"accept-language": "en"}).text
        assert '<html lang="ko">' in page
        assert {"./?lang=ko", "./about?lang=ko", "./leaderboard?lang=en"} <= _links(page)
        page = client.get("/?a=%22x&lang=ko").text
        assert '<html\n\tlang="ko"' in page
        assert {"./?a=%22x&amp;lang=en", "./about?lang=ko"} <= _links(page)
        assert "document.cookie='lang='" in page


def test_an_address_that_does_not_exist_gets_the_arenas_own_page() -> None:
    with served() as client:
        answer = client.get("/nowhere", headers=BROWSER | {"accept-language": "ko"})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "<h1>페이지를 찾을 수 없습니다</h1>" in answer.text
        assert {"./", "./leaderboard", "./about"} <= _links(answer.text)
        assert "nowhere" not in answer.text
        assert "script-src 'self' 'nonce-" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
        assert client.head("/nowhere", headers=BROWSER).status_code == 404


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json", "application/json"),
        ("application/json, */*", "application/json"),
        ("*/*", "text/plain; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
    ],
)
def test_a_client_that_asks_for_json_gets_json(accept: str, content_type: str) -> None:
    with served() as client:
        answer = client.get("/nowhere", headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (404, content_type)
        if "json" in content_type:
            assert answer.json() == {"error": "not_found"}


@pytest.mark.parametrize(
    ("path", "root"), [("/nowhere", "./"), ("/a/b", "../"), ("/a/b/c?x=/y", "../../"), ("/a%2Fb", "./")]
)
def test_the_links_of_the_404_page_work_from_any_depth(path: str, root: str) -> None:
    with served() as client:
        links = _links(client.get(path, headers=BROWSER).text)
        assert {root, f"{root}about", f"{root}favicon.svg"} <= links
    with served(public_url=AT_A_PATH) as client:
        for base in ("", "/arena"):
            assert {"/arena/", "/arena/about"} <= _links(client.get(base + path, headers=BROWSER).text)


def test_the_404_page_of_an_endless_path_stays_small() -> None:
    with served() as client:
        assert len(client.get("/a" + "/" * 60_000, headers=BROWSER).content) < 50_000


def test_the_icon_is_our_own_and_has_its_type() -> None:
    with served() as client:
        links = _links(client.get("/about").text)
        assert {"./favicon.svg", "./favicon.ico"} <= links
        drawn, picture = client.get("/favicon.svg"), client.get("/favicon.ico")
    assert (drawn.headers["content-type"], drawn.text[:4]) == ("image/svg+xml", "<svg")
    assert (picture.headers["content-type"], picture.content[:4]) == ("image/x-icon", b"\0\0\1\0")


def test_the_number_of_the_last_step_is_the_visitors_own() -> None:
    arena = FakeArena()
    arena.pulses["ann"] = 7
    with served(arena) as client:
        answers = [
            client.get("/pulse", headers={"cookie": f"visitor={name}"} if name else {}) for name in ("ann", "bo", "")
        ]
    assert [answer.text for answer in answers] == ["7", "0", "0"]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_every_page_has_the_sentences_that_it_needs_without_script() -> None:
    names = set(PAGES) | {"not_found"}
    keys = {f"{kind}_{name}" for kind in ("title", "description") for name in names} | {f"nav_{name}" for name in PAGES}
    assert keys <= messages("en").texts.keys()
