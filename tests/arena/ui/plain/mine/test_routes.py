"""The visitor's own page over HTTP, with the real service on a database."""

import json
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
from arena.ui.links import DOCUMENTS, FORMS
from arena.web import protect
from arena.web.routes import routes
from arena.web.sender.visitor import identify, pseudonym, renew
from db import queries
from db.codes import Reason
from db.outcome import Outcome
from db.queries import Feedback
from tests.arena.service.house import NAMES, House
from tests.db.building import fight, votable, vote

SECRET = b"0" * 32
ANN, BO = "a" * 32, "b" * 32
OURS = {"sec-fetch-site": "same-origin", "accept": "text/html"}


class _Request:
    def __init__(self, cookie: str) -> None:
        self.cookies = {"visitor": cookie}


ANN_ID, BO_ID = (pseudonym(_Request(cookie), SECRET) or "" for cookie in (ANN, BO))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    """Ann's browser; `as_bo` is another."""
    arena: Arena = house.arena()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await arena.start()
        yield
        await arena.close()

    app, texts = FastAPI(lifespan=lifespan), ui.PlainPages(house.settings)
    app.include_router(routes(arena, partial(identify, secret=SECRET)))
    app.include_router(ui.plain_routes(arena, texts, partial(identify, secret=SECRET), renew))
    protect(app, pages=[], n_inputs={}, texts=texts, documents=list(DOCUMENTS.values()), forms=list(FORMS.values()))
    with TestClient(app, follow_redirects=False) as client:
        client.cookies.set("visitor", ANN)
        yield client


def as_bo(client: TestClient, path: str) -> str:
    text: str = client.get(path, headers={"cookie": f"visitor={BO}"}).text
    return text


def fill(tx: Connection) -> list[str]:
    """Store three voted battles of Ann, of which one does not count, one without a vote, and one of Bo."""
    ids = [fight(tx, NAMES, Outcome.A, ANN_ID), fight(tx, NAMES, Outcome.TIE, ANN_ID), votable(tx, NAMES, ANN_ID)]
    vote(tx, ids[2], Outcome.B, ANN_ID, reasons=[Reason.IDENTITY_LEAK])
    ids += [votable(tx, NAMES, ANN_ID), fight(tx, NAMES, Outcome.A, BO_ID)]
    return ids


def test_the_page_lists_only_the_visitors_own_battles_with_verdicts_and_names_after_the_vote(
    house: House, client: TestClient
) -> None:
    with house.database.write() as tx:
        ids = fill(tx)
    page = client.get("/mine").text
    items = re.findall(r"<li>.*?</li>", page.partition('<ol class="battles">')[2])
    assert len(items) == 4
    assert "Waits for your vote" in items[0]
    assert f'href="./?battle={ids[3]}"' in items[0]
    assert not any(name in items[0] for name in NAMES)
    assert "You chose B." in items[1]
    assert "Not counted: an answer named its model." in items[1]
    assert 'class="side of-b is-chosen"' in items[1]
    assert all("Counted." in item and 'href="./battle?id=' in item for item in items[2:])
    assert "battles 4, votes 3, of which 2 count" in page
    assert "You have 2 counted votes in blind battles, and ratings of your own begin at 10." in page
    assert (
        len(re.findall(r"<li>", as_bo(client, "/mine").partition('<ol class="battles">')[2].partition("</ol>")[0])) == 1
    )


