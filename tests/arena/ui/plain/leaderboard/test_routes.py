"""The page of a view: what an open page fetches, what caches may keep, and style control in words."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from arena.service import Refusal
from arena.settings import Settings
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.leaderboard import routes
from elo.board.leaderboard import FitFacts
from elo.fit.coefficient import Coefficient
from tests.arena.ui.fake_arena import FakeArena, FakeBoards, full_board


def client(arena: FakeArena) -> TestClient:
    app = FastAPI()
    sender = SimpleNamespace(visitor="ann", address=None)
    app.include_router(routes(arena, Documents(Settings()), lambda request: sender))  # type: ignore[arg-type]
    return TestClient(app, follow_redirects=False)


def test_an_open_page_fetches_only_what_changed() -> None:
    arena = FakeArena(board=full_board(revision=1))
    browser = client(arena)
    page = browser.get("/leaderboard").text
    shown = page.split('data-shown="')[1].split('"')[0]
    same = browser.get("/leaderboard", params={"part": "board", "known": shown})
    assert (same.status_code, same.text) == (204, "")
    older = replace(arena.board, computed_at=arena.board.computed_at - 3600)
    arena.board = older
    part = browser.get("/leaderboard", params={"part": "board", "known": shown}).text
    assert "1 h ago" in part
    assert "leaderboard-table" not in part
    arena.board = replace(older, revision=2)
    part = browser.get("/leaderboard", params={"part": "board", "known": shown}).text
    assert 'id="leaderboard-table"' in part
    assert "<html" not in part


def test_no_cache_keeps_a_readers_own_votes_and_no_search_engine_lists_views() -> None:
    browser = client(FakeArena(board=full_board()))
    own, view, official = (browser.get(f"/leaderboard{query}") for query in ("?mine=1", "?sort=votes", ""))
    assert own.headers["cache-control"] == "no-store"
    assert "cache-control" not in view.headers
    assert view.headers["x-robots-tag"] == "noindex"
    assert "x-robots-tag" not in official.headers


def test_a_form_with_empty_fields_leads_to_a_short_address() -> None:
    browser = client(FakeArena(board=full_board()))
    answer = browser.get("/leaderboard?find=&kind=both&language=&since=&sort=&lang=ko")
    assert (answer.status_code, answer.headers["location"]) == (303, "./leaderboard?kind=both&lang=ko")
    answer = browser.get("/leaderboard.html?lang=ko")
    assert (answer.status_code, answer.headers["location"]) == (308, "./leaderboard?lang=ko")


@pytest.mark.parametrize(
    ("key", "status"),
    [("no_ratings", 503), ("boards_busy", 429), ("no_ratings_of_view", 200), ("style_collinear", 200)],
)
def test_a_board_that_is_refused_says_why_and_the_way_back(key: str, status: int) -> None:
    class Refusing(FakeBoards):
        async def newest(self, *_: object, **options: object) -> None:  # type: ignore[override]
            raise Refusal(key)

    arena = FakeArena()
    arena.boards = Refusing(arena)
    answer = client(arena).get("/leaderboard?language=ko&style=1")
    assert answer.status_code == status
    without_style = '<a href="./leaderboard?language=ko">Show ratings without style control</a>'
    assert (without_style in answer.text) == (key in ("no_ratings_of_view", "style_collinear"))
    assert 'class="notice"' in answer.text
    assert '<a href="./leaderboard">Show the board of all votes</a>' in answer.text


def test_a_value_with_markup_is_shown_as_text() -> None:
    answer = client(FakeArena()).get("/leaderboard?turns=<b>x</b>")
    assert answer.status_code == 400
    assert "turns=&lt;b&gt;x&lt;/b&gt;" in answer.text
    assert "<b>" not in client(FakeArena(board=full_board())).get("/leaderboard?tag=<b>&find=<b>").text


def test_style_control_is_in_points_and_plain_words() -> None:
    board = full_board()
    found = (
        Coefficient("tokens", 0.1, 0.05, 0.2),
        Coefficient("lists", -0.1, -0.2, 0.1),
        Coefficient("bold", -0.2, -0.3, -0.1),
    )
    fit = FitFacts(3, 0.0, None, found, 7, ("headers",))
    arena = FakeArena(board=replace(board, leaderboard=replace(board.leaderboard, fit=fit)))
    page = client(arena).get("/leaderboard?style=1").text
    assert "Length in tokens: more of it wins votes, worth 17 points (+9 to +35)" in page
    assert "List items: no clear effect (-35 to +17 points)" in page
    assert "Bold text: more of it loses votes, worth 35 points (-52 to -17)" in page
    assert "so there is no estimate: Headings." in page
    assert "7 votes are left out" in page
    assert 'id="style"' not in client(arena).get("/leaderboard").text
