"""What a page shows after the vote: names, numbers and reasoning.

Nothing here is called before the vote is stored. Thoughts are shown as plain characters, never as Markdown.
"""

from arena.service import Reveal, RevealSide, Side
from arena.ui import conversation
from arena.ui.faces import Face
from arena.ui.messages import Messages
from arena.ui.untrusted import plain
from db.outcome import Outcome

_CHOSEN = {Outcome.A: "chosen_a", Outcome.B: "chosen_b", Outcome.TIE: "chosen_tie", Outcome.BOTH_BAD: "chosen_both_bad"}


def head(side: Side, reveal: Reveal, texts: Messages) -> str:
    """Return the pane's header after the vote: name, rating with its change, rank, speed."""
    model = reveal.a if side == "a" else reveal.b
    won = reveal.outcome is (Outcome.A if side == "a" else Outcome.B)
    return (
        f'<div class="head{" is-chosen" if won else ""}">{conversation.letter(side)}'
        f'<strong class="name">{plain(model.model)}</strong> '
        f'<span class="rating">{_rating(model)}</span> '
        f'<span class="rank">{plain(_rank(model, texts))}</span>'
        f'<span class="pace">{plain(_speed(model, texts))}</span></div>'
    )


def result(reveal: Reveal | None, texts: Messages) -> Face:
    """Return the line below the panes: the vote, whether it counts, and the button that withdraws it."""
    if reveal is None:
        return {"result": {"visible": False}, "withdraw": {"visible": False}, "withdraw-timer": {"active": False}}
    if "withdrawn" in reveal.reasons:
        verdict = f'<span class="not-counted">{plain(texts("withdrawn"))}</span>'
    elif reveal.is_counted:
        counted = texts("vote_counted") + (f" {texts('online_replaying')}" if reveal.is_replaying else "")
        verdict = f'<span class="counted">{plain(counted)}</span>'
    else:
        first, *more_reasons = (texts("reason_" + reason) for reason in reveal.reasons)
        why = " ".join([first, *(f"{reason[0].upper()}{reason[1:]}" for reason in more_reasons)])
        verdict = f'<span class="not-counted">{plain(texts("vote_not_counted"))} {plain(why)}</span>'
    can_withdraw = reveal.can_withdraw_s > 0
    return {
        "result": {"visible": True},
        "withdraw": {"visible": can_withdraw},
        "withdraw-timer": {"value": reveal.can_withdraw_s, "active": True} if can_withdraw else {"active": False},
        "reveal": {"value": f'<div class="verdict">{plain(texts(_CHOSEN[reveal.outcome]))} {verdict}</div>'},
    }


def more(model: RevealSide, texts: Messages) -> str:
    """Return the lines below an answer: how the model was asked differently, and its thoughts, folded. One line of
    HTML, because Markdown ends HTML at an empty line."""
    lines = "".join(f'<p class="asked-how">{plain(line)}</p>' for line in _asked_how(model, texts))
    return lines + "".join(_folded(n, thought, model, texts) for n, thought in enumerate(model.thoughts, 1) if thought)


def _rating(model: RevealSide) -> str:
    """Return `1032 (+14)`, in whole points, or nothing if the change is unknown (after a restart, or during
    a replay)."""
    if model.rating_before is None or model.rating_after is None:
        return ""
    return f"{round(model.rating_after)} ({_signed(round(model.rating_after - model.rating_before))})"


def _signed(change: int) -> str:
    return f"+{change}" if change > 0 else f"−{-change}" if change < 0 else "±0"


def _rank(model: RevealSide, texts: Messages) -> str:
    if model.rank is None:
        return texts("rank_none")
    if model.rank_worst is None or model.rank_worst == model.rank:
        return texts("rank_one", rank=model.rank)
    return texts("rank_span", rank=model.rank, worst=model.rank_worst)


def _speed(model: RevealSide, texts: Messages) -> str:
    parts: list[str] = []
    if model.n_tokens is not None:
        parts.append(texts("n_tokens_one") if model.n_tokens == 1 else texts("n_tokens", n=model.n_tokens))
    if model.ttft_ms is not None:
        parts.append(texts("first_token", seconds=model.ttft_ms / 1000))
    if model.tokens_per_s is not None:
        parts.append(texts("speed", speed=model.tokens_per_s))
    return " · ".join(parts)


def _asked_how(model: RevealSide, texts: Messages) -> list[str]:
    lines = []
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
