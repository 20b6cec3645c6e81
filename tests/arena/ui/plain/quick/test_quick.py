"""The page of quick rounds and campaigns, and its forms, with canned views."""

import re
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from arena.rounds.quick_rounds import Judged, Round
from arena.rounds.review_queue import Agreement
from arena.service import (
    Judgement,
    Lack,
    Outcome,
    Refusal,
    ReviewView,
    RoundView,
    Screen,
    ScreenReveal,
    SideView,
    Withdrawal,
)
from arena.settings import Settings
from arena.ui.messages import messages
from arena.ui.plain import quick
from arena.ui.plain.frame.document import Documents
from arena.ui.plain.quick import podium
from arena.ui.untrusted import plain

EN = messages("en")
NAMES = ("Wren <Sol>", "Moss & Tarn")
WAITING = Screen("b1", "A <prompt>", SideView("done", "**One**"), SideView("done", "Two", is_cut=True))
VOTED = replace(WAITING, reveal=ScreenReveal(Outcome.A, NAMES, ()))
WON = Judged(*NAMES, Outcome.A)
JSON = {"accept": "application/json"}


class _Arena:
    """The views of `anna`, and what was asked of the service."""

    def __init__(self) -> None:
        self.quick = self.campaigns = self
        self.round = RoundView(None, Round(10), n_left=5, n_seen=0)
        self.review: ReviewView | None = None
        self.refusal: Refusal | None = None
        self.asked: list[tuple[Any, ...]] = []

    async def view(self, visitor: str | None, token: str | None = None) -> RoundView | ReviewView:
        if token is None:
            return self.round if visitor else RoundView(None, Round(10), n_left=5, n_seen=0)
        if self.review is None or token != "tok":
            raise Refusal("campaign_not_found")
        return self.review

    async def next(self, visitor: str, token: str | None = None, **options: Any) -> None:
        self._note("next", visitor, token, options)

    async def vote(self, visitor: str, *words: Any, **options: Any) -> None:
        self._note("vote", visitor, *words)

    async def withdraw(self, visitor: str, *words: Any) -> None:
        self._note("withdraw", visitor, *words)

    def _note(self, *words: Any) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(words)


@pytest.fixture
def arena() -> _Arena:
    return _Arena()


@pytest.fixture
def client(arena: _Arena) -> Iterator[TestClient]:
    app = FastAPI()

    def visitor_of(request: Any) -> Any:
        return SimpleNamespace(visitor=request.cookies.get("visitor"), address="cafe")

    app.include_router(quick.routes(arena, Documents(Settings()), visitor_of, title="Arena"))  # type: ignore[arg-type]
    with TestClient(app, cookies={"visitor": "anna"}, follow_redirects=False) as client:
        yield client


def test_opening_the_page_asks_for_nothing_and_is_kept_nowhere(arena: _Arena, client: TestClient) -> None:
    answer = client.get("/quick")
    assert answer.headers["cache-control"] == "no-store"
    assert 'data-state="start"' in answer.text
    assert 'action="./quick/next"' in answer.text
    assert arena.asked == []


def test_a_screen_has_no_name_before_the_vote_and_both_after_it(arena: _Arena, client: TestClient) -> None:
    arena.round = RoundView(WAITING, Round(10, (WON,)), n_left=3, n_seen=2)
    text = client.get("/quick").text
    assert not re.search("Wren|Sol|Moss|Tarn", text)
    assert "A &lt;prompt&gt;" in text
    assert "<strong>One</strong>" in text
    assert EN("side_cut") in text
    assert EN("quick_screen", n=2, length=10) in text
    for element, outcome in (("vote-a", "a"), ("vote-tie", "tie"), ("vote-bad", "both_bad"), ("vote-b", "b")):
        assert f'<button id="{element}" name="outcome" value="{outcome}">' in text
    arena.round = RoundView(VOTED, Round(10, (WON, WON)), n_left=3, n_seen=2)
    text = client.get("/quick").text
    assert "Wren &lt;Sol&gt;" in text
    assert "Moss &amp; Tarn" in text
    assert EN("quick_record", wins=2, losses=0) in text
    assert EN("quick_record", wins=0, losses=2) in text
    assert EN("vote_counted") in text
    assert 'id="vote-a"' not in text


def test_equal_answers_allow_only_a_tie_or_neither(arena: _Arena, client: TestClient) -> None:
    arena.round = RoundView(replace(WAITING, is_tie_only=True), Round(10), n_left=3, n_seen=1)
    text = client.get("/quick").text
    assert re.findall(r'<button id="([\w-]+)"[^>]* disabled>', text) == ["vote-a", "vote-b"]
    assert EN("notice_identical_answers") in text


def test_a_vote_that_does_not_count_says_why(arena: _Arena, client: TestClient) -> None:
    reveal = ScreenReveal(Outcome.TIE, NAMES, ("named_probe",))
    arena.round = RoundView(replace(WAITING, reveal=reveal), Round(10, (WON,)), n_left=3, n_seen=1)
    text = client.get("/quick").text
    assert EN("vote_not_counted") in text
    assert EN("reason_named_probe") in text


