"""The page of a shared battle, and the forms after a vote."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from arena.service import (
    Feedback,
    Outcome,
    Refusal,
    RevealSide,
    SharedBattle,
    SharedSettings,
    SharedTurn,
    SideView,
    Tag,
)
from arena.settings import Settings
from arena.ui.messages import messages
from arena.ui.plain import shared
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.shared import page

EN = messages("en")
BATTLE = SharedBattle(
    share_id="abc",
    kind="battle",
    state="voted",
    names=("Wren <Sol>", "Moss Tarn"),
    outcome=Outcome.B,
    reasons=(),
    turns=(
        SharedTurn("A secret <prompt>", SideView("done", "**One**"), SideView("failed", "Half", error="side_failed")),
        SharedTurn("Again", SideView("stopped", "Two"), SideView("done", "So", is_cut=True)),
    ),
    settings=SharedSettings("Be kind.", True, 0.7, 1.0, 512, "equal"),
    opened_at=1_780_000_000.0,
    language="en",
    is_shared=True,
)


class _Arena:
    """One battle of `anna`, shared or not, and its feedback."""

    def __init__(self) -> None:
        self.is_shared = False
        self.given = Feedback()
        self.sharing = self.feedback = self

    async def page(self, share_id: str, visitor: str | None) -> SharedBattle:
        if share_id != "abc" or not (self.is_shared or visitor == "anna"):
            raise Refusal("share_not_found")
        return replace(BATTLE, is_shared=self.is_shared, own_id="b1" if visitor == "anna" else None)

    async def share(self, visitor: str, battle_id: str, *, to: bool = True) -> str:
        if (visitor, battle_id) != ("anna", "b1"):
            raise Refusal("battle_not_found")
        self.is_shared = to
        return "abc"

    async def take_back(self, visitor: str, battle_id: str) -> str:
        return await self.share(visitor, battle_id, to=False)

    async def of(self, visitor: str, battle_id: str) -> Feedback:
        return self.given

    async def save(self, visitor: str, battle_id: str, *, a: list[str], b: list[str], comment: str) -> Feedback:
        if len(comment) > 20:
            raise Refusal("comment_too_long", length=len(comment), limit=20)
        self.given = Feedback(tuple(map(Tag, a)), tuple(map(Tag, b)), comment or None)
        return self.given


@pytest.fixture
def client() -> TestClient:
    def visitor_of(request: Any) -> Any:
        return SimpleNamespace(visitor=request.cookies.get("visitor"), address=None)

    app = FastAPI()
    app.include_router(shared.routes(_Arena(), Documents(Settings()), visitor_of))  # type: ignore[arg-type]
    return TestClient(app, follow_redirects=False)


def test_only_its_visitor_sees_a_battle_before_it_is_shared_and_after_it_was_taken_back(client: TestClient) -> None:
    anna = {"cookie": "visitor=anna"}
    assert client.get("/battle?id=abc").status_code == 404
    own = client.get("/battle?id=abc", headers=anna).text
    assert "Only you can see this page" in own
    answer = client.post("/battle/share", content="battle=b1&shared=1", headers=anna)
    assert (answer.status_code, answer.headers["location"]) == (303, "../battle?id=abc")
    public = client.get("/battle?id=abc")
    assert public.status_code == 200
    assert 'id="own"' not in public.text
    assert public.headers["x-robots-tag"] == "noindex, noarchive"
    assert public.headers["cache-control"] == "no-store"
    json = {**anna, "accept": "application/json"}
    answer = client.post("/battle/share", content="battle=b1&shared=0", headers=json)
    assert answer.json() == {"id": "abc", "is_shared": False}
    gone = client.get("/battle?id=abc")
    assert gone.status_code == 404
    assert "No battle here" in gone.text
    assert client.post("/battle/share", content="battle=b1&shared=1").status_code == 404, "a stranger's"


def test_title_and_preview_have_names_and_vote_and_nothing_of_the_prompt(client: TestClient) -> None:
    client.post("/battle/share", content="battle=b1&shared=1", headers={"cookie": "visitor=anna"})
    head = client.get("/battle?id=abc").text.split("</head>")[0]
    assert "<title>Moss Tarn or Wren &lt;Sol&gt;: the vote went to Moss Tarn · Arena</title>" in head
    assert 'property="og:title" content="Moss Tarn or Wren &lt;Sol&gt;: the vote went to Moss Tarn"' in head
    assert 'property="og:description" content="One prompt, two answers of Wren' in head
    assert "secret" not in head


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"outcome": Outcome.TIE}, "Wren <Sol> or Moss Tarn: the vote was a tie"),
        ({"outcome": None, "kind": "named"}, "Wren <Sol> and Moss Tarn side by side"),
        ({"outcome": None, "kind": "chat", "names": ("Wren",)}, "A chat with Wren"),
        ({"outcome": None, "names": None}, "A battle without a vote"),
    ],
)
def test_each_kind_of_battle_has_a_title(changes: dict[str, Any], title: str) -> None:
    assert page.title(replace(BATTLE, **changes), EN) == title


def test_the_page_shows_all_turns_how_they_ended_and_the_settings(client: TestClient) -> None:
    client.post("/battle/share", content="battle=b1&shared=1", headers={"cookie": "visitor=anna"})
    text = client.get("/battle?id=abc").text
    for part in (
        "A secret &lt;prompt&gt;",
        "<strong>One</strong>",
        "The answer was interrupted here.",
        "The visitor stopped this answer here.",
        "cut at the length limit",
        "Turn 2",
        "B was voted better.",
        "<dt>Temperature</dt><dd>0.7</dd>",
        "<dt>System prompt</dt><dd>Be kind.</dd>",
        "2026-05-28",
    ):
        assert part in text


def test_feedback_is_stored_read_and_refused_as_json(client: TestClient) -> None:
    headers = {"cookie": "visitor=anna", "accept": "application/json"}
    saved = client.post("/battle/feedback", content="battle=b1&a=useful&a=clear&b=wrong&comment=So", headers=headers)
    assert saved.json() == {"a": ["useful", "clear"], "b": ["wrong"], "comment": "So"}
    assert client.post("/battle/feedback", content="battle=b1&read=1", headers=headers).json() == saved.json()
    refused = client.post("/battle/feedback", content=f"battle=b1&comment={'x' * 21}", headers=headers)
    assert refused.status_code == 400
    assert "21 characters, and the limit is 20" in refused.json()["line"]
    assert (
        client.post("/battle/feedback", content="battle=b1", headers={"accept": "application/json"}).status_code == 404
    )
    assert client.post("/battle/feedback", content=b"\xff", headers=headers).status_code == 200, "no fields"


def test_what_differs_by_model_is_folded_on_the_page() -> None:
    side = RevealSide(
        "Moss Tarn", None, None, None, None, 42, 1500.0, 20.0, ("Hm <hm>",), own_system_prompt="Be brief."
    )
    place = SimpleNamespace(texts=EN, root="./", link=lambda path: path)
    text = page.page(replace(BATTLE, models=(side, side)), place)  # type: ignore[arg-type]
    folded = text.partition('<details class="models">')[2]
    assert "Hm &lt;hm&gt;" in folded
    assert "Be brief." in folded
    assert "42 tokens · first token after 1.5 s · 20 tokens/s" in folded
    assert 'class="models"' not in page.page(BATTLE, place), "nothing is known before the vote"  # type: ignore[arg-type]
