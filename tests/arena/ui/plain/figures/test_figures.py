"""The figures of the leaderboard over HTTP, with the real service on a database."""

import re

from starlette.testclient import TestClient

from db import queries
from db.outcome import Outcome
from db.queries import ModelInfo
from tests.arena.service.house import House
from tests.arena.ui.plain.model.test_model import HOSTILE, WREN, battle, client, house

__all__ = ["client", "house"]


def test_each_figure_of_the_board_has_an_address_and_escapes_names(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        queries.upsert_models(tx, [ModelInfo(WREN, parameters=10**6), ModelInfo(HOSTILE, parameters=10**9)], now=1.0)
        for outcome in (Outcome.A, Outcome.A, Outcome.A, Outcome.B, Outcome.TIE):
            battle(tx, "Hi", outcome)
    board = client.get("/leaderboard").text
    links = re.findall(r'href="\./(figures\?show=(\w+))"', board.partition('id="figures"')[2])
    assert [name for _, name in links] == ["better", "observed", "predicted", "battles", "apart", "history", "size"]
    for link, _ in links:
        answer = client.get(f"/{link}")
        assert answer.status_code == 200
        assert "<img" not in answer.text
        assert "&lt;img src=x" in answer.text
    assert '<td class="u3">70</td>' in client.get("/figures?show=observed").text, "3.5 of 5 points"
    assert 'class="front"' in client.get("/figures?show=size&lang=ko").text


def test_what_cannot_be_drawn_says_why_and_leads_back(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        battle(tx, "Hi", Outcome.A)
    for query, status, words in (
        ("show=price", 200, "fewer than two rated models have this value"),
        ("show=history&language=ko", 200, "Back to the leaderboard"),
        ("show=nothing", 404, "There is no figure at this address"),
        ("show=better&turns=three", 400, "Back to the leaderboard"),
        ("show=better&since=today&lang=ko", 400, "2026-01-31 같은 날짜"),
    ):
        answer = client.get(f"/figures?{query}")
        assert (answer.status_code, words in answer.text) == (status, True), query
