"""What the battle page shows and when."""

import html
from dataclasses import replace
from typing import Any

import pytest

from arena.service import BattleView, Outcome, Reveal, RevealSide, SharedSettings, Side, SideView, Status, TurnView
from arena.ui import showing
from arena.ui.faces import changes
from arena.ui.markup import GrowingMarkup, Markup
from arena.ui.messages import LANGUAGES, messages

EN = messages("en")
READY = Status(n_models=4, n_ready=4, n_loading=0, n_failed=0, n_votes=3300, n_counted=3214)
SIDE_A = RevealSide("Wren <Sol>", 1018.4, 1034.4, 1, 3, 42, 180.0, 61.0)
SIDE_B = RevealSide("Moss Tarn", 990.0, 974.0, 4, 4, None, None, None)
COUNTED = Reveal(Outcome.A, SIDE_A, SIDE_B, True, (), 60.0)
VOTABLE = BattleView(
    battle_id="b1",
    state="votable",
    turns=(),
    prompt="Reverse the word planet.",
    a=SideView("done", "tenalp"),
    b=SideView("done", "planet"),
    can_send=True,
    can_vote=True,
    can_stop=False,
)
WRITING = replace(VOTABLE, state="open", b=SideView("waiting", ""), can_send=False, can_vote=False, can_stop=True)
VOTED = replace(VOTABLE, state="voted", can_send=False, can_vote=False, reveal=COUNTED)


def test_before_the_first_prompt_there_is_one_thing_to_do() -> None:
    face = showing.idle(READY, EN)
    shown = {element for element, properties in face.items() if properties.get("visible")}
    assert shown == {"intro", "ask", "send", "examples", "so-far"}
    assert "3,214 votes counted so far" in face["so-far"]["value"]


@pytest.mark.parametrize(
    ("n_counted", "line"),
    [(0, "No counted votes yet"), (1, "1 vote counted so far"), (1000, "1,000 votes counted so far")],
)
def test_the_number_of_votes_on_the_board_is_a_sentence(n_counted: int, line: str) -> None:
    assert line in showing.idle(replace(READY, n_counted=n_counted), EN)["so-far"]["value"]


def test_vote_buttons_wait_for_both_sides_and_a_hint_says_so() -> None:
    face = showing.battle(WRITING, EN)
    assert all(face[vote] == {"interactive": False} for vote in showing.VOTES)
    assert face["bar"] == {"visible": True}
    assert face["vote-hint"]["value"] == "You can vote when both answers are in."
    assert face["stop"]["visible"]
    assert not face["send"]["visible"]


def test_when_both_answers_are_in_a_vote_and_another_turn_are_possible() -> None:
    face = showing.battle(VOTABLE, EN)
    assert all(face[vote] == {"interactive": True} for vote in showing.VOTES)
    assert face["send"]["visible"]
    assert not face["stop"]["visible"]
    assert face["done-a"]["value"] == '<p dir="auto">tenalp</p>\n\n'


@pytest.mark.parametrize("view", [WRITING, VOTABLE])
def test_idle_and_battle_set_the_same_elements_so_that_nothing_is_left_over(view: BattleView) -> None:
    parts = ("side", "head", "done", "rest", "retry", "more")
    panes = {f"{part}-{side}" for part in parts for side in "ab"}
    only_battle = panes | set(showing.VOTES) | {"vote-hint", "regenerate", "another"}
    pickers = {"pick-a", "pick-b", "safety"}
    assert set(showing.battle(view, EN)) - only_battle == set(showing.idle(READY, EN)) - pickers
    named = replace(view, kind="named", names=("Wren Sol", "Moss Tarn"))
    assert set(showing.battle(named, EN)) - only_battle == set(showing.idle(READY, EN))


def test_after_the_vote_the_headers_unmask_their_panes() -> None:
    face = showing.battle(VOTED, EN)
    head = face["head-a"]["value"]
    assert "Wren &lt;Sol&gt;" in head
    assert "1034 (+16)" in head
    assert "rank 1–3" in head
    assert "is-chosen" in head
    assert "974 (−16)" in face["head-b"]["value"]
    assert "rank 4" in face["head-b"]["value"]
    assert "is-chosen" not in face["head-b"]["value"]
    assert face["side-b"]["value"] == "B · Moss Tarn"
    assert "You chose A." in face["reveal"]["value"]
    assert "Your vote counts." in face["reveal"]["value"]
    assert face["next"] == {"visible": True, "variant": "primary"}
    assert not face["bar"]["visible"]
    assert not face["ask"]["visible"]


