"""The conversation as HTML: prompts, answers that grow, and earlier turns.

`Answers` reads each answer once, however many pages show it.
"""

from collections.abc import Mapping
from functools import lru_cache

from arena.service import BattleView, Side, SideView, TurnView
from arena.ui.faces import Face
from arena.ui.markup import GrowingMarkup, Markup, whole
from arena.ui.messages import Messages
from arena.ui.untrusted import plain

MAX_ANSWERS = 1000
_ENDED = ("done", "stopped", "failed")


class Answers:
    """The answers that pages asked for last, at most `max_answers`."""

    def __init__(self, max_answers: int = MAX_ANSWERS) -> None:
        self._max_answers = max_answers
        self._growing: dict[tuple[str, Side], GrowingMarkup] = {}

    def of(self, view: BattleView) -> Mapping[Side, Markup]:
        """Return both answers of the current turn."""
        return {side: self._read(view.battle_id, side, shown) for side, shown in view.sides.items()}

    def _read(self, battle_id: str, side: Side, answer: SideView) -> Markup:
        return self._find(battle_id, side).show(answer.text, is_whole=answer.state in _ENDED)

    def _find(self, battle_id: str, side: Side) -> GrowingMarkup:
        growing = self._growing.pop((battle_id, side), None) or GrowingMarkup()
        self._growing[battle_id, side] = growing  # move it to the end
        if len(self._growing) > self._max_answers:
            del self._growing[next(iter(self._growing))]
        return growing


read_whole = lru_cache(maxsize=500)(whole)
"""Return a finished answer as HTML; the last 500 are cached."""


def asked(prompt: str, texts: Messages) -> str:
    """Return the current prompt."""
    return f'<div class="asked"><span class="who">{plain(texts("you_asked"))}</span> <span>{plain(prompt)}</span></div>'


def earlier(number: int, turn: TurnView, side: Side, texts: Messages) -> str:
    """Return turn `number`: its prompt and one side's answer."""
    answer = turn.answer_a if side == "a" else turn.answer_b
    prompt = f'<span class="who">{plain(texts("earlier_turn", n=number))}</span> <span>{plain(turn.prompt)}</span>'
    return f'<div class="earlier">{prompt}</div>\n\n{read_whole(answer or "")}'


def answer(side: Side, shown: SideView, markup: Markup, texts: Messages) -> Face:
    """Return the two elements of an answer: its text, then why it failed, if it did."""
    if shown.error == "side_no_answer":  # nothing of it is visible
        return {f"done-{side}": {"value": ""}, f"rest-{side}": {"value": _failure(shown, texts)}}
    return {f"done-{side}": {"value": markup.done}, f"rest-{side}": {"value": markup.rest or _failure(shown, texts)}}


def _failure(shown: SideView, texts: Messages) -> str:
    if shown.state != "failed":
        return ""
    key = f"side_error_{shown.error or 'side_failed'}"
    if shown.text.strip() and texts.has(key + "_partly"):
        key += "_partly"
    return f'<div class="aside">{plain(texts(key))}</div>'
