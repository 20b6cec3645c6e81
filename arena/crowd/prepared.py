"""Judge prepared prompts: quick rounds, and a campaign by its link."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from random import Random

from arena.crowd import questions
from arena.crowd.pages import CrowdError, Visitor
from arena.crowd.voters import Manner, choose

_BATTLE = re.compile(r'name="battle" value="([^"]+)"')
_OUTCOME = re.compile(r'<button id="([\w-]+)" name="outcome" value="([^"]+)"( disabled)?')
_SHOWN = ("quick-prompt", "quick-a", "quick-b")


async def judge(visitor: Visitor, manner: Manner, rng: Random, *, n_screens: int, campaign: str = "") -> int:
    """Judge up to `n_screens` screens, or all that there are; return how many. Raises CrowdError."""
    told = {"campaign": campaign} if campaign else {}
    for n_judged in range(n_screens):
        page = await visitor.form("/quick/next", told)
        battle = _BATTLE.search(page)
        if battle is None:  # everything is judged, or the page says why there is no screen
            return n_judged
        await visitor.form("/quick/vote", {**told, "battle": battle[1], "outcome": _vote(page, manner, rng)})
    return n_screens


def _vote(page: str, manner: Manner, rng: Random) -> str:
    """Return the outcome that the voter's button sends."""
    buttons: Mapping[str, str] = {found[1]: found[2] for found in _OUTCOME.finditer(page) if not found[3]}
    prompt, a, b = (text_of(page, element) for element in _SHOWN)
    question = questions.checked(prompt)
    if question is None:
        button = "vote-tie" if manner == "knowing" else choose(manner, rng, is_a_right=False, is_b_right=False)
    else:
        button = choose(manner, rng, is_a_right=question.is_right(a), is_b_right=question.is_right(b))
    if button not in buttons:
        button = "vote-tie"
    if button not in buttons:
        raise CrowdError("a screen of prepared answers has no button for a tie; is the arena of the same version?")
    return buttons[button]


def text_of(page: str, element: str) -> str:
    """Return the text of the element `text` inside the element with this id."""
    reader = _Reader(element)
    reader.feed(page)
    return reader.text.strip()


class _Reader(HTMLParser):
    def __init__(self, element: str) -> None:
        super().__init__()
        self._element = element
        self._is_inside = self._is_done = False
        self._depth = 0
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._is_inside |= found.get("id") == self._element
        is_text = self._is_inside and not self._is_done and found.get("class") == "text"
        if self._depth and tag in ("br", "div", "li", "p"):
            self.text += "\n"
        if tag == "div" and (self._depth or is_text):
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self._depth:
            self._depth -= 1
            self._is_done = self._depth == 0

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.text += data