def test_a_reveal_without_numbers_leaves_them_out() -> None:
    unknown = replace(SIDE_B, rating_before=None, rating_after=None, rank=None, rank_worst=None)
    head = showing.battle(replace(VOTED, reveal=replace(COUNTED, b=unknown)), EN)["head-b"]["value"]
    assert "no rank yet" in head
    assert "None" not in head


def test_after_the_vote_thoughts_are_folded_below_the_answer_as_plain_characters() -> None:
    thought = "First <b>\n\n# 2 + 2 ![x](http://h/x.png) $$\\frac{1}{2}$$\n```\n</details>"
    thinking = replace(SIDE_B, thoughts=("", thought, "Then."))
    face = showing.battle(replace(VOTED, reveal=replace(COUNTED, b=thinking)), EN)
    assert face["more-a"] == {"value": "", "visible": False}
    below = face["more-b"]["value"]
    assert face["more-b"]["visible"]
    assert "\n" not in below, "an empty line would end the HTML, and what follows would be read as Markdown"
    assert below.count("<details ") == below.count("</details>") == 2
    assert "open" not in below
    assert "This model&#x27;s reasoning in turn 2" in below
    assert html.unescape(below.split("<div>")[1].split("</div>")[0].replace("<br>", "\n")) == thought
    one = showing.battle(replace(VOTED, reveal=replace(COUNTED, b=replace(SIDE_B, thoughts=("Hm.",)))), EN)
    assert "<summary>This model&#x27;s reasoning</summary><div>Hm.</div>" in one["more-b"]["value"]


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"not_sent": ("temperature",)}, "This model does not accept temperature. The arena left it out."),
        ({"not_sent": ("top_p", "seed")}, "This model does not accept top_p, seed. The arena left them out."),
        ({"sent_otherwise": (("system_role", "user"),)}, "This model does not accept a system message. The arena"),
        (
            {"sent_otherwise": (("max_completion_tokens", "5120"), ("provider", ""))},
            "The arena sent this model max_completion_tokens 5120, provider.",
        ),
    ],
)
def test_after_the_vote_the_page_says_how_a_model_was_asked_differently(asked: dict[str, Any], line: str) -> None:
    face = showing.battle(replace(VOTED, reveal=replace(COUNTED, a=replace(SIDE_A, **asked))), EN)
    assert line in face["more-a"]["value"]
    assert face["more-b"] == {"value": "", "visible": False}


def test_before_the_vote_there_is_nothing_below_an_answer() -> None:
    for view in (WRITING, VOTABLE):
        face = showing.battle(view, EN)
        assert face["more-a"] == face["more-b"] == {"value": "", "visible": False}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_before_the_vote_reveals_more_than_the_view(language: str) -> None:
    """The view contains no name, so its face does not depend on the hidden reveal of the battle."""
    face = str(showing.battle(VOTABLE, messages(language)))
    assert "Wren" not in face
    assert "Moss" not in face


def test_a_failed_side_can_be_tried_again_and_the_page_warns_that_a_vote_would_not_count() -> None:
    broken = SideView("failed", "Half an", can_retry=True, error="side_failed")
    face = showing.battle(replace(VOTABLE, b=broken, notice="wont_count_failed_side"), EN)
    assert face["retry-b"] == {"visible": True}
    assert face["retry-a"] == {"visible": False}
    assert "Half an" in face["done-b"]["value"]
    assert "The answer was interrupted here." in face["rest-b"]["value"]
    assert "interrupted" in face["head-b"]["value"]
    assert "wont-count" in face["vote-hint"]["value"], "the style sheet makes the buttons quiet by this class"
    assert "A vote would not count" in face["vote-hint"]["value"]
    assert face["notice"]["value"] == "", "one box is enough"
    assert face["vote-b"] == {"interactive": True}


