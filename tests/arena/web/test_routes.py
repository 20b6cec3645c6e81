import csv
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from arena.service import OFFICIAL, Board, Refusal, Status, View
from arena.web.routes import routes
from db.outcome import Outcome
from elo.battles import Cells
from elo.board.leaderboard import Leaderboard, rate
from elo.settings import Settings

NOBODY = SimpleNamespace(visitor=None, address="somewhere")


class FakeArena:
    """The two methods that the routes call, or a database that does not answer."""

    def __init__(self, leaderboard: Leaderboard | None) -> None:
        self._leaderboard = leaderboard
        self.boards = self

    async def status(self) -> Status:
        if self._leaderboard is None:
            raise Refusal("not_stored")
        return Status(n_models=4, n_ready=1, n_loading=2, n_failed=1, n_votes=9, n_counted=7)

    async def newest(self, view: View = OFFICIAL, **sender: Any) -> Any:
        if view.is_mine:
            raise Refusal("too_few_votes", n=3, least=10) if sender["visitor"] else Refusal("no_visitor")
        if self._leaderboard is None:
            raise Refusal("no_board")
        n = self._leaderboard.n_votes
        return Board(self._leaderboard, {}, revision=3, computed_at=5.0, n_counted=n, n_excluded=0, exclusions={})


def client(leaderboard: Leaderboard | None) -> TestClient:
    app = FastAPI()
    app.include_router(routes(FakeArena(leaderboard), lambda request: NOBODY))  # type: ignore[arg-type]
    return TestClient(app)


@pytest.fixture(scope="module")
def leaderboard() -> Leaderboard:
    counts = [("a, b", "c", Outcome.A, 6), ("a, b", "c", Outcome.B, 3), ("c", "d", Outcome.TIE, 2)]
    return rate(Cells.from_counts(counts), Settings(bootstrap=20), listed=["e"])


def test_health_counts_the_models_that_can_play(leaderboard: Leaderboard) -> None:
    answer = client(leaderboard).get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "models": {"active": 4, "ready": 1, "loading": 2, "failed": 1}, "votes": 9}


def test_the_json_is_the_boards_own_digit_for_digit(leaderboard: Leaderboard) -> None:
    answer = client(leaderboard).get("/leaderboard.json")
    assert answer.json() == json.loads(json.dumps({**leaderboard.to_json(), "computed_at": 5.0, "n_excluded": 0}))
    assert [row["rating"] for row in answer.json()["models"]] == [row.rating for row in leaderboard.rows]


def test_the_csv_has_the_rows_of_the_json(leaderboard: Leaderboard) -> None:
    answer = client(leaderboard).get("/leaderboard.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["model"] for row in rows] == [row.model for row in leaderboard.rows]
    assert [float(row["rating"]) for row in rows] == [row.rating for row in leaderboard.rows]
    first = ["model", "rank", "rating", "low", "high", "interval", "battles", "win_rate", "component"]
    assert list(rows[0])[: len(first)] == first


@pytest.mark.parametrize("path", ["/health", "/leaderboard.json", "/leaderboard.csv"])
def test_a_database_that_does_not_answer_is_503(path: str) -> None:
    answer = client(None).get(path)
    assert answer.status_code == 503
    assert answer.json()["status"] == "failing"


def test_the_files_take_the_views_of_the_page(leaderboard: Leaderboard) -> None:
    answer = client(leaderboard).get("/leaderboard.json?sort=model&columns=all&lang=ko")
    assert [row["model"] for row in answer.json()["models"]] == ["a, b", "c", "d"]
    assert "average_win_rate" in answer.json()["models"][0]
    table = csv.DictReader(io.StringIO(client(leaderboard).get("/leaderboard.csv?find=d&columns=all").text))
    assert [row["model"] for row in table] == ["d"]


@pytest.mark.parametrize("file", ["/leaderboard.json", "/leaderboard.csv"])
def test_a_file_says_what_came_and_what_is_expected(leaderboard: Leaderboard, file: str) -> None:
    browser = client(leaderboard)
    for query, name, expected in (
        ("turns=x", "turns", "one, many"),
        ("columns=x", "columns", "all"),
        ("a=b", "filter", "mine"),
    ):
        answer = browser.get(f"{file}?{query}")
        assert (answer.status_code, answer.json()["error"], answer.json()["name"]) == (400, "view_wrong", name)
        assert expected in answer.json()["message"]


def test_a_readers_own_votes_need_the_cookie_and_a_number_of_votes(leaderboard: Leaderboard) -> None:
    answer = client(leaderboard).get("/leaderboard.json?mine=1")
    assert (answer.status_code, answer.json()) == (400, {"status": "refused", "error": "no_visitor"})
    app = FastAPI()
    app.include_router(routes(FakeArena(leaderboard), lambda request: SimpleNamespace(visitor="ann", address="")))  # type: ignore[arg-type]
    answer = TestClient(app).get("/leaderboard.csv?mine=1")
    assert answer.status_code == 422
    assert answer.json() == {"status": "refused", "error": "too_few_votes", "n": 3, "least": 10}


def test_caches_ask_again_for_the_files_and_keep_no_refusal(leaderboard: Leaderboard) -> None:
    for file in ("csv", "json"):
        answer = client(leaderboard).get(f"/leaderboard.{file}")
        assert answer.headers["cache-control"] == "private, no-cache"
        assert client(None).get(f"/leaderboard.{file}").headers["cache-control"] == "no-store"
