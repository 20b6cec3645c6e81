"""The names in the heads of the panes, and what is below each answer.

Thoughts are shown as plain characters, never as Markdown.
"""

from html import escape

from arena.service import Reveal, RevealSide, Side
from arena.ui.conversation import letter
from arena.ui.links import link, model_address
from arena.ui.messages import Messages
from arena.ui.reveal import numbers
from arena.ui.untrusted import plain
from db.outcome import Outcome


def head(side: Side, reveal: Reveal, texts: Messages) -> str:
    """Return the pane's header after the vote: name, online rating with its change, rank."""
    model = reveal.a if side == "a" else reveal.b
    rating, change = numbers.online(model)
    moved = f"{rating} ({change})" if rating else ""
    rank = numbers.rank(model, texts) if reveal.has_board else ""
    page = escape(link(model_address(model.model)))
    return (
        f'<div class="head{" is-chosen" if is_chosen(side, reveal) else ""}">'
        f'{letter(side)}<strong class="name"><a href="{page}">{plain(model.model)}</a></strong> '
        f'<span class="rating">{moved}</span> <span class="rank">{plain(rank)}</span></div>'
    )


def is_chosen(side: Side, reveal: Reveal) -> bool:
    return reveal.outcome is (Outcome.A if side == "a" else Outcome.B)


def more(model: RevealSide, texts: Messages) -> str:
    """Return the lines below an answer: how the model was asked differently, and its thoughts, folded. One line of
    HTML, because Markdown ends HTML at an empty line."""
    lines = "".join(f'<p class="asked-how">{plain(line)}</p>' for line in _asked_how(model, texts))
    return lines + "".join(_folded(n, thought, model, texts) for n, thought in enumerate(model.thoughts, 1) if thought)


def _asked_how(model: RevealSide, texts: Messages) -> list[str]:
    lines = []
    if model.own_system_prompt:
        lines.append(texts("sent_own_prompt", text=model.own_system_prompt))
    if model.not_sent:
        key = "sent_without_one" if len(model.not_sent) == 1 else "sent_without"
        lines.append(texts(key, names=", ".join(model.not_sent)))
    others = dict(model.sent_otherwise)
    if others.pop("system_role", None) is not None:
        lines.append(texts("sent_system_as_user"))
    if others:
        values = ", ".join(f"{name} {value}".strip() for name, value in others.items())
        lines.append(texts("sent_otherwise", values=values))
    return lines


def _folded(turn: int, thought: str, model: RevealSide, texts: Messages) -> str:
    title = texts("thoughts") if len(model.thoughts) == 1 else texts("thoughts_of_turn", n=turn)
    return f'<details class="thoughts"><summary>{plain(title)}</summary><div>{plain(thought)}</div></details>'