def test_a_vote_can_be_withdrawn_for_a_minute(arena: _Arena, client: TestClient) -> None:
    def shown(withdrawal: Withdrawal | None, n_judged: int = 1) -> str:
        screen = replace(WAITING, reveal=ScreenReveal(Outcome.A, NAMES, (), withdrawal))
        arena.round = RoundView(screen, Round(10, (WON,) * n_judged), n_left=3, n_seen=n_judged)
        return client.get("/quick").text

    for n_judged in (1, 5):  # also on the page of a round that has ended with this vote
        text = shown(Withdrawal(42.4, 1), n_judged)
        assert 'data-within-s="42"' in text
        assert 'id="withdraw-wrong_button" name="reason" value="wrong_button"' in text
        assert EN("withdraw_left_one") in text
    text = shown(Withdrawal(42.4, 0, "total", 1, 1, 40))
    assert EN("withdraw_none_total", n=1, votes=40) in text
    assert 'name="reason"' not in text
    assert 'id="withdraw"' not in shown(None)
    answer = client.post("/quick/withdraw", data={"battle": "b1", "reason": "misread"})
    assert (answer.status_code, answer.headers["location"]) == (303, "../quick")
    assert client.post("/quick/withdraw", data={"battle": "b1", "reason": "regret"}).status_code == 409
    assert arena.asked == [("withdraw", "anna", "b1", "misread")]
    withdrawn = ScreenReveal(Outcome.A, NAMES, ("withdrawn",))
    arena.round = RoundView(replace(WAITING, reveal=withdrawn), Round(10, (Judged(*NAMES, None),)), n_left=0, n_seen=1)
    text = client.get("/quick").text
    assert EN("withdrawn") in text
    assert 'id="podium"' not in text, "nothing was judged"


def test_forms_lead_back_to_the_page_without_script(arena: _Arena, client: TestClient) -> None:
    answer = client.post("/quick/next", data={})
    assert (answer.status_code, answer.headers["location"]) == (303, "../quick")
    answer = client.post("/quick/vote", data={"battle": "b1", "outcome": "both_bad"})
    assert (answer.status_code, answer.headers["location"]) == (303, "../quick")
    answer = client.post("/quick/vote?", data={"battle": "b1", "outcome": "a", "campaign": "t&k"})
    assert answer.headers["location"] == "../quick?campaign=t%26k"
    assert arena.asked == [
        ("next", "anna", None, {"address": "cafe", "language": "en"}),
        ("vote", "anna", "b1", Outcome.BOTH_BAD),
        ("vote", "anna", "t&k", "b1", Outcome.A),
    ]


def test_a_language_that_the_address_chose_stays(arena: _Arena, client: TestClient) -> None:
    text = client.get("/quick?lang=ko").text
    assert '<input type="hidden" name="lang" value="ko">' in text
    answer = client.post("/quick/next", data={"lang": "ko"})
    assert answer.headers["location"] == "../quick?lang=ko"
    assert arena.asked[-1][-1]["language"] == "ko"
    assert messages("ko")("quick_start") in client.post("/quick/next", data={"lang": "ko"}, headers=JSON).json()["html"]


def test_a_script_gets_what_the_page_then_shows(arena: _Arena, client: TestClient) -> None:
    arena.round = RoundView(WAITING, Round(10), n_left=3, n_seen=1)
    found = client.post("/quick/next", data={}, headers=JSON).json()
    assert found["battle"] == "b1"
    assert found["html"].startswith('<div id="quick" data-state="waiting">')
    assert 'action="./quick/vote"' in found["html"]  # as on the page, and not as on the form's own address


@pytest.mark.parametrize(("key", "status"), [("screen_voted", 409), ("screen_not_found", 409), ("not_stored", 503)])
def test_a_refusal_stands_above_what_the_page_shows(arena: _Arena, client: TestClient, key: str, status: int) -> None:
    arena.round = RoundView(VOTED, Round(10, (WON,)), n_left=3, n_seen=1)
    arena.refusal = Refusal(key)
    form = {"battle": "b0", "outcome": "a"}
    page = client.post("/quick/vote", data=form)
    script = client.post("/quick/vote", data=form, headers=JSON)
    assert page.status_code == script.status_code == status
    for text in (page.text, script.json()["html"]):
        assert EN(f"refused_{key}") in text
        assert 'id="next"' in text


def test_an_unknown_outcome_and_a_request_without_cookie_change_nothing(arena: _Arena, client: TestClient) -> None:
    assert client.post("/quick/vote", data={"battle": "b1", "outcome": "best"}).status_code == 409
    client.cookies.clear()
    answer = client.post("/quick/next", data={})
    assert answer.status_code == 400
    assert EN("error_no_cookie") in answer.text
    assert arena.asked == []


