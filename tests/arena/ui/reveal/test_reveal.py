"""What the page says after the vote: both models, the verdict, and what the visitor can do then."""

import html
from dataclasses import replace

import pytest

from arena.service import Outcome, Reveal, RevealSide, Withdrawal
from arena.ui import reveal as page
from arena.ui.messages import messages
from arena.ui.reveal.numbers import short

EN = messages("en")
SIDE_A = RevealSide(
    "Wren <Sol>",
    1018.4,
    1034.4,
    1,
    3,
    42,
    180.0,
    61.0,
    (),
    (),
    (),
    None,
    "Us",
    "MIT",
    15_200_000,
    1064.4,
    1039.0,
    1090.1,
)
SIDE_B = RevealSide("Moss Tarn", 990.0, 974.0, 4, 4, None, None, None)
COUNTED = Reveal(
    Outcome.A, SIDE_A, SIDE_B, True, (), 60.0, expected_a=0.54, withdrawal=Withdrawal(60.0, 2), share_id="5" * 32
)


def _card(reveal: Reveal) -> str:
    return html.unescape(str(page.faces(reveal, EN)["reveal"]["value"]))


def test_the_card_has_who_made_a_model_and_how_it_did() -> None:
    card = _card(COUNTED)
    assert "Wren <Sol>" in card
    assert "Us · MIT · 15.2M parameters" in card
    assert "online rating 1034 <b>(+16)</b>" in card
    assert "rank 1–3 · rating 1064 (1039–1090)" in card
    assert "42 tokens · first token after 0.2 s · 61 tokens/s" in card
    assert "You chose A." in card
    assert "Your vote counts." in card
    assert "None" not in card


def test_a_card_without_numbers_leaves_them_out() -> None:
    unknown = replace(SIDE_B, rating_before=None, rating_after=None, rank=None, rank_worst=None)
    card = _card(replace(COUNTED, a=unknown, b=unknown, expected_a=None))
    assert "None" not in card
    assert "online" not in card
    assert card.count("no rank yet") == 2
    assert "no rank yet" not in _card(replace(COUNTED, a=unknown, b=unknown, has_board=False))
    assert "from before your vote" in _card(replace(COUNTED, is_board_older=True))


@pytest.mark.parametrize(
    ("expected_a", "outcome", "line"),
    [
        (0.71, Outcome.A, "As expected: the ratings gave A a 71% chance to win."),
        (0.71, Outcome.B, "An upset: the ratings gave A a 71% chance to win."),
        (0.29, Outcome.B, "As expected: the ratings gave B a 71% chance to win."),
        (0.29, Outcome.A, "An upset: the ratings gave B a 71% chance to win."),
        (0.48, Outcome.A, "An even match: the ratings gave B a 52% chance to win."),
        (0.71, Outcome.TIE, "The ratings gave A a 71% chance to win, so B gains."),
        (0.29, Outcome.BOTH_BAD, "The ratings gave B a 71% chance to win, so A gains."),
        (0.5, Outcome.TIE, "This is half a win for each, as the ratings expected."),
    ],
)
def test_one_line_explains_the_change_of_the_ratings(expected_a: float, outcome: Outcome, line: str) -> None:
    assert line in _card(replace(COUNTED, expected_a=expected_a, outcome=outcome))


def test_a_vote_that_moves_no_rating_is_not_explained_but_says_why() -> None:
    leak = replace(COUNTED, is_counted=False, reasons=("identity_leak",))
    assert "Your vote is stored but does not count: an answer named its model." in _card(leak)
    assert "expected" not in _card(leak)
    several = _card(replace(leak, reasons=("failed_side", "no_answer")))
    assert "does not count: one side did not finish its answer. One side's answer is empty." in several
    replaying = replace(COUNTED, expected_a=None, is_replaying=True)
    assert "Your vote counts. The online ratings are being recalculated, so this page cannot" in _card(replaying)


def test_the_page_says_how_many_votes_can_be_withdrawn_or_why_not() -> None:
    face = page.faces(COUNTED, EN)
    assert face["withdraw-row"] == {"visible": True}
    assert face["withdraw-timer"] == {"value": 60.0, "active": True}
    assert "2 withdrawals left" in face["withdraw-note"]["value"]
    none = replace(COUNTED, withdrawal=Withdrawal(60.0, 0, "total", n_total=1, next_at=40))
    face = page.faces(none, EN)
    assert face["withdraw-row"] == {"visible": False}
    assert "withdraw another after 40 votes" in face["withdraw-note"]["value"]
    day = replace(COUNTED, withdrawal=Withdrawal(60.0, 0, "day", n_day=3))
    assert "you have withdrawn 3 within a day" in page.faces(day, EN)["withdraw-note"]["value"]
    withdrawn = replace(COUNTED, is_counted=False, reasons=("withdrawn",), withdrawal=None)
    face = page.faces(withdrawn, EN)
    assert "You withdrew your vote." in face["reveal"]["value"]
    assert (face["withdraw-row"], face["withdraw-note"]) == ({"visible": False}, {"value": ""})
    assert face["withdraw-timer"] == {"active": False}


def test_the_form_for_reasons_never_changes() -> None:
    """Otherwise the page would replace it while somebody writes a comment."""
    withdrawn = replace(COUNTED, is_counted=False, reasons=("withdrawn",), withdrawal=None, is_shared=True)
    assert page.faces(COUNTED, EN)["feedback"] == page.faces(withdrawn, EN)["feedback"]


@pytest.mark.parametrize(
    ("count", "text"), [(999, "999"), (15_200_000, "15.2M"), (7_241_732_096, "7.24B"), (999_999_999, "1B")]
)
def test_a_size_has_three_digits(count: int, text: str) -> None:
    assert short(count) == text
