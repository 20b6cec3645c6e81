"""The simulated crowd: what it asks, how it votes, what it reports, and a small one in a running arena."""

import asyncio
from collections import Counter
from random import Random

import httpx
import pytest

from arena.__main__ import main
from arena.crowd import questions
from arena.crowd.pages import CrowdError, Visitor
from arena.crowd.prepared import judge, text_of
from arena.crowd.report import report, wrong_pairs
from arena.crowd.visits import Crowd, Found
from arena.crowd.voters import choose

RIGHT = {
    "What is 17 plus 25?": ("17 + 25 = 30 + 12 = 42.", "17 + 25 makes 42!", "17+25=42", "The sum of 17 and 25 is 42."),
    "Reverse the word planet.": ("p-l-a-n-e-t backwards is tenalp.", "p-l-a-n-e-t: tenalp"),
    "What is the opposite of hot?": ("The opposite of hot is cold.", "Oh, hot! The opposite is cold!"),
    "What is the capital of Japan?": ("Tokyo is the capital of Japan.", "It is Tokyo!"),
}
WRONG = ("", "I have not learned sums yet.", "17 + 25 = 41.", "42 is not my number: 7.", "The opposite of hot is hot.")


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_answer_is_right_in_every_manner_and_a_wrong_one_in_none(text: str) -> None:
    (question,) = {one.text: one for one in _many() if one.text == text}.values()
    assert all(question.is_right(answer) for answer in RIGHT[text])
    assert not any(question.is_right(answer) for answer in WRONG)


def _many() -> list[questions.Question]:
    """Draw questions until each of `RIGHT` is among them."""
    rng, found = Random(1), dict[str, questions.Question]()
    while not RIGHT.keys() <= found.keys():
        question = questions.draw(rng)
        found[question.text] = question
    return list(found.values())


def test_numbers_in_order_are_right_and_others_are_not() -> None:
    question = next(one for one in _many() if one.text.startswith("Sort"))
    numbers = sorted(int(number) for number in question.text.partition(": ")[2].split(", "))
    first, second, third = numbers
    assert question.is_right(f"{first}, {second}, {third}")
    assert question.is_right(f"In order: {first}, {second} and {third}.")
    assert not question.is_right(f"{second}, {first}, {third}")
    assert not question.is_right(f"{first}, {second}, {third}1")


def test_prompts_that_were_not_drawn_here_are_recognised_or_left_alone() -> None:
    for prompt, right in (
        ("Add 64 and 29, please.", "64 and 29 make 93."),
        ("Take 18 away from 53.", "53 - 18 = 35"),
        ("What is 56 divided by 8?", "The quotient is 7."),
        ("What is pepper spelled backwards?", "It is reppep!"),
    ):
        question = questions.checked(prompt)
        assert question is not None
        assert question.is_right(right)
        assert not question.is_right("I do not know.")
    assert questions.checked("Tell me a story about a fox.") is None
    assert questions.checked("What is the opposite of purple?") is None


def test_the_answers_of_a_prepared_screen_are_read_from_its_page() -> None:
    page = (
        '<section id="quick-prompt"><b>Prompt</b><div class="text" dir="auto">2 &lt; 3?</div></section>'
        '<section id="quick-a"><h2>A</h2><div class="text"><p>Yes</p><div>of <b>course</b></div></div></section>'
        '<section id="quick-b"><div class="text"><p>No</p></div></section>'
    )
    read = [text_of(page, element) for element in ("quick-prompt", "quick-a", "quick-b")]
    assert read == ["2 < 3?", "Yes\nof course", "No"]


def test_who_knows_votes_for_the_right_answer_and_others_do_not_look() -> None:
    rng = Random(0)
    known = [choose("knowing", rng, is_a_right=a, is_b_right=b) for a in (True, False) for b in (True, False)]
    assert known == ["vote-tie", "vote-a", "vote-b", "vote-bad"]
    assert choose("left", rng, is_a_right=False, is_b_right=True) == "vote-a"
    assert choose("left", rng, is_a_right=False, is_b_right=False, are_equal=True) == "vote-tie"
    by_chance = Counter(choose("careless", rng, is_a_right=True, is_b_right=False) for _ in range(400))
    assert len(by_chance) == 4
    assert min(by_chance.values()) > 60


def test_only_an_order_that_the_board_is_sure_of_can_be_wrong() -> None:
    def found(**right: int) -> Found:
        rows = [("one", 1, 1, 1100.0), ("two", 2, 3, 1000.0), ("three", 2, 3, 900.0)]
        keys = ("model", "rank", "rank_worst", "rating")
        return Found(
            right=Counter(right),
            answers=Counter(dict.fromkeys(right, 10)),
            verdicts=Counter(counted=10),
            board={"models": [dict(zip(keys, row, strict=True)) for row in rows]},
        )

    assert wrong_pairs(found(one=9, two=3, three=5)) == []
    assert wrong_pairs(found(one=4, two=3, three=5)) == [("one", "three")]
    assert "wrong order: one stands above three" in report(Crowd(found(one=4, two=3, three=5)))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9", "http://127.0.0.1:9 does not answer as an arena does"),
        ("http://[::1", "'http://[::1' is no address of an arena"),
        ("http://127.0.0.1:99999", "give one such as http://127.0.0.1:7860"),
        ("nonsense", "'nonsense' is no address"),
    ],
)
def test_an_address_without_an_arena_is_said(url: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate-crowd", "--url", url, "--battles", "2", "--voters", "1"]) == 1
    assert said in capsys.readouterr().err


def test_a_token_of_no_campaign_is_said() -> None:
    def no_campaign(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/quick/next":
            return httpx.Response(404, json={"battle": None, "html": "<p>No</p>"})
        return httpx.Response(200, json={"components": [], "page": {"": {"components": []}}, "dependencies": []})

    async def scenario() -> None:
        visitor = await Visitor.arrive("http://arena", httpx.MockTransport(no_campaign))
        with pytest.raises(CrowdError, match="no campaign with the token 'x'; give the part of its link"):
            await judge(visitor, "knowing", Random(0), n_screens=1, campaign="x")
        await visitor.leave()

    asyncio.run(scenario())