def test_the_end_of_a_round_has_its_picture_and_nothing_else_has(arena: _Arena, client: TestClient) -> None:
    arena.round = RoundView(VOTED, Round(10, (WON,) * 4), n_left=3, n_seen=4)
    assert client.get("/quick.svg").status_code == 404
    arena.round = RoundView(VOTED, Round(10, (WON,) * 5), n_left=3, n_seen=5)
    text = client.get("/quick").text
    assert EN("quick_winner", model="Wren &lt;Sol&gt;") in text
    assert EN("quick_again") in text
    assert 'src="./quick.svg?' in text
    picture = client.get("/quick.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["cache-control"] == "no-store"
    told = " ".join(ElementTree.fromstring(picture.text).itertext())
    assert "Wren <Sol>" in told
    assert EN("quick_picture_record", wins=5, losses=0, ties=0) in told


def test_a_visitor_who_has_seen_everything_is_told_so(arena: _Arena, client: TestClient) -> None:
    for screen, judged in ((VOTED, (WON,)), (None, ())):
        arena.round = RoundView(screen, Round(10, judged), n_left=0, n_seen=1)
        text = client.get("/quick").text
        assert EN("quick_seen_all", n=1) in text
        assert 'id="next"' not in text


@pytest.mark.parametrize(
    ("lack", "line"),
    [
        (Lack(0, 0), EN("quick_none")),
        (Lack(7, 0), EN("quick_lack_zero")),
        (Lack(7, 1), EN("quick_lack_one")),
        (Lack(7, 2), EN("quick_lack")),
    ],
)
def test_a_deck_without_enough_answers_says_what_is_missing(
    arena: _Arena, client: TestClient, lack: Lack, line: str
) -> None:
    arena.round = RoundView(None, Round(10), n_left=0, n_seen=0, lack=lack)
    assert line in client.get("/quick").text


def test_the_picture_has_the_first_places_whole_and_both_colours() -> None:
    judged = tuple(Judged(f"Model {n}", f"Other {n}", Outcome.A) for n in range(5))
    named = replace(judged[0], model_a="A name that is much too long for one line of it")
    drawn = podium.picture(Round(10, (named, *judged[1:])), "Arena", EN, "system")
    told = list(ElementTree.fromstring(drawn).itertext())
    assert "A name that is much too long …" in told
    assert EN("quick_picture_more", n=5) in " ".join(told)
    assert "prefers-color-scheme" in drawn
    assert "prefers-color-scheme" not in podium.picture(Round(10, judged), "Arena", EN, "dark")


CAMPAIGN = ReviewView("Which <sums>?", "judging", 12, 80, WAITING)


def test_a_campaign_shows_progress_and_no_name_before_its_end(arena: _Arena, client: TestClient) -> None:
    arena.review = CAMPAIGN
    text = client.get("/quick?campaign=tok").text
    assert EN("campaign_progress", n_done=12, n=80) in text
    assert "Which &lt;sums&gt;?" in text
    assert '<input type="hidden" name="campaign" value="tok">' in text
    assert 'href="./quick?campaign=tok&amp;lang=ko"' in text
    assert not re.search("Wren|Moss", text)


def test_a_finished_campaign_lists_the_voters_own_votes_with_names(arena: _Arena, client: TestClient) -> None:
    judgements = (
        Judgement("One <p>", NAMES, Outcome.B, 1, 2),
        Judgement("Two", NAMES, Outcome.TIE, 0, 2),
        Judgement("Three", NAMES, Outcome.BOTH_BAD, 0, 0),
    )
    arena.review = replace(
        CAMPAIGN,
        state="finished",
        n_done=3,
        n_pairs=3,
        screen=None,
        judgements=judgements,
        agreement=Agreement(1, 4, 2),
    )
    text = client.get("/quick?campaign=tok").text
    assert "Moss &amp; Tarn better than Wren &lt;Sol&gt;" in text
    assert plain(EN("campaign_agreement", percent=25, n_same=1, n_votes=4, n_voters=2)) in text
    assert "<td>1 of 2</td>" in text
    arena.review = replace(arena.review, agreement=Agreement(0, 0, 0))
    assert EN("campaign_alone") in client.get("/quick?campaign=tok").text


@pytest.mark.parametrize(
    ("state", "line", "has_button"),
    [
        ("start", EN("campaign_leave"), True),
        ("paused", EN("campaign_paused", n_done=12, n=80), True),
        ("full", EN("campaign_full"), False),
        ("closed", EN("campaign_closed", n_done=12), False),
    ],
)
def test_a_campaign_says_where_its_voter_is(
    arena: _Arena, client: TestClient, state: Any, line: str, has_button: bool
) -> None:
    arena.review = replace(CAMPAIGN, state=state, screen=None)
    text = client.get("/quick?campaign=tok").text
    assert line in text
    assert ('id="next"' in text) is has_button


def test_an_unknown_campaign_is_not_found(client: TestClient) -> None:
    answer = client.get("/quick?campaign=nothing")
    assert answer.status_code == 404
    assert EN("refused_campaign_not_found") in answer.text
