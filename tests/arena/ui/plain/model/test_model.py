"""The page of a model over HTTP, with the real service on a database."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection
from starlette.testclient import TestClient

from arena import ui
from arena.service import Arena
from arena.ui.links import model_address
from arena.ui.plain.routes import routes
from arena.web.sender.visitor import identify, renew
from db import queries
from db.codes import Side, State
from db.outcome import Outcome
from db.queries import AnswerRecord, Feedback, NewBattle, Tag
from tests.arena.service.house import House
from tests.db.building import SETTINGS, vote

WREN, HOSTILE = "Wren Sol", '<img src=x onerror=alert(1)> & "q"/?#'


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, (WREN, HOSTILE), own_prompts={WREN: "Answer in <verse>."})
    yield house
    house.database.close()


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    arena: Arena = house.arena()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await arena.start()
        yield
        await arena.close()

    app = FastAPI(lifespan=lifespan)
    app.include_router(routes(arena, ui.PlainPages(house.settings), partial(identify, secret=b"0" * 32), renew))
    with TestClient(app) as client:
        yield client


def battle(
    tx: Connection, prompt: str, outcome: Outcome | None, visitor: str = "ann", *, tags: tuple[str, ...] = ()
) -> str:
    """A battle of both models with Wren on side A; without an outcome it waits for its vote."""
    new = NewBattle(visitor, WREN, HOSTILE, SETTINGS, tags=tags)
    battle_id = queries.open_battle(tx, new, now=10.0)
    queries.add_turn(tx, battle_id, prompt)
    for side in Side:
        queries.save_answer(tx, battle_id, 1, AnswerRecord(side, 1, f"{prompt} <i>{side.label}</i>"))
    queries.set_battle_state(tx, battle_id, State.VOTABLE, now=11.0)
    if outcome is not None:
        vote(tx, battle_id, outcome, visitor)
    return battle_id


def text_of(client: TestClient, name: str, language: str = "en") -> str:
    answer = client.get(model_address(name) + f"&lang={language}")
    assert answer.status_code == 200
    return answer.text.replace("&#37;", "%")


def test_the_page_has_record_tags_reasons_samples_and_settings_of_votes_only(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        queries.set_consent(tx, "ann", is_given=True, now=1.0)
        for _ in range(40):
            battle(tx, "Public prompt", Outcome.A, tags=("code",))
        for _ in range(40):
            battle(tx, "Public prompt", Outcome.B)
        told = battle(tx, "Of bo alone", Outcome.A, "bo")
        queries.save_feedback(tx, told, visitor="bo", feedback=Feedback(a=(Tag.USEFUL,), comment="A private comment"))
        battle(tx, "Running secret", None)
    page = text_of(client, WREN)
    assert "81 counted votes · 51% of the points (40% to 61%)" in page
    assert re.search(r"<td>41</td><td>40</td><td>0</td><td>0</td>", page)
    assert re.search(r'>code</th><td>40</td>.*?<span class="strong">strong</span>', page)
    assert "useful" in page.partition('id="model-feedback"')[2].partition("</section>")[0]
    assert page.count('<details class="sample">') == 5
    for hidden in ("Of bo alone", "A private comment", "Running secret", "<i>", "<verse>", "<img"):
        assert hidden not in page
    assert "Answer in &lt;verse&gt;." in page
    assert "/model?name=%3Cimg+src%3Dx+onerror%3Dalert%281%29%3E+%26+%22q%22%2F%3F%23" in page
    assert 'class="chart"' in page
    rival = text_of(client, HOSTILE)
    assert "<img" not in rival
    assert "won against Wren Sol" in rival
    korean = text_of(client, WREN, "ko")
    assert "집계된 투표 81표" in korean
    assert "&amp;lang=ko" in korean


def test_a_sample_is_gone_at_once_when_its_visitor_takes_the_permission_back(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        queries.set_consent(tx, "ann", is_given=True, now=1.0)
        battle(tx, "Public prompt", Outcome.A)
    assert "Public prompt" in text_of(client, WREN)
    with house.database.write() as tx:
        queries.set_consent(tx, "ann", is_given=False, now=30.0)
    assert "Public prompt" not in text_of(client, WREN)


def test_a_model_without_votes_says_so_and_an_unknown_one_is_a_404_with_a_next_step(client: TestClient) -> None:
    assert "No vote on this model has been counted yet" in text_of(client, WREN)
    for name in ("Nobody", "<b>", ""):
        answer = client.get(model_address(name))
        assert answer.status_code == 404
        assert "Open the leaderboard" in answer.text
        assert "<b>" not in answer.text
    assert "“Nobody”" in client.get(model_address("Nobody")).text
