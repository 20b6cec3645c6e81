"""The owner's page over HTTP, with scripted use cases behind it."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from arena.players.events import Finish, Unreachable
from arena.players.inspection.causes import CAUSES
from arena.players.inspection.transcript import Exchanged
from arena.players.inspection.trying import Answer, Tried
from arena.players.watching.activity import Failure, Summary
from arena.service import Refusal
from arena.service.owner.overview import Overview, OwnedBattle, OwnedModel, Reloaded, Window
from arena.settings import load
from arena.settings.changes import Change
from arena.ui.messages import LANGUAGES, messages
from arena.ui.plain.owner import OwnerPages
from db.codes import BattleKind, Reason, State
from db.outcome import Outcome

NOW = 1_700_000_000.0
HOSTILE = '<b onclick="x">\'&'
ESCAPED = "&lt;b onclick=&quot;x&quot;&gt;&#x27;&amp;"
READY = OwnedModel(
    "Wren Sol",
    "ready",
    2,
    Summary(33, 32, 1234.0, 31.25),
    Failure(NOW - 60, "wrong_key", "h.example: status 401"),
    Window(12, 10, {"identity_leak": 2}),
    Window(1234, 1000, {"rate_limited": 5}),
)
OVERVIEW = Overview((READY,), (), 1000, 990, None, NOW)
FINISH = Finish("stop", 7, 2, None, ttft_ms=1200.0, duration_ms=2500.0)
EXCHANGED = Exchanged("POST http://h/v1", (("authorization", "•••"),), '{"seed": 1}', 200, (), "data: {}", False, 5.0)


class FakeOwner:
    """Shows `shown`; `done` are the calls that change something."""

    def __init__(self, shown: Overview | Refusal = OVERVIEW, tried: Tried | None = None) -> None:
        self.shown = shown
        self.tried = tried
        self.done: list[tuple[str, ...]] = []

    async def overview(self) -> Overview:
        if isinstance(self.shown, Refusal):
            raise self.shown
        return self.shown

    async def retire(self, name: str) -> None:
        self._change("retire", name)

    async def bring_back(self, name: str) -> None:
        self._change("bring_back", name)

    async def reload(self) -> None:
        self._change("reload")

    async def try_out(self, name: str, prompt: str) -> Tried:
        self._change("try", name, prompt)
        assert self.tried is not None
        return self.tried

    def _change(self, *call: str) -> None:
        if "Nobody" in call:
            raise Refusal("no_model")
        self.done.append(call)


def browser(owner: FakeOwner) -> TestClient:
    settings = load({"arena": {"title": HOSTILE}}, {})
    pages = OwnerPages(owner, settings)  # type: ignore[arg-type]
    return TestClient(Starlette(routes=pages.routes), follow_redirects=False)


def shown(overview: Overview, language: str = "en") -> str:
    return browser(FakeOwner(overview)).get("/", params={"lang": language}).text


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)).split())


def test_the_page_shows_what_each_model_does() -> None:
    text = text_of(shown(OVERVIEW))
    for part in (
        "Models ready 1 of 1",
        "Answers being written 2",
        "1,000, 990 counted",
        "Wren Sol ready Try Retire",
        "Complete answers 97% of 33",
        "First token 1.2 s",
        "Speed 31.2 tokens/s",
        "Battles 12 1,234 Votes 10 1,000 Not counted named their model 2 too fast or too often 5",
        "Last error , 22:12:20 UTC: Its server does not accept the key. Check the variable that api_key_env names."
        " h.example: status 401",
        "No battle has been opened yet.",
    ):
        assert part in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_reason_and_cause_has_words_in_both_languages(language: str) -> None:
    everything = {reason.label: 1 for reason in Reason}
    states: list[Any] = ["ready", "loading", "down", "failed", "retired", "inactive"]
    many = [replace(READY, name=state, state=state, day=Window(1, 1, everything)) for state in states]
    many += [replace(READY, name=cause, failure=Failure(NOW, cause, "x")) for cause in CAUSES]
    many.append(replace(READY, name="new", summary=None, failure=None, day=Window(), week=Window()))
    battles = [
        OwnedBattle(NOW, kind.label, state.label, "A", None if kind is BattleKind.CHAT else "B", outcome, ("named",))
        for kind in BattleKind
        for state in State
        for outcome in (*(one.label for one in Outcome), None)
    ]
    page = shown(replace(OVERVIEW, models=tuple(many), battles=tuple(battles)), language)
    assert f'<html lang="{language}">' in page
    assert text_of(page).count(messages(language)("owner_state_inactive")) == 1


def test_names_and_errors_cannot_add_markup() -> None:
    model = replace(READY, name=HOSTILE, failure=Failure(NOW, "broken", HOSTILE))
    battle = OwnedBattle(NOW, "battle", "voted", HOSTILE, HOSTILE, "a", ())
    changed = Change(HOSTILE, HOSTILE, HOSTILE)
    reloaded = Reloaded(NOW, None, (changed,), ())
    for page in (
        shown(replace(OVERVIEW, models=(model,), battles=(battle,), reloaded=reloaded)),
        shown(replace(OVERVIEW, reloaded=Reloaded(NOW, error=HOSTILE))),
        browser(FakeOwner()).get("/try", params={"name": HOSTILE}).text,
    ):
        assert "<b " not in page
        assert ESCAPED in page


def test_a_reload_is_shown_with_what_changed_and_what_needs_a_restart() -> None:
    reloaded = Reloaded(
        NOW,
        None,
        (
            Change("[battle] max_tokens", "1024", "7"),
            Change("[[models]] 'New'", "", "in the file"),
            Change("[[models]] 'Gone'", "in the file", ""),
            Change("[[models]] 'm' licence", "MIT", ""),
            Change("[[models]] 'm' family", "", "Bird"),
        ),
        (Change("[web] port", "1", "2"),),
    )
    text = text_of(shown(replace(OVERVIEW, reloaded=reloaded)))
    assert "The file was read at 22:13:20 UTC. Changed now [battle] max_tokens: 1024 → 7" in text
    assert "[[models]] 'New' is new [[models]] 'Gone' is no longer in the file" in text
    assert "licence is no longer set (was MIT)" in text
    assert "family = Bird Needs a restart [web] port: 1 → 2" in text
    failed = text_of(shown(replace(OVERVIEW, reloaded=Reloaded(NOW, error="arena.toml: no"))))
    assert "Nothing was changed: the file has a mistake. arena.toml: no" in failed
    assert "Nothing is different." in text_of(shown(replace(OVERVIEW, reloaded=Reloaded(NOW))))


def test_forms_change_something_and_lead_back() -> None:
    owner = FakeOwner()
    page = browser(owner)
    for action, fields, target in (
        ("/retire", {"name": "Wren Sol"}, "./"),
        ("/bring-back", {"name": "Wren Sol"}, "./"),
        ("/reload", {}, "./#settings"),
    ):
        answer = page.post(action, data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, target)
        assert page.get(action).status_code == 405  # a link never changes anything
    assert owner.done == [("retire", "Wren Sol"), ("bring_back", "Wren Sol"), ("reload",)]
    for action in ("/retire", "/bring-back"):
        assert page.post(action, data={"name": "Nobody"}).status_code == 404
    page.post("/retire", content="name=Wren+Sol&" * 50)  # no form of ours: it names no model
    assert owner.done[-1] == ("retire", "")
    assert browser(FakeOwner(Refusal("not_stored"))).get("/").status_code == 503


def test_a_try_shows_the_answer_and_what_was_sent_and_received() -> None:
    answer = Answer("Four & more", "Hm.", FINISH, None)
    owner = FakeOwner(tried=Tried(answer, (EXCHANGED, replace(EXCHANGED, status=None)), ('omit = ["seed"]',)))
    page = browser(owner).post("/try", data={"name": "Wren Sol", "prompt": " 2 + 2? "}).text
    text = text_of(page)
    assert owner.done == [("try", "Wren Sol", "2 + 2?")]
    for part in (
        "Reasoning Hm. Answer Four & more First token after 1.2 s, complete after 2.5 s.",
        'omit = ["seed"]',
        "Request 1, as sent POST http://h/v1 authorization: •••",
        "Response 1, as received: 200 data: {}",
        "Response 2: none",
    ):
        assert part in text
    failed = Answer("", "", None, Unreachable("h: ConnectError"))
    text = text_of(browser(FakeOwner(tried=Tried(failed, (), ()))).post("/try", data={"name": "x", "prompt": "y"}).text)
    assert "It cannot be reached. Start its server, or correct base_url. h: ConnectError" in text


def test_a_try_without_a_prompt_or_with_a_model_that_is_not_there_says_so() -> None:
    empty = browser(FakeOwner()).post("/try", data={"name": "Wren Sol", "prompt": " "})
    assert (empty.status_code, "The prompt is empty." in empty.text) == (400, True)
    nobody = browser(FakeOwner()).post("/try", data={"name": "Nobody", "prompt": "Hi"})
    assert (nobody.status_code, "This model is not in the arena" in nobody.text) == (404, True)


def test_the_page_says_when_all_models_that_are_ready_are_of_one_family() -> None:
    assert "No battle can be drawn" not in shown(OVERVIEW)
    assert 'all models that are ready belong to one family, and same_family is "never"' in text_of(
        shown(replace(OVERVIEW, is_one_family=True))
    )


def test_the_renewed_part_is_the_same_as_in_the_page() -> None:
    page = browser(FakeOwner())
    assert page.get("/figures").text in page.get("/").text
    assert page.get("/owner.js").headers["content-type"].startswith("text/javascript")


def test_the_sentences_of_this_page_are_not_sent_to_visitors() -> None:
    from arena.ui.widgets import browser_sentences

    sentences = browser_sentences()
    assert not [key for key in sentences["en"] if key.startswith("owner_")]