def test_filters_and_pages_are_in_the_address(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        ids = fill(tx)
        for _ in range(49):
            fight(tx, NAMES, Outcome.B, ANN_ID)

    def shown(query: str) -> int:
        return client.get(f"/mine{query}").text.count('<p class="verdict">')

    assert (shown(""), shown(f"?before={ids[1]}"), shown(f"?before={ids[4]}")) == (50, 1, 0), "the last one is Bo's"
    assert (shown("?counted=no"), shown("?outcome=tie"), shown("?kind=chat"), shown("?kind=?")) == (1, 1, 0, 50)
    older = re.search(r'href="(\./mine\?counted=yes&amp;before=\w+)#battles"', client.get("/mine?counted=yes").text)
    assert older is not None
    assert shown(older[1].removeprefix("./mine").replace("&amp;", "&")) == 1
    assert 'value="tie" selected' in client.get("/mine?outcome=tie&lang=ko").text
    assert "No battle matches." in client.get("/mine?shared=yes").text
    assert "own-board" not in client.get(f"/mine?before={ids[1]}").text.partition("<main")[2]


def test_a_shared_battle_is_taken_back_on_the_page(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        battle_id = fight(tx, NAMES, Outcome.A, ANN_ID)
        link = queries.share_battle(tx, battle_id, visitor=ANN_ID, now=1.0)
    assert client.get("/mine?shared=yes").text.count("Stop sharing") == 1
    answer = client.post(
        "/battle/share",
        content=f"battle={battle_id}&shared=0&back=1",
        headers={**OURS, "referer": "http://testserver/mine?shared=yes"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "../mine?shared=yes")
    assert client.get(f"/battle?id={link}").status_code == 404


def test_the_download_has_everything_of_the_visitor_and_nothing_of_others(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        ids = fill(tx)
        for _ in range(100):
            votable(tx, NAMES, ANN_ID)
        queries.save_feedback(tx, ids[0], visitor=ANN_ID, feedback=Feedback(comment="Mine alone"))
        queries.set_consent(tx, ANN_ID, is_given=True, now=86400.0)
    answer = client.get("/mine.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="arena-mine.json"'
    assert answer.headers["cache-control"] == "no-store"
    stored = json.loads(answer.text)
    assert (stored["visitor"], stored["consent_at"]) == (ANN_ID, "1970-01-02T00:00:00+00:00")
    found = {one["id"]: one for one in stored["battles"]}
    assert len(stored["battles"]) == len(found) == 104
    assert ids[4] not in found
    voted, leaked, open_one = found[ids[0]], found[ids[2]], found[ids[3]]
    assert (voted["models"], voted["vote"]["outcome"], voted["feedback"]["comment"]) == (
        list(NAMES),
        "a",
        "Mine alone",
    )
    assert leaked["vote"]["reasons"] == ["identity_leak"]
    assert open_one["turns"][0]["answers"][0].keys() == {"side", "attempt", "text"}
    assert not any(name in json.dumps(open_one) for name in NAMES)
    assert json.loads(as_bo(client, "/mine.json"))["battles"][0]["id"] == ids[4]
    assert json.loads(client.get("/mine.json", headers={"cookie": f"visitor={'c' * 32}"}).text)["battles"] == []


def test_a_deletion_moves_no_board_and_makes_the_browser_a_new_visitor(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        ids = fill(tx)
        link = queries.share_battle(tx, ids[0], visitor=ANN_ID, now=1.0)
        shown = queries.get_battle(tx, ids[0]).turns[0].prompt
    asked = client.get("/mine?delete=ask").text
    assert "battles 4, votes 3" in asked
    assert "What stays" in asked
    before = client.get("/leaderboard.json").json()
    assert client.post("/mine/delete", content="sure=yes").status_code == 403, "not from our pages"
    for body in (b"a=1&" * 60 + b"sure=yes", b"sure=%ff", b"\xff"):
        assert 'name="sure"' in client.post("/mine/delete", content=body, headers=OURS).text, "it asks again"
    assert "What is deleted" in client.post("/mine/delete", headers=OURS).text, "without an answer it asks"
    assert client.get("/mine").text.count('<p class="verdict">') == 4

    done = client.post("/mine/delete", content="sure=yes", headers=OURS)
    assert "Votes that stay, under a random pseudonym: 3." in done.text
    fresh = re.search(r"visitor=([0-9a-f]{32}); Max-Age=34560000; Path=/; HttpOnly", str(done.headers))
    assert fresh is not None
    assert fresh[1] != ANN
    assert "x-new-visitor" not in done.headers
    after = client.get("/leaderboard.json").json()
    assert {**after, "computed_at": 0} == {**before, "computed_at": 0}
    for cookie in (ANN, fresh[1]):
        page = client.get("/mine", headers={"cookie": f"visitor={cookie}"}).text
        assert "There is no battle from this browser yet." in page
        assert client.get(f"/battle?id={link}", headers={"cookie": f"visitor={cookie}"}).status_code == 404
    assert house.record(ids[0]).visitor not in (ANN_ID, BO_ID)
    assert shown
    assert not house.record(ids[0]).has_texts
    assert house.record(ids[4]).has_texts, "Bo's stays"


def test_ratings_of_ones_own_begin_with_ten_votes_and_say_how_few_they_are(house: House, client: TestClient) -> None:
    with house.database.write() as tx:
        for outcome in (Outcome.A, Outcome.B, *[Outcome.A] * 8):
            fight(tx, NAMES, outcome, ANN_ID)
        for _ in range(20):
            fight(tx, NAMES, Outcome.B, BO_ID)
    page = client.get("/mine").text
    assert "Computed from only 10 counted votes of yours" in page
    assert re.findall(r'<a class="name"[^>]*>(.*?)</a>', page) == list(NAMES), "Bo's votes say otherwise"
    assert "Computed from 10 votes" in page
    assert "Bradley-Terry fit" in page


def test_publishing_is_allowed_and_taken_back_on_the_page(house: House, client: TestClient) -> None:
    came_from = {**OURS, "referer": "http://testserver/mine"}
    assert "are not published" in client.get("/mine").text
    answer = client.post("/mine/consent", content="consent=given", headers=came_from)
    assert (answer.status_code, answer.headers["location"]) == (303, "../mine")
    assert "battles since 1970-01-12 13:46 UTC may be published" in client.get("/mine").text
    client.post("/mine/consent", content="consent=refused", headers=came_from)
    assert "are not published" in client.get("/mine").text