def test_an_empty_side_can_be_tried_again_too() -> None:
    empty = SideView("failed", " \n", can_retry=True, error="side_no_answer")
    face = showing.battle(replace(VOTABLE, b=empty, notice="wont_count_no_answer"), EN)
    assert face["retry-b"] == {"visible": True}
    assert "no answer" in face["head-b"]["value"]
    assert "one side's answer is empty. Try that side again." in html.unescape(face["vote-hint"]["value"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_identical_answers_neither_can_be_called_better(language: str) -> None:
    view = replace(VOTABLE, is_tie_only=True, notice="identical_answers")
    face = showing.battle(view, messages(language))
    assert [face[vote]["interactive"] for vote in showing.VOTES] == [False, True, True, False]
    assert messages(language)("notice_identical_answers") in html.unescape(face["vote-hint"]["value"])
    assert "wont-count" not in face["vote-hint"]["value"], "a tie counts"
    assert face["notice"]["value"] == ""


def test_the_page_does_not_offer_to_retry_a_side_that_cannot_be_retried() -> None:
    broken = SideView("failed", "", error="side_too_long")
    hint = showing.battle(replace(VOTABLE, b=broken, notice="wont_count_failed_side"), EN)["vote-hint"]["value"]
    assert "A vote would not count" in hint
    assert "Try that side again" not in hint


@pytest.mark.parametrize(
    ("side", "line"),
    [
        (SideView("failed", "", error="side_failed"), "This model is not responding."),
        (SideView("failed", "", error="side_too_long"), "This conversation is too long for this model."),
        (SideView("failed", "  ", error="side_no_answer"), "This model returned an empty answer."),
        (SideView("failed", "\u200b\u3164", error="side_no_answer"), "This model returned an empty answer."),
    ],
)
def test_a_side_without_an_answer_says_so(side: SideView, line: str) -> None:
    assert line in showing.battle(replace(VOTABLE, a=side), EN)["rest-a"]["value"]


def test_an_answer_cut_at_the_token_limit_is_marked() -> None:
    face = showing.battle(replace(VOTABLE, a=SideView("done", "and so", is_cut=True)), EN)
    assert "cut at the length limit" in face["head-a"]["value"]


def test_earlier_turns_are_above_and_cannot_swallow_the_text_below() -> None:
    earlier = TurnView("Say <b>", "```\ncode", "fine")
    face = showing.battle(replace(VOTABLE, turns=(earlier, replace(earlier, prompt="Again"))), EN)
    first, second = face["history"]["value"].split('<section class="turn" ')[1:]
    assert first.startswith('title="Turn 1">')
    assert 'dir="auto">Say &lt;b&gt;</div>' in first
    a, b = first.split('<div class="side is-')[1:]
    assert a.startswith("a")
    assert a.endswith("<code>code</code></pre></div>\n\n\n\n</div></div>")
    assert b.startswith("b")
    assert '<p dir="auto">fine</p>' in b
    assert "Again" in second
    assert face["done-a"]["value"] == '<p dir="auto">tenalp</p>\n\n'
    assert showing.battle(VOTABLE, EN)["history"]["value"] == ""


def test_after_five_seconds_of_silence_both_sides_count_them() -> None:
    waiting = replace(WRITING, a=SideView("waiting", ""), b=SideView("waiting", ""), waited_s=4.9)
    assert 'is-waiting">waiting<' in showing.battle(waiting, EN)["head-a"]["value"]
    face = showing.battle(replace(waiting, waited_s=12.4), EN)
    assert all(">still waiting (12 s)<" in face[f"head-{side}"]["value"] for side in "ab")
    assert face["side-b"]["value"] == "B · still waiting (12 s)"
    thinking = replace(waiting, a=SideView("thinking", ""), b=SideView("thinking", ""), waited_s=24.0)
    assert ">thinking (24 s)<" in showing.battle(thinking, EN)["head-b"]["value"]
    queued = showing.battle(replace(waiting, waited_s=12.4, queue_place=3), EN)
    assert ">place 3 in the queue (12 s)<" in queued["head-a"]["value"]


def test_while_one_side_is_asked_again_the_other_keeps_its_end() -> None:
    face = showing.battle(replace(WRITING, a=SideView("done", "x"), waited_s=9.0), EN)
    assert ">done<" in face["head-a"]["value"]
    assert ">still waiting (9 s)<" in face["head-b"]["value"]


def test_the_settings_of_the_arena_can_be_seen_before_the_vote() -> None:
    settings = SharedSettings("Be <brief>.", True, 0.7, 1.0, 1024, "equal")
    folded = showing.battle(replace(VOTABLE, settings=settings), EN)["settings"]["value"]
    assert folded.startswith('<details class="settings">')
    for cell in ("Be &lt;brief&gt;.", "0.7", "1,024", "on", "both at the pace of the slower model"):
        assert f"<dd>{cell}</dd>" in folded


def test_named_models_have_their_names_in_the_heads_and_the_page_says_that_a_vote_does_not_count() -> None:
    named = replace(VOTABLE, kind="named", names=("Wren <Sol>", "Moss Tarn"), notice="wont_count_named")
    face = showing.battle(named, EN)
    assert "Wren &lt;Sol&gt;</strong>" in face["head-a"]["value"]
    assert "does not count" in face["vote-hint"]["value"]
    assert face["pick-b"] == {"interactive": False, "value": "Moss Tarn"}
    assert "will not count" in showing.battle(replace(named, state="open", can_vote=False), EN)["vote-hint"]["value"]


def test_a_chat_has_one_side_and_no_letter() -> None:
    chat = replace(VOTABLE, kind="chat", b=None, names=("Wren Sol",), can_vote=False)
    face = showing.battle(replace(chat, turns=(TurnView("Hi", "Hello.", None),)), EN)
    assert "letter" not in face["head-a"]["value"]
    assert "head-b" not in face
    assert "is-b" not in face["history"]["value"]


def test_a_side_that_failed_says_in_the_prompt_box_why_nothing_can_be_sent() -> None:
    broken = SideView("failed", "", can_retry=True, error="side_failed")
    face = showing.battle(replace(VOTABLE, b=broken, can_send=False), EN)
    assert face["prompt"]["placeholder"] == "Try the failed side again first"
    assert face["send"] == {"visible": True, "interactive": False}
    assert face["ask"] == {"visible": True}, "the buttons beside it keep their places"


def test_a_void_battle_offers_only_the_next_one() -> None:
    face = showing.battle(replace(VOTABLE, state="void", can_send=False, can_vote=False, notice="abandoned"), EN)
    assert not face["bar"]["visible"]
    assert not face["ask"]["visible"]
    assert face["next"]["variant"] == "primary"
    assert "no page was open" in face["notice"]["value"]


def test_a_growing_answer_changes_only_its_own_elements() -> None:
    before, after = showing.battle(WRITING, EN), showing.battle(replace(WRITING, b=SideView("writing", "pl")), EN)
    assert set(changes(before, after)) == {"side-b", "head-b", "done-b"}


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (replace(READY, n_ready=1, n_loading=3), "At present 1 of 4 is ready"),
        (replace(READY, n_ready=1), "It will be sent when another model is back"),
    ],
)
def test_the_page_says_what_a_prompt_waits_for_and_lets_the_visitor_cancel(status: Status, line: str) -> None:
    face = showing.held("Hello", status, EN)
    assert face["prompt"] == {"value": "Hello", "interactive": False}
    assert face["cancel"] == {"visible": True}
    assert line in face["status"]["value"]
    assert face["notice"]["value"] == ""
    assert not face["send"]["visible"]
    back = showing.let_go(status, EN)
    assert back["prompt"] == {"interactive": True}, "its text stays"
    assert back["send"]["visible"]
    assert not back["cancel"]["visible"]
    assert back["status-timer"] == {"active": True}


