"""The conversation as HTML: prompts, answers that grow, and earlier turns.

The earlier turns are one text, with a grid of two sides for each, which changes only when a turn begins. `Answers`
reads each answer once, however many pages show it.
"""

from collections.abc import Mapping
from functools import lru_cache

from arena.service import BattleView, SharedSettings, Side, SideView, TurnView
from arena.ui.faces import Face
from arena.ui.markup import GrowingMarkup, Markup, whole
from arena.ui.messages import Messages, messages
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


def letter(side: Side) -> str:
    """Return the letter at the start of a side's head."""
    return f'<h2 class="letter">{side.upper()}</h2>'


def asked(prompt: str, texts: Messages, *, warning: str | None = None) -> str:
    """Return a prompt, in one line. `follow.js` folds a long one, and then shows its handle. `warning`: the category
    that a moderator found."""
    return (
        f'<div class="asked"><span class="who">{plain(texts("you_asked"))}</span>'
        f'<div class="text" dir="auto">{plain(prompt)}</div>'
        f'<button class="fold" title="{plain(texts("fold"))}">{plain(texts("unfold"))}</button></div>'
    ) + _warning("prompt", warning, texts)


def history(view: BattleView, texts: Messages) -> str:
    """Return the earlier turns, the first one at the top."""
    return _history(view.turns, texts.language) if view.turns else ""


@lru_cache(maxsize=64)
def _history(turns: tuple[TurnView, ...], language: str) -> str:
    texts = messages(language)
    return "\n\n".join(_earlier(number, turn, texts) for number, turn in enumerate(turns, 1))


def _earlier(number: int, turn: TurnView, texts: Messages) -> str:
    """Return turn `number`. Empty lines end a block of HTML in Markdown, so each answer is read as its own blocks."""
    sides = _side("a", turn.answer_a) + ("" if turn.answer_b is None else _side("b", turn.answer_b))
    title = plain(texts("earlier_turn", n=number))
    return f'<section class="turn" title="{title}">{asked(turn.prompt, texts)}<div class="pair">{sides}</div></section>'


def _side(side: Side, text: str) -> str:
    answer = f'<div class="answer">\n\n{read_whole(text)}\n\n</div>'
    return f'<div class="side is-{side}"><div class="head">{letter(side)}</div>{answer}</div>'


def settings(given: SharedSettings | None, texts: Messages, *, is_chat: bool) -> str:
    """Return what all sides are asked with, folded; all of it is the arena's own, so nothing here names a model."""
    if given is None:
        return ""
    rows = {
        "setting_system_prompt": given.system_prompt or texts("setting_none"),
        "setting_guardrails": texts("setting_on" if given.has_guardrails else "setting_off"),
        "setting_temperature": f"{given.temperature:g}",
        "setting_top_p": f"{given.top_p:g}",
        "setting_max_tokens": f"{given.max_tokens:,}",
        "setting_pace": texts(f"setting_pace_{given.pace}") if texts.has(f"setting_pace_{given.pace}") else given.pace,
    }
    cells = "".join(f"<dt>{plain(texts(key))}</dt><dd>{plain(text)}</dd>" for key, text in rows.items())
    title = plain(texts("settings_one" if is_chat else "settings_both"))
    return f'<details class="settings"><summary>{title}</summary><dl>{cells}</dl></details>'


def answer(side: Side, shown: SideView, markup: Markup, texts: Messages) -> Face:
    """Return the two elements of an answer: its text, then why it failed, if it did, and a moderator's warning."""
    if shown.error == "side_no_answer":  # nothing of it is visible
        return {f"done-{side}": {"value": ""}, f"rest-{side}": {"value": _failure(shown, texts)}}
    rest = markup.rest or _failure(shown, texts)
    if shown.state in _ENDED and shown.warning is not None:
        rest += _warning("answer", shown.warning, texts)
    return {f"done-{side}": {"value": markup.done}, f"rest-{side}": {"value": rest}}


def _warning(subject: str, category: str | None, texts: Messages) -> str:
    return "" if category is None else f'<p class="aside warned">{plain(texts(f"warned_{subject}_{category}"))}</p>'


def _failure(shown: SideView, texts: Messages) -> str:
    return f'<div class="aside">{plain(failure(shown, texts))}</div>' if shown.state == "failed" else ""


def failure(shown: SideView, texts: Messages) -> str:
    """Return why a failed side has no answer, or only a part of one."""
    key = f"side_error_{shown.error or 'side_failed'}"
    return texts(key + "_partly" if shown.text.strip() and texts.has(key + "_partly") else key)