def test_a_battle_resets_everything_that_a_waiting_prompt_changed() -> None:
    after = showing.sent() | showing.battle(WRITING, EN)
    waiting = showing.held("Hello", READY, EN)
    assert set(waiting) <= set(after)
    assert after["prompt"]["interactive"]
    assert not after["cancel"]["visible"]


def test_an_unfinished_answer_is_in_two_pieces() -> None:
    view = replace(WRITING, a=SideView("writing", "# Title\n\nSome **wor"))
    answers: dict[Side, Markup] = {"a": GrowingMarkup().show(view.a.text), "b": Markup("", "")}
    face = showing.battle(view, EN, answers)
    assert [face[element]["value"] for element in showing.GROWING] == [
        "",
        '<h3 dir="auto">Title</h3>\n\n',
        '<p dir="auto">Some **wor',
        "",
        "",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_withheld_answer_shows_a_sentence_and_how_to_go_on(language: str) -> None:
    texts = messages(language)
    withheld = SideView("failed", "", error="side_withheld")
    face = showing.battle(replace(VOTABLE, a=withheld, notice="wont_count_flagged", can_send=False), texts)
    assert face["rest-a"]["value"] == f'<div class="aside">{texts("side_error_side_withheld")}</div>'
    assert texts("side_withheld") in face["head-a"]["value"]
    assert texts("notice_wont_count_flagged") in face["vote-hint"]["value"]
    assert not face["retry-a"]["visible"]
    assert face["vote-a"]["interactive"]


@pytest.mark.parametrize("category", ["illegal", "hateful", "unqualified"])
def test_a_warning_stands_below_the_prompt_and_the_ended_answer_and_names_no_model(category: str) -> None:
    warned = SideView("done", "tenalp", warning=category)
    face = showing.battle(replace(VOTABLE, a=warned, prompt_warning=category), EN)
    assert f'<p class="aside warned">{EN(f"warned_answer_{category}")}</p>' in face["rest-a"]["value"]
    assert "warned" not in face["rest-b"]["value"]
    assert EN(f"warned_prompt_{category}") in face["asked"]["value"]
    early = showing.battle(replace(WRITING, a=replace(warned, state="writing")), EN)
    assert "warned" not in early["rest-a"]["value"]
